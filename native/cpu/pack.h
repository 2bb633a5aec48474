// The packed form of a matrix B of K rows and N columns: panels of kMicroColumns columns, each with its K
// rows one after the other, so that the micro-kernel reads B sequentially. Rows of bfloat16 are stored in
// pairs and rows of int8 in quads, the elements of a column next to each other in 32 bits; K is padded with
// rows of zeros.
//
//   one batch:  [int8 only: N' column scales, float32; N' column offsets, int32]
//               panel 0: [K / group][kMicroColumns][group]  panel 1 ...  last: [K / group][width][group]
//
// N' is N rounded up to kLanes; the last panel has only as many whole vectors as it needs; columns past N are
// zeros. Scales, offsets, the first panel and each batch start at multiples of 64 bytes. A column's offset is
// -128 times the sum of its elements: it corrects products with elements of A to which 128 was added, to make
// them unsigned.
#pragma once
#include "../runtime/half.h"
#include "integer.h"
#include "isa.h"
#include "microkernel.h"

namespace saccade {
namespace {

struct PackedShape {
  int64_t k, n;
  Precision precision;

  constexpr int64_t elementBytes() const {
    return precision == Precision::float32 ? 4 : precision == Precision::int8 ? 1 : 2;
  }
  // Rows whose elements are stored next to each other.
  constexpr int64_t group() const {
    return precision == Precision::bfloat16 ? 2 : precision == Precision::int8 ? 4 : 1;
  }
  constexpr int64_t columns() const { return roundUp(n, kLanes); }
  constexpr int64_t panels() const { return (n + kMicroColumns - 1) / kMicroColumns; }
  // Columns of a panel as stored: kMicroColumns, or less in the last.
  constexpr int64_t panelColumns(int64_t panel) const {
    return min(kMicroColumns, columns() - panel * kMicroColumns);
  }
  constexpr int64_t offsetsOffset() const { return roundUp(columns() * 4, 64); }
  constexpr int64_t panelsOffset() const { return precision == Precision::int8 ? 2 * offsetsOffset() : 0; }
  // Bytes before a row of a panel; the row is the first of its group.
  constexpr int64_t rowOffset(int64_t panel, int64_t row) const {
    return panelsOffset() +
           (panel * kMicroColumns * roundUp(k, group()) + row * panelColumns(panel)) * elementBytes();
  }
  constexpr int64_t batchBytes() const {
    return panelsOffset() + roundUp(columns() * roundUp(k, group()) * elementBytes(), 64);
  }
};

// How elements of a matrix that is packed are read: as vectors, and one at a time.
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
  float elements[kLanes * kLanes] = {};
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < columns; j++) {
      elements[i * kLanes + j] = Read::one(in[i * kStride + j * columnStride]);
    }
  }
  for (int64_t i = 0; i < kLanes; i++) block[i] = load(elements + i * kLanes);
}

// Calls put(row, first column, vector of kLanes columns) for all of a panel.
template <class Read, class Put>
void readPanel(const typename Read::Type* in, int64_t kStride, int64_t columnStride, int64_t k,
               int64_t columns, Put put) {
  F block[kLanes];
  for (int64_t column = 0; column < columns; column += kLanes) {
    for (int64_t row = 0; row < k; row += kLanes) {
      const int64_t rows = min(kLanes, k - row);
      loadBlock<Read>(in + row * kStride + column * columnStride, kStride, columnStride, rows,
                      min(kLanes, columns - column), block);
      for (int64_t i = 0; i < rows; i++) put(row + i, column, block[i]);
    }
  }
}

}  // namespace
}  // namespace saccade
