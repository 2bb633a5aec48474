// A pool of threads that share the tiles of one job at a time. The calling thread works, too. Tiles are
// claimed one at a time, so a thread that another process interrupts delays only its own tile.
#pragma once
#include <stdint.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

namespace saccade {

class Pool {
 public:
  // Works on one tile. `thread` is 0 for the caller of run() and 1.. for the workers.
  using Body = void (*)(void* context, int64_t tile, int32_t thread);

  Pool();
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Makes sure that `threads` threads can work, including the caller. Returns how many can: fewer if the
  // system starts no more. Not while a job runs.
  int32_t reserve(int32_t threads);

  // Runs body(context, tile, thread) for every tile on at most `threads` threads. Returns when all are done,
  // and no thread uses `context` any more. The body must not throw. One caller at a time. tiles < 2^31.
  void run(int64_t tiles, int32_t threads, Body body, void* context);

 private:
  struct Worker;

  void work(Worker& worker);
  bool claim(int32_t thread, uint32_t& remaining);
  void runTile(uint32_t tile, uint32_t total, int32_t thread);
  void wake(int32_t helpers);
  void awaitDone(uint32_t total);

  std::vector<std::unique_ptr<Worker>> workers_;

  // The job. Written while there is no tile to claim, read after a tile was claimed.
  Body body_ = nullptr;
  void* context_ = nullptr;
  uint32_t total_ = 0;

  // The number of workers that may help (high half) and of unclaimed tiles (low half) in one word. A claim
  // cannot mix up two jobs, as a job does not end before each claimed tile is done.
  alignas(64) std::atomic<uint64_t> ticket_{0};
  alignas(64) std::atomic<uint32_t> done_{0};
  alignas(64) std::atomic<bool> stopping_{false};
  std::atomic<bool> callerWaits_{false};
  std::mutex callerMutex_;
  std::condition_variable callerWake_;
};

}  // namespace saccade
