// A pool of threads that share the tiles of one job at a time. The calling thread works too; tiles are
// claimed one by one, so a thread held up by a busy neighbour costs its own tile and no more.
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

  // Makes sure that `threads` threads can work, the caller included. Returns how many can: fewer when the
  // system refuses to start more. Not while a job runs.
  int32_t reserve(int32_t threads);

  // Runs body(context, tile, thread) for every tile on at most `threads` threads; returns when all are done,
  // and then no thread touches `context` any more. A body must not throw. One caller at a time. tiles < 2^31.
  void run(int64_t tiles, int32_t threads, Body body, void* context);

 private:
  struct Worker;

  void work(Worker& worker);
  bool claim(int32_t thread, uint32_t& remaining);
  void runTile(uint32_t tile, uint32_t total, int32_t thread);
  void wake(int32_t helpers);
  void awaitDone(uint32_t total);

  std::vector<std::unique_ptr<Worker>> workers_;

  // What the job is. Written while no tile is to be had, read after a tile was claimed.
  Body body_ = nullptr;
  void* context_ = nullptr;
  uint32_t total_ = 0;

  // The number of workers that may help (high half) and of tiles not yet claimed (low half) in one word: a
  // claim cannot mix up two jobs, because whoever takes a tile holds up its job until the tile is done.
  alignas(64) std::atomic<uint64_t> ticket_{0};
  alignas(64) std::atomic<uint32_t> done_{0};
  alignas(64) std::atomic<bool> stopping_{false};
  std::atomic<bool> callerWaits_{false};
  std::mutex callerMutex_;
  std::condition_variable callerWake_;
};

}  // namespace saccade
