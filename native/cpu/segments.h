// The micro-kernel over rows of A that are in memory in parts, such as the windows of a convolution, which
// then need not be copied: `count` segments of columns, each with the address of its part of every row.
//
// Same bits as the micro-kernel over whole rows: one chain of multiply-adds for each element of C.
#pragma once
#include "microkernel.h"

namespace saccade {
namespace {

struct Segment {
  int64_t columns;
  const float* const* rows;
};

template <int kRows, int kVectors>
void segmentMicrokernel(const Segment* segments, int64_t count, int64_t row, const float* b, float* c,
                        int64_t cStride, bool add, Prefetch prefetch) {
  prefetchOut<kRows, kVectors>(prefetch);
  F sums[kRows][kVectors];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; j++) sums[i][j] = zero();
  }
  for (int64_t segment = 0; segment < count; segment++) {
    const float* a[kRows];
#pragma GCC unroll 8
    for (int i = 0; i < kRows; i++) a[i] = segments[segment].rows[row + i];
    for (int64_t at = 0; at < segments[segment].columns; at++) {
      __builtin_prefetch(prefetch.next, 0, 2);
      prefetch.next += prefetch.step;
      F columns[kVectors];
#pragma GCC unroll 8
      for (int j = 0; j < kVectors; j++) columns[j] = load(b + j * kLanes);
#pragma GCC unroll 8
      for (int i = 0; i < kRows; i++) {
        const F scalar = broadcast(a[i][at]);
#pragma GCC unroll 8
        for (int j = 0; j < kVectors; j++) sums[i][j] = fma(scalar, columns[j], sums[i][j]);
      }
      b += kVectors * kLanes;
    }
  }
  storeSums<kRows, kVectors>(sums, c, cStride, add);
}

using SegmentMicrokernel = void (*)(const Segment* segments, int64_t count, int64_t row, const float* b,
                                    float* c, int64_t cStride, bool add, Prefetch prefetch);

// One for each number of rows, from 1.
template <int kVectors>
constexpr SegmentMicrokernel kSegmentMicrokernels[kMicroRows] = {
    segmentMicrokernel<1, kVectors>, segmentMicrokernel<2, kVectors>, segmentMicrokernel<3, kVectors>,
    segmentMicrokernel<4, kVectors>, segmentMicrokernel<5, kVectors>, segmentMicrokernel<6, kVectors>};

template <int kVectors = kMicroVectors>
const SegmentMicrokernel* segmentMicrokernels(int64_t vectors) {
  if constexpr (kVectors > 1) {
    if (vectors < kVectors) return segmentMicrokernels<kVectors - 1>(vectors);
  }
  return kSegmentMicrokernels<kVectors>;
}

// multiplyPanel over such rows; `length` columns in all.
inline void multiplySegments(int64_t rows, int64_t columns, const Segment* segments, int64_t count,
                             int64_t length, const char* panel, float* c, int64_t cStride, bool add,
                             const PanelPrefetch& prefetch) {
  const SegmentMicrokernel* byRows = segmentMicrokernels(columns / kLanes);
  const char* next = prefetch.next;
  for (int64_t row = 0; row < rows; row += kMicroRows) {
    const int64_t some = rows - row < kMicroRows ? rows - row : kMicroRows;
    const bool more = next < prefetch.next + prefetch.nextBytes;
    const Prefetch call{more ? next : panel, more ? 64 : 0,
                        prefetch.out ? prefetch.out + row * prefetch.outStride : nullptr, prefetch.outStride};
    byRows[some - 1](segments, count, row, reinterpret_cast<const float*>(panel), c + row * cStride, cStride,
                     add, call);
    if (more) next += length * 64;
  }
}

}  // namespace
}  // namespace saccade
