#include "workers.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "../../runtime/spin.h"

#ifdef __linux__
#include <pthread.h>
#endif

namespace saccade {

Workers::Workers(int32_t cores, Work work, Idle idle)
    : cores_(cores), work_(std::move(work)), idle_(std::move(idle)) {}

void Workers::stop() {
  stopping_.store(true);
  for (int32_t i = 0; i < count(); ++i) call(at(i));
  for (int32_t i = 0; i < count(); ++i) at(i).handle.join();
}

void Workers::add(int32_t wanted) {
  wanted = std::min(wanted, kMax);
  for (int32_t index = count(); index < wanted; ++index) {
    auto worker = std::make_unique<Worker>();
    worker->index = index;
    try {
      worker->handle = std::thread([this, raw = worker.get()] {
#ifdef __linux__
        pthread_setname_np(pthread_self(), "saccade-worker");
#endif
        work_(*raw);
      });
    } catch (const std::system_error&) {
      if (index == 0) throw;
      return;
    }
    workers_[static_cast<size_t>(index)] = std::move(worker);
    count_.store(index + 1);
  }
}

bool Workers::call(Worker& worker) {
  if (worker.state.load() == Worker::working) return false;
  const Worker::State before = worker.state.exchange(Worker::working);
  if (before == Worker::working) return false;
  resting_.fetch_sub(1);
  if (before == Worker::asleep) {
    const std::lock_guard lock(worker.mutex);
    worker.wake.notify_one();
  }
  return true;
}

void Workers::announceRest(Worker& worker) {
  worker.state.store(Worker::resting);
  resting_.fetch_add(1);
}

void Workers::withdrawRest(Worker& worker) {
  if (worker.state.exchange(Worker::working) != Worker::working) resting_.fetch_sub(1);
}

void Workers::rest(Worker& worker) {
  // With more threads than cores, a spinning thread would take a core from a working one.
  const bool spins = worker.index < cores_ && !std::exchange(worker.spunAway, false);
  const auto called = [&] { return worker.state.load() == Worker::working; };
  if (spinUntil(called, spins ? kSpin : std::chrono::microseconds{0})) return;
  Worker::State expected = Worker::resting;
  if (worker.state.compare_exchange_strong(expected, Worker::asleep)) sleep(worker);
}

void Workers::sleep(Worker& worker) {
  const auto called = [&] { return worker.state.load() == Worker::working; };
  std::unique_lock lock(worker.mutex);
  // One thread looks after what is to be done when there is nothing to do. It is the first to be called, so
  // it sleeps only if all do.
  while (worker.index == 0 && !called()) {
    // Without the lock, as freeing much memory takes time, which a caller must not wait for.
    lock.unlock();
    const std::optional<int64_t> again = idle_();
    lock.lock();
    if (!again) break;
    worker.wake.wait_for(lock, std::chrono::nanoseconds(*again), called);
  }
  worker.wake.wait(lock, called);
}

}  // namespace saccade
