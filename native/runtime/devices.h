// The devices of a process by name, each with the one executor that runs its programs.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "device.h"
#include "executor.h"

namespace saccade {

// A device that this build may be able to use.
struct DeviceKind {
  const char* name;
  // Why it cannot be used on this machine, or "" if it can. Slow where a driver is asked.
  std::string (*missing)();
  // Called at most once, if missing() is "".
  std::unique_ptr<Device> (*open)();
  // What it is, for people. Called if missing() is "".
  std::string (*describe)() = [] { return std::string(); };
};

class Devices {
 public:
  explicit Devices(std::vector<DeviceKind> kinds);

  const std::vector<DeviceKind>& kinds() const { return kinds_; }
  // The executor of a device, which owns the device; created at first use. Throws OPTION_INVALID for an
  // unknown name, DEVICE_UNAVAILABLE with the reason.
  Executor& executor(const std::string& name);
  // Stops the run with this flag, on whichever device it is.
  void cancel(const std::shared_ptr<Cancelled>& flag);

 private:
  std::vector<DeviceKind> kinds_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Executor>> executors_;  // by the index of the kind; null: not opened
};

}  // namespace saccade
