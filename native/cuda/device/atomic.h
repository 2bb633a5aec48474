// Atomic operations on integers in global memory. There are none on floats: their order would decide the
// result.
#pragma once
#include "memory.h"

namespace saccade::cuda {

#if defined(SACCADE_CUDA_EMULATED)

// Blocks run one after the other, and a thread gives way to others only where it waits.
SACCADE_DEVICE void atomicMinimum(Global<int32_t> memory, int64_t i, int32_t value) {
  const int32_t before = memory.read(i);
  if (value < before) memory.write(i, value);
}

#else

SACCADE_DEVICE void atomicMinimum(Global<int32_t> memory, int64_t i, int32_t value) {
  atomicMin(memory.address(i, sizeof value), value);
}

#endif

}  // namespace saccade::cuda
