// Runs the programs of one device off the caller's thread: first come, first served, one at a time, each with
// all the threads it asks for. Executors of different devices run at the same time.
#pragma once
#include <stdint.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "device.h"
#include "error.h"

namespace saccade {

// How a run ended: outputs, or the error.
struct Outcome {
  std::vector<std::shared_ptr<Memory>> outputs;
  std::optional<Error> error;
};

struct Run {
  std::shared_ptr<Executable> executable;
  std::vector<std::shared_ptr<Memory>> inputs;
  int32_t threads;
  std::shared_ptr<Cancelled> cancelled;
  // Called once, from any thread. Must not throw or wait.
  std::function<void(Outcome)> settle;
};

class Executor {
 public:
  explicit Executor(std::unique_ptr<Device> device);
  ~Executor();  // aborts what is queued or running
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  Device& device() { return *device_; }

  void submit(Run run);
  // Stops the run with this flag: a waiting one at once, the running one as soon as its device can.
  void cancel(const std::shared_ptr<Cancelled>& flag);

 private:
  void dispatch();
  bool next(Run& run);
  Outcome execute(const Run& run);

  std::unique_ptr<Device> device_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Run> queue_;
  std::shared_ptr<Cancelled> running_;
  std::atomic<int64_t> waiting_{0};  // size of the queue, to look at without the lock
  std::atomic<bool> stopping_{false};
  std::thread dispatcher_;
};

}  // namespace saccade
