#include "devices.h"

#include <memory>
#include <string>

#include "../cpu/device/cpu_device.h"
#include "../cpu/device/isa.h"
#include "../cuda/cuda.h"
#include "../runtime/machine.h"

namespace saccade {
namespace {

std::string nothing() {
  return "";
}

std::unique_ptr<Device> openCpu() {
  return std::make_unique<CpuDevice>(kernels());
}

}  // namespace

Devices& devices() {
  // Never destroyed, as the process must not wait for a run when it exits.
  static Devices* const instance = new Devices({
      {kHost, nothing, openCpu, cpuName},
      {"cuda", cudaMissing, openCuda, describeCuda},
  });
  return *instance;
}

}  // namespace saccade
