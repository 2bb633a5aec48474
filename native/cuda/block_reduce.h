// Combining the values of all threads of a block, in an order that depends on the number of threads alone.
#pragma once
#include "device/memory.h"
#include "device/sync.h"
#include "device/warp.h"

namespace saccade::cuda {

// Threads of kernels that reduce a row with a block.
constexpr int32_t kReduceThreads = 128;

// A block of kThreads threads; each gets the result. `shared` has an element a warp. The block may call it
// again at once.
template <int32_t kThreads, class T, class Combine>
SACCADE_DEVICE T blockReduce(T value, const Shared<T>& shared, Combine combine) {
  value = warpReduce(value, combine);
  syncThreads();  // all have read what an earlier call left
  if (laneIndex() == 0) shared.write(warpIndex(), value);
  syncThreads();
  T result = shared.read(0);
  for (int32_t warp = 1; warp < kThreads / kWarp; ++warp) result = combine(result, shared.read(warp));
  return result;
}

struct Sum {
  SACCADE_DEVICE float operator()(float a, float b) const { return a + b; }
};

}  // namespace saccade::cuda
