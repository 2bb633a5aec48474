// CUDA as a device of the runtime. One of three implements this: host/open.cc; absent.cc, in a build without
// nvcc; and emulation/open.cc, which needs no GPU.
#pragma once
#include <memory>
#include <string>

#include "../runtime/device.h"

namespace saccade {

// Why there is no CUDA device, or "" if there is one. The driver is asked once a process.
std::string cudaMissing();

// Its name, compute capability and memory, and the driver's version; "" if there is none.
std::string describeCuda();

// Throws DEVICE_UNAVAILABLE.
std::unique_ptr<Device> openCuda();

}  // namespace saccade
