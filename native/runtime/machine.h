// What the machine has: cores and memory, as far as this process may use them.
#pragma once
#include <stdint.h>

#include <string>

namespace saccade {

// Cores this process may run on: its affinity mask, less what a container's quota holds back. At least 1.
int32_t usableCores();

// Bytes that can be allocated without making the system reclaim by force: of the machine or of the container,
// whichever has less. Where the system does not say: the largest number.
int64_t availableMemory();

// The processor's name for people.
std::string cpuName();

}  // namespace saccade
