// The innermost loop of gemm, convolution and attention: a block of C, kept in registers, grows by the outer
// product of a column of A and a row of B, for each k in turn.
//
//   C[rows x vectors * kLanes]  =  or  +=   A[rows x k]  @  B[k x vectors * kLanes]
//
// Registers:  AVX-512, 32: 6 x 4 sums + 4 of B + 1 of A = 29.   AVX2, 16: 6 x 2 sums + 2 of B + 1 of A = 15.
//             generic, 16 on x86-64: 6 x 2 sums + 2 of B + 1 of A + 1 for the product, as there is no fused
//             add.
// 24 (12) independent sums hide the latency of 4 cycles of two multipliers with room to spare. A step of k
// reads 6 numbers of A and 256 (64) bytes of B for 24 (12) multiply-adds, so loads stay below what two ports
// can do, and B may come from the second-level cache.
//
// Same bits: whatever the rows and vectors of the call, an element of C is one chain of multiply-adds over k.
// Callers cut k at multiples of kBlockK only, and add the chains in order. So an element's bits depend on its
// row of A, its column of B and k, and never on its neighbours.
#pragma once
#include "half.h"
#include "simd.h"

namespace saccade {
namespace {

constexpr int kMicroRows = 6;
constexpr int kMicroVectors = kLanes == 16 ? 4 : 2;
constexpr int kMicroColumns = kMicroVectors * kLanes;

// A chain of k is at most this long: B's block (64 KiB at 64 columns) then fits the second-level cache beside
// A's rows, and the rounding error of a long sum grows with kBlockK + k / kBlockK instead of k.
constexpr int64_t kBlockK = 256;

// How numbers of B are read: as vectors, and one by one. Arithmetic is float32 in all cases.
struct LoadFloat32 {
  using Type = float;
  static F load(const float* p) { return saccade::load(p); }
  static float one(float v) { return v; }
};
struct LoadBfloat16 {
  using Type = uint16_t;
  static F load(const uint16_t* p) { return loadBfloat16(p); }
  static float one(uint16_t v) { return bfloat16ToFloat(v); }
};
struct LoadFloat16 {
  using Type = uint16_t;
  static F load(const uint16_t* p) { return loadFloat16(p); }
  static float one(uint16_t v) { return float16ToFloat(v); }
};
struct LoadInt8 {
  using Type = int8_t;
  static F load(const int8_t* p) { return loadInt8(p); }
  static float one(int8_t v) { return v; }
};

// a: rows `aStride` apart, each of k consecutive numbers. panel: k rows of kVectors * kLanes consecutive
// numbers. c: rows `cStride` apart. `add`: C is added to; else it is written.
template <class Load, int kRows, int kVectors>
void microkernel(int64_t k, const float* a, int64_t aStride, const void* panel, float* c, int64_t cStride,
                 bool add) {
  const auto* b = static_cast<const typename Load::Type*>(panel);
  F sums[kRows][kVectors];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; j++) sums[i][j] = zero();
  }
  for (int64_t step = 0; step < k; step++) {
    F row[kVectors];
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; j++) row[j] = Load::load(b + j * kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; i++) {
      const F scalar = broadcast(a[i * aStride + step]);
#pragma GCC unroll 8
      for (int j = 0; j < kVectors; j++) sums[i][j] = fma(scalar, row[j], sums[i][j]);
    }
    b += kVectors * kLanes;
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; j++) {
      float* place = c + i * cStride + j * kLanes;
      store(place, add ? load(place) + sums[i][j] : sums[i][j]);
    }
  }
}

using Microkernel = void (*)(int64_t k, const float* a, int64_t aStride, const void* panel, float* c,
                             int64_t cStride, bool add);

// One for each number of rows, from 1.
template <class Load, int kVectors>
constexpr Microkernel kMicrokernels[kMicroRows] = {
    microkernel<Load, 1, kVectors>, microkernel<Load, 2, kVectors>, microkernel<Load, 3, kVectors>,
    microkernel<Load, 4, kVectors>, microkernel<Load, 5, kVectors>, microkernel<Load, 6, kVectors>};

template <class Load, int kVectors = kMicroVectors>
const Microkernel* microkernels(int64_t vectors) {
  if constexpr (kVectors > 1) {
    if (vectors < kVectors) return microkernels<Load, kVectors - 1>(vectors);
  }
  return kMicrokernels<Load, kVectors>;
}

// The same for any number of rows: C = or += A @ panel, `columns` (a multiple of kLanes) wide, k <= kBlockK.
template <class Load>
void multiplyPanel(int64_t rows, int64_t columns, int64_t k, const float* a, int64_t aStride,
                   const void* panel, float* c, int64_t cStride, bool add) {
  const Microkernel* byRows = microkernels<Load>(columns / kLanes);
  for (int64_t row = 0; row < rows; row += kMicroRows) {
    const int64_t some = rows - row < kMicroRows ? rows - row : kMicroRows;
    byRows[some - 1](k, a + row * aStride, aStride, panel, c + row * cStride, cStride, add);
  }
}

}  // namespace
}  // namespace saccade
