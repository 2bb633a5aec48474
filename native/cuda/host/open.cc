// The first GPU of the machine. The CUDA runtime is linked statically and looks for the driver when it runs,
// so the same addon loads on machines without one: then every call returns an error, whose text is the
// reason.
#include <cuda_runtime_api.h>

#include <sstream>
#include <string>

#include "../../runtime/error.h"
#include "../cuda.h"
#include "cuda_device.h"
#include "cuda_driver.h"

namespace saccade {
namespace {

// Of the instructions that kernels use.
constexpr int kMajor = 8;

std::string probe() {
  int count = 0;
  if (const cudaError_t status = cudaGetDeviceCount(&count); status != cudaSuccess)
    return cudaGetErrorString(status);
  if (count == 0) return "the driver reports no device";
  int major = 0, minor = 0;
  cudaError_t status = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0);
  if (status == cudaSuccess) status = cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, 0);
  if (status != cudaSuccess) return cudaGetErrorString(status);
  if (major < kMajor) {
    return "it has compute capability " + std::to_string(major) + "." + std::to_string(minor) +
           ", expected 8.0 or more";
  }
  // Fails if others use the device exclusively.
  status = cudaFree(nullptr);
  return status == cudaSuccess ? "" : cudaGetErrorString(status);
}

}  // namespace

std::string cudaMissing() {
  static const std::string* const reason = new std::string(probe());
  return *reason;
}

std::string describeCuda() {
  cudaDeviceProp device;
  int driver = 0;
  cudaError_t status = cudaGetDeviceProperties(&device, 0);
  if (status == cudaSuccess) status = cudaDriverGetVersion(&driver);
  if (status != cudaSuccess) return cudaGetErrorString(status);
  std::ostringstream text;
  text << device.name << ", compute capability " << device.major << "." << device.minor << ", "
       << device.totalGlobalMem / (size_t{1} << 20) << " MiB, driver for CUDA " << driver / 1000 << "."
       << driver % 1000 / 10;
  return text.str();
}

std::unique_ptr<Device> openCuda() {
  try {
    return std::make_unique<cuda::CudaDevice>(cuda::createCudaDriver());
  } catch (const Error& error) {
    fail("DEVICE_UNAVAILABLE", "device 'cuda' cannot be used: ", error.what());
  }
}

}  // namespace saccade
