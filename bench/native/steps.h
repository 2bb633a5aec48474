// Work for the threads of the library's scheduler, and a way to wait for it.
#pragma once
#include <stdint.h>

#include <functional>

#include "../../native/runtime/block.h"

namespace saccade::bench {

// As the functions of Task (native/cpu/device/task.h).
struct Steps {
  std::function<int64_t()> next;
  std::function<void(int64_t tile, Block& scratch)> runTile;
};

// Returns at the end of the steps. One thread is the calling thread, so that its own clock measures them.
void run(const Steps& steps, int32_t threads);

}  // namespace saccade::bench
