// The device of a build with the emulation. SACCADE_CUDA_SEED chooses the order of threads and blocks.
#include <stdlib.h>

#include "../cuda.h"
#include "../host/cuda_device.h"
#include "block.h"
#include "driver.h"

namespace saccade {

std::string cudaMissing() {
  return "";
}

std::string describeCuda() {
  return "emulated on the host";
}

std::unique_ptr<Device> openCuda() {
  if (const char* const text = getenv("SACCADE_CUDA_SEED"))
    emulation::seed(static_cast<uint32_t>(atoi(text)));
  // Nothing is kept, so that all memory is new, and full of NaN.
  return std::make_unique<cuda::CudaDevice>(emulation::createDriver(), 0);
}

}  // namespace saccade
