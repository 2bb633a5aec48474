// How a matrix B of K rows and N columns lies packed: panels of kMicroColumns columns, each with its K rows
// one after the other, so that the micro-kernel reads B in one straight line.
//
//   one batch:  [int8 only: N' column scales, float32]  panel 0: [K][kMicroColumns]  panel 1 ...  last:
//   [K][width]
//
// N' is N rounded up to kLanes; the last panel is only as wide as it needs to be, in whole vectors; columns
// past N hold zeros. Scales and batches start at multiples of 64 bytes.
#pragma once
#include "half.h"
#include "isa.h"
#include "microkernel.h"

namespace saccade {
namespace {

constexpr int64_t roundUp(int64_t n, int64_t step) {
  return (n + step - 1) / step * step;
}
constexpr int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}
constexpr int64_t larger(int64_t a, int64_t b) {
  return a > b ? a : b;
}

struct PackedShape {
  int64_t k, n;
  Precision precision;

  constexpr int64_t elementBytes() const {
    return precision == Precision::float32 ? 4 : precision == Precision::int8 ? 1 : 2;
  }
  constexpr int64_t columns() const { return roundUp(n, kLanes); }
  constexpr int64_t panels() const { return (n + kMicroColumns - 1) / kMicroColumns; }
  // Columns of a panel as stored: kMicroColumns, or less in the last.
  constexpr int64_t panelColumns(int64_t panel) const {
    return smaller(kMicroColumns, columns() - panel * kMicroColumns);
  }
  constexpr int64_t scaleBytes() const {
    return precision == Precision::int8 ? roundUp(columns() * 4, 64) : 0;
  }
  constexpr int64_t panelOffset(int64_t panel) const {
    return scaleBytes() + panel * kMicroColumns * k * elementBytes();
  }
  constexpr int64_t batchBytes() const { return scaleBytes() + roundUp(columns() * k * elementBytes(), 64); }
};

// block[i], lane j = in[i * kStride + j * columnStride] for i < rows and j < columns, else 0.
template <class Load>
void loadBlock(const typename Load::Type* in, int64_t kStride, int64_t columnStride, int64_t rows,
               int64_t columns, F* block) {
  if (columnStride == 1 && columns == kLanes) {
    for (int64_t i = 0; i < kLanes; i++) block[i] = i < rows ? Load::load(in + i * kStride) : zero();
    return;
  }
  if (kStride == 1 && rows == kLanes) {
    for (int64_t j = 0; j < kLanes; j++) block[j] = j < columns ? Load::load(in + j * columnStride) : zero();
    transpose(block);
    return;
  }
  float numbers[kLanes * kLanes] = {};
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < columns; j++) {
      numbers[i * kLanes + j] = Load::one(in[i * kStride + j * columnStride]);
    }
  }
  for (int64_t i = 0; i < kLanes; i++) block[i] = load(numbers + i * kLanes);
}

// Hands the numbers of a panel over as vectors of kLanes columns: put(row k, first column, vector).
template <class Load, class Put>
void readPanel(const typename Load::Type* in, int64_t kStride, int64_t columnStride, int64_t k,
               int64_t columns, Put put) {
  F block[kLanes];
  for (int64_t column = 0; column < columns; column += kLanes) {
    for (int64_t row = 0; row < k; row += kLanes) {
      const int64_t rows = smaller(kLanes, k - row);
      loadBlock<Load>(in + row * kStride + column * columnStride, kStride, columnStride, rows,
                      smaller(kLanes, columns - column), block);
      for (int64_t i = 0; i < rows; i++) put(row + i, column, block[i]);
    }
  }
}

// Packs a float32 panel as the micro-kernel reads it; for what attention multiplies.
inline void packPanel(const float* in, int64_t kStride, int64_t columnStride, int64_t k, int64_t columns,
                      float* out) {
  const int64_t width = roundUp(columns, kLanes);
  readPanel<LoadFloat32>(in, kStride, columnStride, k, columns,
                         [=](int64_t row, int64_t column, F v) { store(out + row * width + column, v); });
}

}  // namespace
}  // namespace saccade
