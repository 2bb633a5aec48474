// Decides when the runs of one device start. How those that are under way share the device is the device's
// own: the CPU's threads take tiles of each in turn (../cpu/device/scheduler.h). Executors of different
// devices know nothing of each other.
//
// - Runs of one program form a line: they take the same time, so to run them side by side would only take
// more
//   memory. The next one starts when the one before has ended, or if their threads together are no more than
//   the cores. Lines do not wait for each other.
// - A run waits for earlier ones that write memory which it uses, or use memory which it writes.
// - The arenas of the runs under way have a limit (Device::arenaLimit). Small runs, of up to 1/64 of it or 2
// MiB, have
//   as much as a fourth of it besides; so they do not wait for large ones. Those that do not fit wait in
//   order. A run that is larger than the limit starts when no other but small ones are under way.
// - A run for which the system has no memory (Job::postpone) starts again after another has ended, and until
// it has
//   ended no other of its size starts.
#pragma once
#include <stdint.h>

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "device.h"
#include "error.h"
#include "job.h"

namespace saccade {

class Executor {
 public:
  explicit Executor(std::unique_ptr<Device> device);
  ~Executor();  // aborts what is waiting or under way
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  Device& device() { return *device_; }

  void submit(Run run);
  // Stops the run with this flag: a waiting one at once, one under way as soon as its device can.
  void cancel(const std::shared_ptr<Cancelled>& flag);

 private:
  friend class Job;
  using Jobs = std::vector<std::unique_ptr<Job>>;

  // The runs of one program.
  struct Line {
    const Executable* executable;
    std::list<std::unique_ptr<Job>> waiting;
    int64_t underWay = 0;
    int64_t threads = 0;  // of those under way
  };

  // Memory for arenas.
  struct Room {
    int64_t limit;
    int64_t used = 0;
    int32_t postponed = 0;  // runs that were, waiting or under way
    int32_t retried = 0;    // those of them that are under way
    bool full = false;      // a run waits for it, so later ones do not pass
  };

  void finish(Job& job, std::optional<Error> error);
  void postpone(std::unique_ptr<Job> job, Error error);
  static void start(Jobs jobs);

  // With the mutex:
  Line& lineOf(const Job& job);
  Room& roomOf(const Job& job);
  void enter(Line& line, Job& job);
  void leave(Job& job);
  Jobs startable();
  bool mayStart(const Line& line, const Job& job);
  bool conflicts(const Job& job) const;
  template <class Condition>
  Jobs takeWaiting(Condition condition);

  std::mutex mutex_;
  std::condition_variable allEnded_;
  std::list<Line> lines_;  // with runs waiting or under way
  std::vector<Job*> underWay_;
  Room large_;
  Room small_;
  uint64_t submitted_ = 0;
  uint64_t ends_ = 0;
  int64_t writers_ = 0;             // runs waiting or under way that write an input
  std::unique_ptr<Device> device_;  // first to be destroyed: its threads may just leave finish()
};

}  // namespace saccade
