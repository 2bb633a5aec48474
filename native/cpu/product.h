// A tile of  out = activation(scale * (A @ B) + bias) + residual,  shared by gemm and convolution, which
// differ only in where the rows of A come from. B is packed (pack.h).
//
// The loop nest: for each block of K, the rows of A are at hand (in place or copied to scratch); for each
// panel of the tile, the block of B is read from the second-level cache once for every six rows; sums wait in
// scratch, and the epilogue runs over them while they are still in cache.
#pragma once
#include "check.h"
#include "math.h"
#include "pack.h"

namespace saccade {
namespace {

// Rows of a tile: enough that reading B is paid for, few enough that ViT-B (197 rows) splits over four
// threads.
constexpr int64_t kTileRows = 72;
constexpr int64_t kTilePanels = 16;
static_assert(kTileRows % kMicroRows == 0 && kBlockK % kLanes == 0);

struct Rows {
  const float* data;
  int64_t stride;
};

struct Epilogue {
  float scale;
  const float* scales;  // one a column of B, of int8 weights; or null
  const float* bias;    // one a column, or null
  Unary activation;
};

// Floats of scratch that the sums of a tile need.
constexpr int64_t sumsSize(int64_t rows, int64_t panels) {
  return rows * panels * kMicroColumns;
}

// sums[rows][panels * kMicroColumns] = A @ (panels `first`... of b). rowsAt(k, length) gives A's columns
// k..k+length-1.
template <class RowsAt>
void multiplyTile(const PackedShape& shape, const char* b, int64_t rows, int64_t first, int64_t panels,
                  RowsAt rowsAt, float* sums) {
  const int64_t stride = panels * kMicroColumns;
  for (int64_t k = 0; k < shape.k; k += kBlockK) {
    const int64_t length = smaller(kBlockK, shape.k - k);
    const Rows a = rowsAt(k, length);
    for (int64_t panel = 0; panel < panels; panel++) {
      const int64_t columns = shape.panelColumns(first + panel);
      const char* block = b + shape.panelOffset(first + panel) + k * columns * shape.elementBytes();
      float* c = sums + panel * kMicroColumns;
      const bool add = k > 0;
      switch (shape.precision) {
        case Precision::bfloat16:
          multiplyPanel<LoadBfloat16>(rows, columns, length, a.data, a.stride, block, c, stride, add);
          break;
        case Precision::float16:
          multiplyPanel<LoadFloat16>(rows, columns, length, a.data, a.stride, block, c, stride, add);
          break;
        case Precision::int8:
          multiplyPanel<LoadInt8>(rows, columns, length, a.data, a.stride, block, c, stride, add);
          break;
        default:
          multiplyPanel<LoadFloat32>(rows, columns, length, a.data, a.stride, block, c, stride, add);
      }
    }
  }
}

// One row of the tile from its sums; `column` is the first of `columns` in the whole matrix. Sums are padded
// to whole vectors, nothing else is. `residual` may be null, or the same memory as `out`.
inline void finishRow(const float* sums, int64_t column, int64_t columns, const Epilogue& epilogue,
                      const float* residual, float* out) {
  for (int64_t j = 0; j < columns; j += kLanes) {
    const int64_t lanes = smaller(kLanes, columns - j);
    F v = load(sums + j);
    if (epilogue.scales) v = v * load(epilogue.scales + column + j);
    v = v * broadcast(epilogue.scale);
    if (epilogue.bias) v = v + load(epilogue.bias + column + j, lanes);
    if (epilogue.activation != Unary::identity) v = activate(epilogue.activation, v, zero());
    if (residual) v = v + load(residual + j, lanes);
    store(out + j, v, lanes);
  }
}

}  // namespace
}  // namespace saccade
