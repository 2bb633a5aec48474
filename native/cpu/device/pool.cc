#include "pool.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <thread>

#include "../../runtime/machine.h"
#include "../../runtime/spin.h"

#ifdef __linux__
#include <pthread.h>
#endif

namespace saccade {
namespace {

// Longer than the gaps between instructions of a program, and short enough not to take time from other
// processes.
constexpr std::chrono::microseconds kWorkerSpin{60};
constexpr std::chrono::microseconds kCallerSpin{60};

uint64_t ticketOf(int32_t helpers, uint32_t tiles) {
  return static_cast<uint64_t>(helpers) << 32 | tiles;
}

bool offers(uint64_t ticket, int32_t thread) {
  return static_cast<uint32_t>(ticket) > 0 && thread <= static_cast<int32_t>(ticket >> 32);
}

}  // namespace

struct Pool::Worker {
  int32_t thread = 0;
  std::atomic<bool> asleep{false};
  std::mutex mutex;
  std::condition_variable wake;
  std::thread handle;
};

Pool::Pool() = default;

Pool::~Pool() {
  stopping_.store(true);
  wake(static_cast<int32_t>(workers_.size()));
  for (const auto& worker : workers_) worker->handle.join();
}

int32_t Pool::reserve(int32_t threads) {
  while (static_cast<int32_t>(workers_.size()) < threads - 1) {
    auto worker = std::make_unique<Worker>();
    worker->thread = static_cast<int32_t>(workers_.size()) + 1;
    try {
      worker->handle = std::thread([this, raw = worker.get()] { work(*raw); });
    } catch (const std::system_error&) {
      break;
    }
    workers_.push_back(std::move(worker));
  }
  return std::min(threads, static_cast<int32_t>(workers_.size()) + 1);
}

void Pool::run(int64_t tiles, int32_t threads, Body body, void* context) {
  const auto available = static_cast<int64_t>(workers_.size());
  const auto helpers = static_cast<int32_t>(std::min({int64_t{threads} - 1, tiles - 1, available}));
  if (helpers <= 0) {
    for (int64_t tile = 0; tile < tiles; ++tile) body(context, tile, 0);
    return;
  }
  const auto total = static_cast<uint32_t>(tiles);
  body_ = body;
  context_ = context;
  total_ = total;
  done_.store(0, std::memory_order_relaxed);
  ticket_.store(ticketOf(helpers, total));
  wake(helpers);
  uint32_t remaining;
  while (claim(0, remaining)) runTile(total - remaining, total, 0);
  awaitDone(total);
}

// Takes a tile if there is one for this thread; `remaining` includes it.
bool Pool::claim(int32_t thread, uint32_t& remaining) {
  uint64_t ticket = ticket_.load(std::memory_order_relaxed);
  while (offers(ticket, thread)) {
    if (ticket_.compare_exchange_weak(ticket, ticket - 1, std::memory_order_acq_rel,
                                      std::memory_order_relaxed)) {
      remaining = static_cast<uint32_t>(ticket);
      return true;
    }
  }
  return false;
}

// Once the last tile is counted, the job may be gone: nothing of it is read after that.
void Pool::runTile(uint32_t tile, uint32_t total, int32_t thread) {
  body_(context_, tile, thread);
  if (done_.fetch_add(1) + 1 == total && callerWaits_.load()) {
    const std::lock_guard lock(callerMutex_);
    callerWake_.notify_one();
  }
}

void Pool::awaitDone(uint32_t total) {
  const auto done = [&] { return done_.load() == total; };
  if (spinUntil(done, kCallerSpin)) return;
  std::unique_lock lock(callerMutex_);
  callerWaits_.store(true);
  callerWake_.wait(lock, done);
  callerWaits_.store(false);
}

// Wakes those of the first `helpers` workers that are asleep. A worker sets `asleep` and then reads the
// ticket; the caller has written the ticket and then reads `asleep`: so one of them sees what the other
// wrote.
void Pool::wake(int32_t helpers) {
  for (int32_t i = 0; i < helpers; ++i) {
    Worker& worker = *workers_[static_cast<size_t>(i)];
    if (!worker.asleep.load()) continue;
    const std::lock_guard lock(worker.mutex);
    worker.asleep.store(false);
    worker.wake.notify_one();
  }
}

void Pool::work(Worker& worker) {
#ifdef __linux__
  pthread_setname_np(pthread_self(), "saccade-worker");
#endif
  // With more threads than cores, a spinning thread would take a core from a working one.
  const auto spin = worker.thread < usableCores() ? kWorkerSpin : std::chrono::microseconds{0};
  const auto called = [&] { return offers(ticket_.load(), worker.thread) || stopping_.load(); };
  while (!stopping_.load()) {
    uint32_t remaining;
    while (claim(worker.thread, remaining)) {
      const uint32_t total = total_;
      runTile(total - remaining, total, worker.thread);
    }
    if (spinUntil(called, spin)) continue;
    worker.asleep.store(true);
    if (called()) {
      worker.asleep.store(false);
      continue;
    }
    std::unique_lock lock(worker.mutex);
    worker.wake.wait(lock, [&] { return !worker.asleep.load(); });
  }
}

}  // namespace saccade
