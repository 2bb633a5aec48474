#include "devices.h"

#include <utility>

#include "error.h"

namespace saccade {

Devices::Devices(std::vector<DeviceKind> kinds) : kinds_(std::move(kinds)), executors_(kinds_.size()) {}

Executor& Devices::executor(const std::string& name) {
  std::string names;
  for (size_t i = 0; i < kinds_.size(); ++i) {
    const DeviceKind& kind = kinds_[i];
    names += (names.empty() ? "" : ", ") + std::string(kind.name);
    if (name != kind.name) continue;
    const std::lock_guard lock(mutex_);
    if (executors_[i] == nullptr) {
      const std::string reason = kind.missing();
      if (!reason.empty()) fail("DEVICE_UNAVAILABLE", "device '", name, "' cannot be used: ", reason);
      executors_[i] = std::make_unique<Executor>(kind.open());
    }
    return *executors_[i];
  }
  fail("OPTION_INVALID", "unknown device '", name, "'; there are ", names);
}

void Devices::cancel(const std::shared_ptr<Cancelled>& flag) {
  const std::lock_guard lock(mutex_);
  // A run that has not been submitted yet is stopped by its flag alone.
  flag->store(true);
  for (const auto& executor : executors_) {
    if (executor != nullptr) executor->cancel(flag);
  }
}

}  // namespace saccade
