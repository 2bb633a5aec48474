// A tile of a matrix product in float32: the simplest design that is not bound by global memory. 256 threads
// compute 64 x 64 results, 4 x 4 each, from slices of both operands in shared memory.
#pragma once
#include "device/index.h"
#include "device/math.h"
#include "device/memory.h"
#include "device/sync.h"

namespace saccade::cuda {

constexpr int32_t kTile = 64;  // rows and columns
constexpr int32_t kTileThreads = 256;
constexpr int32_t kTileDepth = 16;  // of a slice
// Rows of a slice: 4 more than needed, so that the threads of a warp write to different banks.
constexpr int32_t kTileRow = kTile + 4;
constexpr int32_t kSliceBytes = kTileDepth * kTileRow * 4;
constexpr int32_t kTileSharedBytes = sharedBytesOf(kSliceBytes, kSliceBytes);

struct TileSums {
  float at[4][4];
};

// loadA(row, k) and loadB(column, k): elements of the operands, for rows and columns of the tile; 0 outside
// the matrix. Each sum takes its products in the order of k.
template <class LoadA, class LoadB>
SACCADE_DEVICE TileSums multiplyTile(int64_t depth, LoadA loadA, LoadB loadB) {
  SharedMemory memory;
  const Shared<float> a = memory.take<float>(kTileDepth * kTileRow),
                      b = memory.take<float>(kTileDepth * kTileRow);
  const int32_t row = threadIndex() / 16 * 4, column = threadIndex() % 16 * 4;
  TileSums sums{};
  for (int64_t k = 0; k < depth; k += kTileDepth) {
    syncThreads();  // all have read the slices before
    for (int32_t i = threadIndex(); i < kTileDepth * kTile; i += kTileThreads) {
      const int32_t line = i / kTileDepth, step = i % kTileDepth;
      const bool inside = k + step < depth;
      a.write(step * kTileRow + line, inside ? loadA(line, k + step) : 0.0f);
      b.write(step * kTileRow + line, inside ? loadB(line, k + step) : 0.0f);
    }
    syncThreads();
    for (int32_t step = 0; step < kTileDepth; ++step) {
      const auto x = a.template readVector<4>(step * kTileRow + row);
      const auto y = b.template readVector<4>(step * kTileRow + column);
      SACCADE_UNROLL
      for (int32_t i = 0; i < 4; ++i) {
        SACCADE_UNROLL
        for (int32_t j = 0; j < 4; ++j) sums.at[i][j] = fused(x[i], y[j], sums.at[i][j]);
      }
    }
  }
  return sums;
}

// Calls body(row, column, sum) for the sums of this thread.
template <class Body>
SACCADE_DEVICE void forSums(const TileSums& sums, Body body) {
  const int32_t row = threadIndex() / 16 * 4, column = threadIndex() % 16 * 4;
  SACCADE_UNROLL
  for (int32_t i = 0; i < 4; ++i) {
    SACCADE_UNROLL
    for (int32_t j = 0; j < 4; ++j) body(row + i, column + j, sums.at[i][j]);
  }
}

}  // namespace saccade::cuda
