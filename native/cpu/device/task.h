// What the scheduler runs (scheduler.h).
#pragma once
#include <stdint.h>

#include <memory>

#include "../../runtime/block.h"

namespace saccade {

// The time in nanoseconds that threads spent on the runs of one program. Only the scheduler reads and writes
// it.
struct Usage {
  int64_t time = 0;
};

class Task {
 public:
  // threads: how many may work on it at the same time, at least 1.
  Task(int32_t threads, std::shared_ptr<Usage> usage) : threads(threads), usage(std::move(usage)) {}
  virtual ~Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  const int32_t threads;
  const std::shared_ptr<Usage> usage;

  // The following must not throw. `scratch` is the calling thread's own.

  // Reserves memory, before the first step. False if the task ends here; no other function is called then.
  virtual bool begin(Block& scratch) = 0;
  // Moves on to the next step that has tiles and returns their number, less than 2^31; 0 at the end. Called
  // when all tiles of the step before are done.
  virtual int64_t next() = 0;
  virtual void runTile(int64_t tile, Block& scratch) = 0;
  // Whether its tiles have nothing left to do, so that it is best brought to its end at once.
  virtual bool stopped() const = 0;
  // Called once, after next() returned 0; the last call.
  virtual void end() = 0;
};

}  // namespace saccade
