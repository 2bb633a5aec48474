// Barriers of a block and of a warp. What a thread wrote to shared memory before one, others may read after
// it.
#pragma once
#include "target.h"
#if defined(SACCADE_CUDA_EMULATED)
#include "../emulation/block.h"
#endif

namespace saccade::cuda {

#if defined(SACCADE_CUDA_EMULATED)

// All threads of the block.
SACCADE_DEVICE void syncThreads() {
  emulation::running->barrier(0, emulation::running->threads());
}
// All threads of the warp.
SACCADE_DEVICE void syncWarp() {
  emulation::running->syncWarp();
}
// A named barrier, 1 to 15, of `threads` threads (whole warps): those that wait for the others, and those
// that only arrive.
SACCADE_DEVICE void syncNamed(int32_t barrier, int32_t threads) {
  emulation::running->barrier(barrier, threads);
}
SACCADE_DEVICE void arriveNamed(int32_t barrier, int32_t threads) {
  emulation::running->arrive(barrier, threads);
}

#else

SACCADE_DEVICE void syncThreads() {
  __syncthreads();
}
SACCADE_DEVICE void syncWarp() {
  __syncwarp();
}
SACCADE_DEVICE void syncNamed(int32_t barrier, int32_t threads) {
  asm volatile("barrier.cta.sync.aligned %0, %1;" ::"r"(barrier), "r"(threads) : "memory");
}
SACCADE_DEVICE void arriveNamed(int32_t barrier, int32_t threads) {
  asm volatile("barrier.cta.arrive.aligned %0, %1;" ::"r"(barrier), "r"(threads) : "memory");
}

#endif

}  // namespace saccade::cuda
