// The threads of the scheduler. They are started when they are first needed, and rest when they find nothing
// to do, until they are called.
#pragma once
#include <stdint.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "../../runtime/block.h"

namespace saccade {

// How long a thread spins before it sleeps. Longer than the gaps between the steps of a task and between the
// runs of a caller that uses each result in the next run, and short enough not to take time from other
// processes.
constexpr std::chrono::microseconds kSpin{60};

struct Worker {
  enum State : int32_t { working, resting, asleep };

  int32_t index = 0;
  Block scratch;
  int64_t since = 0;       // when it chose its slot
  bool spunAway = false;   // whether it has spun just now, and in vain
  bool searching = false;  // whether it is about to choose, after the end of a task

  alignas(64) std::atomic<State> state{working};
  std::mutex mutex;
  std::condition_variable wake;
  std::thread handle;
};

class Workers {
 public:
  // What a thread does from its start to its end.
  using Work = std::function<void(Worker&)>;
  // Called when all threads rest. Returns the nanoseconds after which to call it again, if that is still so.
  using Idle = std::function<std::optional<int64_t>()>;

  Workers(int32_t cores, Work work, Idle idle);
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Calls all, and waits until their work has returned, as it must when stopping() is true.
  void stop();
  bool stopping() const { return stopping_.load(); }

  // Starts threads until there are `wanted` of them, or fewer if the system does not start more. Throws
  // std::system_error if it does not start the first one. Not from two threads at the same time.
  void add(int32_t wanted);
  int32_t count() const { return count_.load(); }
  Worker& at(int32_t index) { return *workers_[static_cast<size_t>(index)]; }

  // Has a resting thread look for work. False if it does not rest.
  bool call(Worker& worker);
  bool anyRests() const { return resting_.load() > 0; }

  // Of the thread itself. It announces its rest and then looks for work once more, while whoever has work
  // makes it visible and then looks who rests: so one of the two sees the other.
  void announceRest(Worker& worker);
  void withdrawRest(Worker& worker);
  void rest(Worker& worker);  // until it is called

 private:
  static constexpr int32_t kMax = 1024;

  void sleep(Worker& worker);

  const int32_t cores_;
  const Work work_;
  const Idle idle_;
  std::array<std::unique_ptr<Worker>, kMax> workers_;
  std::atomic<int32_t> count_{0};
  std::atomic<bool> stopping_{false};
  alignas(64) std::atomic<int32_t> resting_{0};
};

}  // namespace saccade
