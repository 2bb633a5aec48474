// The CUDA runtime is linked statically and finds the driver when it runs, so the same addon loads on
// machines without one: then every call returns an error, and its text is the reason.
#include <cuda_runtime_api.h>

#include "probe.h"

namespace saccade {
namespace {

CudaProbe probe() {
  int count = 0;
  cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess) return {true, false, cudaGetErrorString(status), ""};
  if (count == 0) return {true, false, "the driver reports no device", ""};
  cudaDeviceProp properties;
  status = cudaGetDeviceProperties(&properties, 0);
  if (status != cudaSuccess) return {true, false, cudaGetErrorString(status), ""};
  return {true, true, "", properties.name};
}

}  // namespace

const CudaProbe& probeCuda() {
  static const CudaProbe* const result = new CudaProbe(probe());
  return *result;
}

}  // namespace saccade
