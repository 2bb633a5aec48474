// Rows of activations in 8 bits, as `quantize` writes them and gemm reads them, and a tile of their product
// with int8 weights. A row is [scale, float32][60 bytes unused][K numbers, unsigned: 128 + nearest of value /
// scale], filled up to a multiple of 64 bytes: 64 more than numbers also keeps rows of K = 4096 from
// competing for the same places of the cache.
//
// Sums are int32 and exact, so all instruction sets agree on them, whatever the order.
#pragma once
#include "product.h"

namespace saccade {
namespace {

constexpr int64_t kQuantizedHead = 64;

constexpr int64_t quantizedRowBytes(int64_t k) {
  return kQuantizedHead + roundUp(k, 64);
}

// Words of scratch that rows widened to int16 need; none where bytes are multiplied as they are.
constexpr int64_t widenedStride(int64_t k) {
  return kByteProducts ? 0 : 2 * (roundUp(smaller(k, kBlockKInt8), 4) / 4);
}

// Bytes of rows as two words of int16 a step: numbers 0 and 2, numbers 1 and 3.
inline void widenRows(const char* a, int64_t aStride, int64_t rows, int64_t steps, int64_t stride,
                      int32_t* out) {
  for (int64_t i = 0; i < rows; i++) {
    const auto* in = reinterpret_cast<const int32_t*>(a + i * aStride);
    int32_t* row = out + i * stride;
    for (int64_t step = 0; step < steps; step++) {
      row[2 * step] = in[step] & 0xff00ff;
      row[2 * step + 1] = (in[step] >> 8) & 0xff00ff;
    }
  }
}

// sums[rows][panels * kMicroColumns] = (A + 128) @ (panels `first`... of b). a: the first row, `aStride`
// bytes apart. done(panel) is called when the sums of a panel of the tile are complete. `widened` is scratch
// of rows * widenedStride() words.
template <class Done>
void multiplyQuantized(const PackedShape& shape, const char* b, int64_t rows, int64_t first, int64_t panels,
                       const char* a, int64_t aStride, int32_t* widened, const Target& target, int32_t* sums,
                       Done done) {
  const int64_t stride = panels * kMicroColumns;
  for (int64_t k = 0; k < shape.k; k += kBlockKInt8) {
    const int64_t steps = (smaller(kBlockKInt8, shape.k - k) + 3) / 4;
    const auto* words = reinterpret_cast<const int32_t*>(a + kQuantizedHead + k);
    int64_t wordStride = aStride / 4;
    if constexpr (!kByteProducts) {
      wordStride = widenedStride(shape.k);
      widenRows(a + kQuantizedHead + k, aStride, rows, steps, wordStride, widened);
      words = widened;
    }
    for (int64_t panel = 0; panel < panels; panel++) {
      multiplyPanel<ByteProducts>(rows, shape.panelColumns(first + panel), steps * ByteProducts::kWords,
                                  words, wordStride, b + shape.rowOffset(first + panel, k),
                                  sums + panel * kMicroColumns, stride, k > 0,
                                  soonAfter(shape, b, first, panel, panels, k, kBlockKInt8, target));
      if (k + kBlockKInt8 >= shape.k) done(panel);
    }
  }
}

// Such sums in float32; rounded once where they pass 2^24, and once by each scale.
struct QuantizedSums {
  const int32_t* sums;
  int64_t stride;
  const int32_t* offsets;
  const float* scales;
  const char* a;  // the tile's rows, which begin with their scales
  int64_t aStride;
  F operator()(int64_t i, int64_t j) const {
    const float rowScale = *reinterpret_cast<const float*>(a + i * aStride);
    return toFloat(load(sums + i * stride + j) + load(offsets + j)) * load(scales + j) * broadcast(rowScale);
  }
};

}  // namespace
}  // namespace saccade
