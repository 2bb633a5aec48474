#include "devices.h"

#include <memory>
#include <string>

#include "../cpu/device/cpu_device.h"
#include "../cpu/device/isa.h"
#include "../cuda/probe.h"

namespace saccade {
namespace {

std::string nothing() {
  return "";
}

std::unique_ptr<Device> openCpu() {
  return std::make_unique<CpuDevice>(kernels());
}

std::string missingCuda() {
  const CudaProbe& probe = probeCuda();
  return probe.available ? "saccade has no CUDA kernels yet" : probe.reason;
}

}  // namespace

Devices& devices() {
  // Never destroyed: a run may be in flight while the process exits, and nothing may wait for it then.
  static Devices* const instance = new Devices({
      {kHost, nothing, openCpu},
      {"cuda", missingCuda, nullptr},
  });
  return *instance;
}

}  // namespace saccade
