// What a kernel's source is compiled for: a GPU by nvcc, or the host by a C++ compiler
// (SACCADE_CUDA_EMULATED), where
// ../emulation runs it. Kernels use the wrappers of this folder and nothing else of either.
#pragma once
#include <stdint.h>

#if defined(SACCADE_CUDA_EMULATED)
// A kernel, whose blocks have at most so many threads: SACCADE_GLOBAL(256) void name(Arguments arguments).
#define SACCADE_GLOBAL(threads) inline
// A function of kernels.
#define SACCADE_DEVICE inline
// A large function of kernels, which is called instead of compiled into each of its uses.
#define SACCADE_CALLED inline
// A function of kernels and of the host.
#define SACCADE_BOTH inline
#define SACCADE_UNROLL
#else
#define SACCADE_GLOBAL(threads) __global__ __launch_bounds__(threads)
#define SACCADE_DEVICE __device__ __forceinline__
#define SACCADE_CALLED static __device__ __noinline__
#define SACCADE_BOTH __host__ __device__ __forceinline__
#define SACCADE_UNROLL _Pragma("unroll")
#endif

namespace saccade::cuda {

// Threads that execute an instruction together.
constexpr int32_t kWarp = 32;
// The most shared memory that a block can have on sm_90.
constexpr int32_t kMaxSharedBytes = 227 * 1024;

}  // namespace saccade::cuda
