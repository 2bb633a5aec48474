// Used in a build without the CUDA compiler.
#include "../runtime/error.h"
#include "cuda.h"

namespace saccade {

std::string cudaMissing() {
  return "this build has no CUDA: nvcc was not found when it was built";
}

std::string describeCuda() {
  return "";
}

std::unique_ptr<Device> openCuda() {
  fail("DEVICE_UNAVAILABLE", cudaMissing());
}

}  // namespace saccade
