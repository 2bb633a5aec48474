// The CUDA runtime is linked statically and looks for the driver at run time, so the same addon loads on
// machines without one: then every call returns an error, whose text is the reason.
#include <cuda_runtime_api.h>

#include "probe.h"

namespace saccade {
namespace {

std::string probe() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess) return cudaGetErrorString(status);
  return count == 0 ? "the driver reports no device" : "";
}

}  // namespace

const std::string& cudaMissing() {
  static const std::string* const reason = new std::string(probe());
  return *reason;
}

}  // namespace saccade
