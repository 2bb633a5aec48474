// Where a thread is. Blocks are one-dimensional, of whole warps.
#pragma once
#include "target.h"
#if defined(SACCADE_CUDA_EMULATED)
#include "../emulation/block.h"
#endif

namespace saccade::cuda {

struct Index {
  uint32_t x, y, z;
};

#if defined(SACCADE_CUDA_EMULATED)

SACCADE_DEVICE int32_t threadIndex() {
  return emulation::running->thread();
}
SACCADE_DEVICE int32_t threadCount() {
  return emulation::running->threads();
}
SACCADE_DEVICE Index blockIndex() {
  const Grid at = emulation::running->index();
  return {at.x, at.y, at.z};
}
SACCADE_DEVICE Index gridSize() {
  const Grid grid = emulation::running->grid();
  return {grid.x, grid.y, grid.z};
}

#else

SACCADE_DEVICE int32_t threadIndex() {
  return static_cast<int32_t>(threadIdx.x);
}
SACCADE_DEVICE int32_t threadCount() {
  return static_cast<int32_t>(blockDim.x);
}
SACCADE_DEVICE Index blockIndex() {
  return {blockIdx.x, blockIdx.y, blockIdx.z};
}
SACCADE_DEVICE Index gridSize() {
  return {gridDim.x, gridDim.y, gridDim.z};
}

#endif

SACCADE_DEVICE int32_t laneIndex() {
  return threadIndex() % kWarp;
}
SACCADE_DEVICE int32_t warpIndex() {
  return threadIndex() / kWarp;
}

}  // namespace saccade::cuda
