// A task under way: its tiles, and how many threads work on it (scheduler.h).
#pragma once
#include <stdint.h>

#include <atomic>
#include <memory>

#include "task.h"

namespace saccade {

struct Slot {
  std::unique_ptr<Task> task;
  std::shared_ptr<Usage> usage;
  int32_t limit = 0;
  uint32_t total = 0;  // tiles of the step; read after a claim
  std::atomic<int32_t> members{0};
  std::atomic<bool> ended{false};
  alignas(64) std::atomic<uint32_t> unclaimed{0};
  alignas(64) std::atomic<uint32_t> undone{0};

  // A claimed tile is of the present step, as no step ends before its claimed tiles are done.
  bool claim(uint32_t& tile) {
    uint32_t left = unclaimed.load(std::memory_order_relaxed);
    while (left > 0) {
      if (unclaimed.compare_exchange_weak(left, left - 1, std::memory_order_acq_rel,
                                          std::memory_order_relaxed)) {
        tile = total - left;
        return true;
      }
    }
    return false;
  }
};

}  // namespace saccade
