// How packed weights and quantized rows are stored.
//
// Weights are [batch, N, K]: each column is contiguous along K, padded with zeros to a multiple of 64 bytes;
// so lines of both operands of a product are copied 16 bytes at a time. int8 columns are followed by their
// scales, float32 [N].
//
// A row of `quantize` is [scale, float32][12 bytes unused][K signed bytes: nearest of value / scale], padded
// with zeros to a multiple of 16 bytes.
#pragma once
#include <stdint.h>

#include "../runtime/op.h"

namespace saccade::cuda {

constexpr int64_t roundUp(int64_t value, int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

struct PackedShape {
  int64_t k, n;
  Precision precision;
  int64_t columnElements;  // with the padding
  int64_t scalesAt;        // bytes from the beginning of a batch
  int64_t batchBytes;

  // Of an element.
  static constexpr int64_t bytesOf(Precision precision) {
    return precision == Precision::float32 ? 4 : precision == Precision::int8 ? 1 : 2;
  }
  static PackedShape of(int64_t k, int64_t n, Precision precision) {
    PackedShape shape{k, n, precision, 0, 0, 0};
    shape.columnElements = roundUp(k * bytesOf(precision), 64) / bytesOf(precision);
    shape.scalesAt = n * shape.columnElements * bytesOf(precision);
    shape.batchBytes = shape.scalesAt + (precision == Precision::int8 ? roundUp(4 * n, 64) : 0);
    return shape;
  }
};

constexpr int64_t kQuantizedHead = 16;

constexpr int64_t quantizedRowBytes(int64_t k) {
  return kQuantizedHead + roundUp(k, 16);
}

}  // namespace saccade::cuda
