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
  return cudaMissing().empty() ? "saccade has no CUDA kernels yet" : cudaMissing();
}

}  // namespace

Devices& devices() {
  // Never destroyed, as the process must not wait for a run when it exits.
  static Devices* const instance = new Devices({
      {kHost, nothing, openCpu},
      {"cuda", missingCuda, nullptr},
  });
  return *instance;
}

}  // namespace saccade
