// Cores and memory of the machine that this process may use.
#pragma once
#include <stdint.h>

#include <string>

namespace saccade {

// Cores that this process may use: those of its affinity mask, or fewer if a container has a quota. At
// least 1.
int32_t usableCores();

// Memory of the machine or of the container (cgroup v1 or v2, and the groups around it), whichever has less.
// The largest int64 where the system does not tell. `root` is for tests: the folder that has proc/ and sys/.
struct MachineMemory {
  int64_t capacity;   // bytes that all processes together may use
  int64_t available;  // bytes that can still be allocated without the system killing processes
};
MachineMemory machineMemory(const std::string& root = "");

// How many cores' time the container may use, rounded up; more threads would be throttled. At least 1.
int32_t containerCores(const std::string& root = "");

// The processor's model name.
std::string cpuName();

}  // namespace saccade
