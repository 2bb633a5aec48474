// How a matrix B of K rows and N columns lies packed: panels of kMicroColumns columns, each with its K rows
// one after the other, so that the micro-kernel reads B in one straight line. Rows of bfloat16 go in pairs
// and rows of int8 in quads, the numbers of a column side by side in 32 bits; K is filled up with rows of
// zeros.
//
//   one batch:  [int8 only: N' column scales, float32; N' column offsets, int32]
//               panel 0: [K / group][kMicroColumns][group]  panel 1 ...  last: [K / group][width][group]
//
// N' is N rounded up to kLanes; the last panel is only as wide as it needs to be, in whole vectors; columns
// past N hold zeros. Scales, offsets, panels' first and batches start at multiples of 64 bytes. A column's
// offset is -128 times the sum of its numbers: what to add where the numbers of A were moved up by 128 to be
// unsigned.
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
  // Rows that lie side by side.
  constexpr int64_t group() const {
    return precision == Precision::bfloat16 ? 2 : precision == Precision::int8 ? 4 : 1;
  }
  constexpr int64_t columns() const { return roundUp(n, kLanes); }
  constexpr int64_t panels() const { return (n + kMicroColumns - 1) / kMicroColumns; }
  // Columns of a panel as stored: kMicroColumns, or less in the last.
  constexpr int64_t panelColumns(int64_t panel) const {
    return smaller(kMicroColumns, columns() - panel * kMicroColumns);
  }
  constexpr int64_t offsetsOffset() const { return roundUp(columns() * 4, 64); }
  constexpr int64_t panelsOffset() const { return precision == Precision::int8 ? 2 * offsetsOffset() : 0; }
  // Of row k, which begins a group, in a panel.
  constexpr int64_t rowOffset(int64_t panel, int64_t row) const {
    return panelsOffset() +
           (panel * kMicroColumns * roundUp(k, group()) + row * panelColumns(panel)) * elementBytes();
  }
  constexpr int64_t batchBytes() const {
    return panelsOffset() + roundUp(columns() * roundUp(k, group()) * elementBytes(), 64);
  }
};

// How the numbers of a matrix to be packed are read: as vectors, and one by one.
struct ReadFloat32 {
  using Type = float;
  static F load(const float* p) { return saccade::load(p); }
  static float one(float v) { return v; }
};
struct ReadBfloat16 {
  using Type = uint16_t;
  static F load(const uint16_t* p) { return loadBfloat16(p); }
  static float one(uint16_t v) { return bfloat16ToFloat(v); }
};
struct ReadFloat16 {
  using Type = uint16_t;
  static F load(const uint16_t* p) { return loadFloat16(p); }
  static float one(uint16_t v) { return float16ToFloat(v); }
};

// block[i], lane j = in[i * kStride + j * columnStride] for i < rows and j < columns, else 0.
template <class Read>
void loadBlock(const typename Read::Type* in, int64_t kStride, int64_t columnStride, int64_t rows,
               int64_t columns, F* block) {
  if (columnStride == 1 && columns == kLanes) {
    for (int64_t i = 0; i < kLanes; i++) block[i] = i < rows ? Read::load(in + i * kStride) : zero();
    return;
  }
  if (kStride == 1 && rows == kLanes) {
    for (int64_t j = 0; j < kLanes; j++) block[j] = j < columns ? Read::load(in + j * columnStride) : zero();
    transpose(block);
    return;
  }
  float numbers[kLanes * kLanes] = {};
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < columns; j++) {
      numbers[i * kLanes + j] = Read::one(in[i * kStride + j * columnStride]);
    }
  }
  for (int64_t i = 0; i < kLanes; i++) block[i] = load(numbers + i * kLanes);
}

// Hands the numbers of a panel over as vectors of kLanes columns: put(row k, first column, vector).
template <class Read, class Put>
void readPanel(const typename Read::Type* in, int64_t kStride, int64_t columnStride, int64_t k,
               int64_t columns, Put put) {
  F block[kLanes];
  for (int64_t column = 0; column < columns; column += kLanes) {
    for (int64_t row = 0; row < k; row += kLanes) {
      const int64_t rows = smaller(kLanes, k - row);
      loadBlock<Read>(in + row * kStride + column * columnStride, kStride, columnStride, rows,
                      smaller(kLanes, columns - column), block);
      for (int64_t i = 0; i < rows; i++) put(row + i, column, block[i]);
    }
  }
}

}  // namespace
}  // namespace saccade
