// Which elements of a matrix each lane of a warp holds for mma.sync and ldmatrix, as the PTX manual defines
// it (Warp Level Matrix Multiply-Accumulate Instructions). `i` is the index of an element among those of the
// lane.
#pragma once
#include <stdint.h>

namespace saccade::cuda {

struct Place {
  int32_t row, column;
};

// A, 16 x 16 of 16 bits: eight a lane, two in a register.
constexpr Place placeInA16(int32_t lane, int32_t i) {
  return {lane / 4 + (i % 4 >= 2 ? 8 : 0), lane % 4 * 2 + i % 2 + (i >= 4 ? 8 : 0)};
}
// B, 16 x 8 of 16 bits: four a lane.
constexpr Place placeInB16(int32_t lane, int32_t i) {
  return {lane % 4 * 2 + i % 2 + (i >= 2 ? 8 : 0), lane / 4};
}
// A, 16 x 8 of tf32: four a lane.
constexpr Place placeInA32(int32_t lane, int32_t i) {
  return {lane / 4 + (i % 2 == 1 ? 8 : 0), lane % 4 + (i >= 2 ? 4 : 0)};
}
// B, 8 x 8 of tf32: two a lane.
constexpr Place placeInB32(int32_t lane, int32_t i) {
  return {lane % 4 + (i == 1 ? 4 : 0), lane / 4};
}
// C and D, 16 x 8 of float32: four a lane.
constexpr Place placeInC(int32_t lane, int32_t i) {
  return {lane / 4 + (i >= 2 ? 8 : 0), lane % 4 * 2 + i % 2};
}
// One of the 8 x 8 matrices of 16 bits that ldmatrix loads: two a lane. Transposed: row and column change
// places.
constexpr Place placeIn8x8(int32_t lane, int32_t i) {
  return {lane / 4, lane % 4 * 2 + i};
}

}  // namespace saccade::cuda
