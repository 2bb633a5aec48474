// Whether CUDA can be used on this machine.
#pragma once
#include <string>

namespace saccade {

// Why there is no CUDA device, or "" if there is one. The driver is asked once a process.
const std::string& cudaMissing();

}  // namespace saccade
