// A tile of  out = activation(scale * (A @ B) + bias) + residual,  shared by gemm and convolution, which
// differ only in where the rows of A are read. B is packed (pack.h).
//
// The loop nest: for each block of K, the rows of A are read in place, whole or in segments, or copied to
// scratch; for each panel of the tile, the block of B is read from the second-level cache once for every six
// rows; sums are kept in scratch, and the epilogue runs over those of a panel as soon as they are complete,
// while they are in the first-level cache.
#pragma once
#include "accumulate.h"
#include "math.h"
#include "pack.h"
#include "segments.h"

namespace saccade {
namespace {

// Rows of a tile: enough to make reading B cheap, few enough that ViT-B (197 rows) is split among four
// threads.
constexpr int64_t kTileRows = 72;
constexpr int64_t kTilePanels = 16;
static_assert(kTileRows % kMicroRows == 0 && kBlockK % kLanes == 0);

// Rows of A: `stride` floats apart, or, in products of float32, in `count` segments.
struct Rows {
  const float* data;
  int64_t stride;
  const Segment* segments;
  int64_t count;
};

struct Epilogue {
  float scale;
  const float* bias;  // of each column of the panel, or null
  Unary activation;
};

// Floats of scratch that the sums of a tile need.
constexpr int64_t sumsSize(int64_t rows, int64_t panels) {
  return rows * panels * kMicroColumns;
}

// Rows of A in bfloat16, for products of pairs; a cache line longer than the block, so that rows do not map
// to the same cache sets.
constexpr int64_t kNarrowStride = kBlockKBfloat16 + 32;

constexpr bool multipliesBfloat16(Precision precision) {
  return kBfloat16Products && precision == Precision::bfloat16;
}
// Floats of scratch that these rows need.
constexpr int64_t narrowSize(int64_t rows, Precision precision) {
  return multipliesBfloat16(precision) ? rows * kNarrowStride / 2 : 0;
}

// Rounds columns of A to bfloat16; the last pair is padded with 0.
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

// Where a tile's results are written, rows `stride` floats apart; null where rows have no common stride.
struct Target {
  const float* out;
  int64_t stride;
};

// What to prefetch during the block of `blockK` rows at k of panel first + panel: the block that the tile
// reads next (of the next panel, or of the next block of K), or the panel after the tile's. Results are
// written during the last block of K.
inline PanelPrefetch prefetchAfter(const PackedShape& shape, const char* b, int64_t first, int64_t panel,
                                   int64_t panels, int64_t k, int64_t blockK, const Target& target) {
  const bool isLast = k + blockK >= shape.k;
  PanelPrefetch prefetch{};
  if (isLast && target.out) {
    prefetch.out = reinterpret_cast<const char*>(target.out + panel * kMicroColumns);
    prefetch.outStride = 4 * target.stride;
  }
  if (++panel == panels) {
    k = isLast ? 0 : k + blockK;
    if (!isLast) panel = 0;
  }
  if (first + panel == shape.panels()) return prefetch;
  prefetch.next = b + shape.rowOffset(first + panel, k);
  prefetch.nextBytes = min(blockK, shape.k - k) * shape.panelColumns(first + panel) * shape.elementBytes();
  return prefetch;
}

// The column scales of int8 weights; null for others.
inline const float* scalesOf(const PackedShape& shape, const char* b) {
  return shape.precision == Precision::int8 ? reinterpret_cast<const float*>(b) : nullptr;
}

// The sums of a panel in float32: kLanes columns from j on, of row i.
struct FloatSums {
  const float* sums;
  int64_t stride;
  const float* scales;  // of each column of int8 weights; or null
  F operator()(int64_t i, int64_t j) const {
    const F v = load(sums + i * stride + j);
    return scales ? v * load(scales + j) : v;
  }
};

// A @ (panels `first`... of b). rowsAt(k, length) returns A's columns k..k+length-1, at most kBlockK.
// done(panel, sums) is called when the sums of a panel of the tile are complete.
// narrow: scratch of narrowSize(). sums: scratch of sumsSize().
template <class RowsAt, class Done>
void multiplyTile(const PackedShape& shape, const char* b, int64_t rows, int64_t first, int64_t panels,
                  RowsAt rowsAt, float* narrow, const Target& target, float* sums, Done done) {
  const bool byPairs = multipliesBfloat16(shape.precision);
  const int64_t blockK = byPairs ? kBlockKBfloat16 : kBlockK;
  // The panels of a single block of K use the same memory, which stays in the first-level cache.
  const bool single = shape.k <= blockK;
  const int64_t stride = (single ? 1 : panels) * kMicroColumns;
  const float* scales = scalesOf(shape, b);
  for (int64_t k = 0; k < shape.k; k += blockK) {
    const int64_t length = min(blockK, shape.k - k);
    Rows a{};
    if (byPairs) {
      auto* const out = reinterpret_cast<uint16_t*>(narrow);
      for (int64_t part = 0; part < length; part += kBlockK) {
        const int64_t columns = min(kBlockK, length - part);
        narrowRows(rowsAt(k + part, columns), rows, columns, out + part);
      }
    } else {
      a = rowsAt(k, length);
    }
    for (int64_t panel = 0; panel < panels; panel++) {
      const int64_t columns = shape.panelColumns(first + panel);
      const char* block = b + shape.rowOffset(first + panel, k);
      float* c = sums + (single ? 0 : panel * kMicroColumns);
      const bool add = k > 0;
      const PanelPrefetch prefetch = prefetchAfter(shape, b, first, panel, panels, k, blockK, target);
      switch (shape.precision) {
        case Precision::bfloat16:
          if (byPairs) {
            multiplyPanel<Bfloat16Pairs>(rows, columns, (length + 1) / 2, reinterpret_cast<int32_t*>(narrow),
                                         kNarrowStride / 2, block, c, stride, add, prefetch);
          } else {
            multiplyPanel<LoadBfloat16>(rows, columns, length, a.data, a.stride, block, c, stride, add,
                                        prefetch);
          }
          break;
        case Precision::float16:
          multiplyPanel<LoadFloat16>(rows, columns, length, a.data, a.stride, block, c, stride, add,
                                     prefetch);
          break;
        case Precision::int8:
          multiplyPanel<LoadInt8>(rows, columns, length, a.data, a.stride, block, c, stride, add, prefetch);
          break;
        default:
          if (a.segments) {
            multiplySegments(rows, columns, a.segments, a.count, length, block, c, stride, add, prefetch);
          } else {
            multiplyPanel<LoadFloat32>(rows, columns, length, a.data, a.stride, block, c, stride, add,
                                       prefetch);
          }
      }
      if (k + blockK < shape.k) continue;
      done(panel, FloatSums{c, stride, scales ? scales + (first + panel) * kMicroColumns : nullptr});
    }
  }
}

// Writes rows of the output from the sums of a panel, which are padded to whole vectors. outOf(i) and
// residualOf(i) return where row i begins; the second may be null, or the same memory.
template <class Sums, class OutOf, class ResidualOf>
void finishPanel(const Sums& sums, int64_t rows, int64_t columns, const Epilogue& epilogue, OutOf outOf,
                 ResidualOf residualOf) {
  const F scale = broadcast(epilogue.scale);
  F bias[kMicroVectors];
  for (int j = 0; j < kMicroVectors; j++) {
    const int64_t lanes = min(kLanes, columns - j * kLanes);
    bias[j] = epilogue.bias && lanes > 0 ? load(epilogue.bias + j * kLanes, lanes) : zero();
  }
  const auto write = [&](auto function) {
    const auto at = [&](int64_t i, int j) { return function(sums(i, j * kLanes) * scale + bias[j]); };
    for (int64_t i = 0; i < rows; i++) {
      float* out = outOf(i);
      const float* residual = residualOf(i);
      if (columns == kMicroColumns) {
#pragma GCC unroll 8
        for (int j = 0; j < kMicroVectors; j++) {
          const F v = at(i, j);
          store(out + j * kLanes, residual ? v + load(residual + j * kLanes) : v);
        }
        continue;
      }
      for (int j = 0; j * kLanes < columns; j++) {
        const int64_t lanes = min(kLanes, columns - j * kLanes);
        const F v = at(i, j);
        storeFirst(out + j * kLanes, residual ? v + loadFirst(residual + j * kLanes, lanes) : v, lanes);
      }
    }
  };
  // The function is chosen once a panel, so that its constants stay in registers.
  if (epilogue.activation == Unary::identity) return write([](F v) { return v; });
  withUnary(epilogue.activation,
            [&](auto kind) { write([](F v) { return activate<decltype(kind)::value>(v, zero()); }); });
}

}  // namespace
}  // namespace saccade
