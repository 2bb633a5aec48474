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
  const float* bias;  // one a column, or null
  Unary activation;
};

// Floats of scratch that the sums of a tile need.
constexpr int64_t sumsSize(int64_t rows, int64_t panels) {
  return rows * panels * kMicroColumns;
}

// Rows of A in bfloat16, on their way into products of pairs; a line of cache longer than the block, so that
// rows do not compete for the same places of the cache.
constexpr int64_t kNarrowStride = kBlockKBfloat16 + 32;

constexpr bool multipliesBfloat16(Precision precision) {
  return kBfloat16Products && precision == Precision::bfloat16;
}
// Floats of scratch that they need.
constexpr int64_t narrowSize(int64_t rows, Precision precision) {
  return multipliesBfloat16(precision) ? rows * kNarrowStride / 2 : 0;
}

// Rounds columns of A to bfloat16; the last pair is filled up with 0.
inline void narrowRows(const Rows& a, int64_t rows, int64_t columns, uint16_t* out) {
  for (int64_t i = 0; i < rows; i++) {
    const float* in = a.data + i * a.stride;
    const auto put = [&](int64_t j, F low, F high) {
      store(reinterpret_cast<int32_t*>(out + i * kNarrowStride + j), toBfloat16(low, high));
    };
    int64_t j = 0;
    for (; j + 2 * kLanes <= columns; j += 2 * kLanes) put(j, load(in + j), load(in + j + kLanes));
    const int64_t left = columns - j;
    if (left > kLanes) {
      put(j, load(in + j), load(in + j + kLanes, left - kLanes));
    } else if (left > 0) {
      put(j, load(in + j, left), zero());
    }
  }
}

// Where a tile's results will go; rows `stride` floats apart.
struct Target {
  const float* out;
  int64_t stride;
};

// What a tile reads after the block of `blockK` rows of panel first + panel at k: the next panel, or the next
// block of K, or the panel that follows the tile's. The results are awaited when the last block of K is
// there.
inline Soon soonAfter(const PackedShape& shape, const char* b, int64_t first, int64_t panel, int64_t panels,
                      int64_t k, int64_t blockK, const Target& target) {
  const bool isLast = k + blockK >= shape.k;
  Soon soon{};
  if (isLast) {
    soon.out = reinterpret_cast<const char*>(target.out + panel * kMicroColumns);
    soon.outStride = 4 * target.stride;
  }
  if (++panel == panels) {
    k = isLast ? 0 : k + blockK;
    if (!isLast) panel = 0;
  }
  if (first + panel == shape.panels()) return soon;
  soon.next = b + shape.rowOffset(first + panel, k);
  soon.nextBytes = smaller(blockK, shape.k - k) * shape.panelColumns(first + panel) * shape.elementBytes();
  return soon;
}

// sums[rows][panels * kMicroColumns] = A @ (panels `first`... of b). rowsAt(k, length) gives A's columns
// k..k+length-1, at most kBlockK. `narrow` is scratch, of narrowSize().
template <class RowsAt>
void multiplyTile(const PackedShape& shape, const char* b, int64_t rows, int64_t first, int64_t panels,
                  RowsAt rowsAt, float* narrow, const Target& target, float* sums) {
  const int64_t stride = panels * kMicroColumns;
  const bool byPairs = multipliesBfloat16(shape.precision);
  const int64_t blockK = byPairs ? kBlockKBfloat16 : kBlockK;
  for (int64_t k = 0; k < shape.k; k += blockK) {
    const int64_t length = smaller(blockK, shape.k - k);
    Rows a{};
    if (byPairs) {
      auto* const out = reinterpret_cast<uint16_t*>(narrow);
      for (int64_t part = 0; part < length; part += kBlockK) {
        const int64_t columns = smaller(kBlockK, length - part);
        narrowRows(rowsAt(k + part, columns), rows, columns, out + part);
      }
    } else {
      a = rowsAt(k, length);
    }
    for (int64_t panel = 0; panel < panels; panel++) {
      const int64_t columns = shape.panelColumns(first + panel);
      const char* block = b + shape.rowOffset(first + panel, k);
      float* c = sums + panel * kMicroColumns;
      const bool add = k > 0;
      const Soon soon = soonAfter(shape, b, first, panel, panels, k, blockK, target);
      switch (shape.precision) {
        case Precision::bfloat16:
          if (byPairs) {
            multiplyPanel<Bfloat16Pairs>(rows, columns, (length + 1) / 2, reinterpret_cast<int32_t*>(narrow),
                                         kNarrowStride / 2, block, c, stride, add, soon);
          } else {
            multiplyPanel<LoadBfloat16>(rows, columns, length, a.data, a.stride, block, c, stride, add, soon);
          }
          break;
        case Precision::float16:
          multiplyPanel<LoadFloat16>(rows, columns, length, a.data, a.stride, block, c, stride, add, soon);
          break;
        case Precision::int8:
          multiplyPanel<LoadInt8>(rows, columns, length, a.data, a.stride, block, c, stride, add, soon);
          break;
        default:
          multiplyPanel<LoadFloat32>(rows, columns, length, a.data, a.stride, block, c, stride, add, soon);
      }
    }
  }
}

// What a row of the tile has in float32, from column j of the tile on.
struct FloatSums {
  const float* sums;
  const float* scales;  // one a column, of int8 weights; or null
  F operator()(int64_t j) const {
    const F v = load(sums + j);
    return scales ? v * load(scales + j) : v;
  }
};

// One function over whole vectors, in place.
inline void activateRow(Unary activation, int64_t columns, float* row) {
  withUnary(activation, [=](auto kind) {
    for (int64_t j = 0; j < columns; j += kLanes) {
      store(row + j, activate<kind.value>(load(row + j), zero()));
    }
  });
}

// One row of the tile from its sums; `column` is the first of `columns` in the whole matrix. `row` is the
// memory of the sums, and is written over. Sums are padded to whole vectors, nothing else is. `residual` may
// be null, or the same memory as `out`.
template <class Sums>
void finishRow(const Sums& sums, float* row, int64_t column, int64_t columns, const Epilogue& epilogue,
               const float* residual, float* out) {
  const auto linear = [&](int64_t j, int64_t lanes) {
    const F v = sums(j) * broadcast(epilogue.scale);
    return epilogue.bias ? v + load(epilogue.bias + column + j, lanes) : v;
  };
  const auto put = [&](int64_t j, int64_t lanes, F v) {
    store(out + j, residual ? v + load(residual + j, lanes) : v, lanes);
  };
  if (epilogue.activation == Unary::identity) {
    for (int64_t j = 0; j < columns; j += kLanes) {
      const int64_t lanes = smaller(kLanes, columns - j);
      put(j, lanes, linear(j, lanes));
    }
    return;
  }
  // The activation in a loop of its own: the choice of it is made once, and its constants stay in registers.
  for (int64_t j = 0; j < columns; j += kLanes) store(row + j, linear(j, smaller(kLanes, columns - j)));
  activateRow(epilogue.activation, columns, row);
  for (int64_t j = 0; j < columns; j += kLanes) put(j, smaller(kLanes, columns - j), load(row + j));
}

// The column scales of int8 weights; null of others.
inline const float* scalesOf(const PackedShape& shape, const char* b) {
  return shape.precision == Precision::int8 ? reinterpret_cast<const float*>(b) : nullptr;
}

}  // namespace
}  // namespace saccade
