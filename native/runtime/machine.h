// Cores and memory of the machine that this process may use.
#pragma once
#include <stdint.h>

#include <string>

namespace saccade {

// Cores that this process may use: those of its affinity mask, or fewer if a container has a quota. At
// least 1.
int32_t usableCores();

// Bytes that can be allocated without the system killing processes: of the machine or of the container,
// whichever has less. The largest int64 where the system does not tell.
int64_t availableMemory();

// The processor's model name.
std::string cpuName();

}  // namespace saccade
