// Shared by attention and attentionWeights: the masked, scaled scores of a panel of queries and a block of
// keys, stored as [keys][queries]. Then keys and values need not be transposed, a panel of queries is packed
// once for all keys, and softmax, which is along the keys, works on a vector of queries at a time.
//
// Blocks of keys start at multiples of kKeys for all queries; so the order in which a query takes its keys,
// and with it every bit of its row, depends on the positions of the keys only.
#pragma once
#include "math.h"
#include "pack.h"

namespace saccade {
namespace {

// At most kBlockK keys, so that weights @ values of a block is one chain of the micro-kernel. The weights of
// a panel (64 KiB on AVX-512) fit into the second-level cache.
constexpr int64_t kKeys = 256;
static_assert(kKeys <= kBlockK);
struct Range {
  int64_t from, to;
};

// One head of one batch: its rows, and the keys that each query may see.
struct Head {
  const float* q;
  const float* k;
  const float* mask;  // null: none
  int64_t qStride, kStride, maskRowStride, maskColumnStride;
  int64_t depth;     // D
  int64_t keys;      // keyLength, or Nk
  int64_t position;  // of query 0, as that of a key
  int64_t window;
  bool causal;
  float scale;

  // Keys that query i may see: [from, to), from <= to.
  Range visible(int64_t i) const {
    const int64_t at = position + i;
    Range range{0, keys};
    if (causal) range.to = min(range.to, at + 1);
    if (window > 0) {
      range.from = max(range.from, at - window);
      range.to = min(range.to, at + window + 1);
    }
    if (range.from >= range.to) return {0, 0};
    return range;
  }

  // From the first to the last key that any of the queries first..first+count-1 sees.
  Range visible(int64_t first, int64_t count) const {
    Range range{keys, 0};
    for (int64_t i = first; i < first + count; i++) {
      const Range one = visible(i);
      if (one.from == one.to) continue;
      range.from = min(range.from, one.from);
      range.to = max(range.to, one.to);
    }
    return range.from < range.to ? range : Range{0, 0};
  }

  bool masked(int64_t i, int64_t key) const {
    return mask && mask[i * maskRowStride + key * maskColumnStride] == -__builtin_inff();
  }
};

inline F loadStrided(const float* p, int64_t stride, int64_t n) {
  if (stride == 1) return load(p, n);
  if (stride == 0) return select(firstLanes(n), broadcast(*p), zero());
  float lanes[kLanes] = {};
  for (int64_t i = 0; i < n; i++) lanes[i] = p[i * stride];
  return load(lanes);
}

// Up to kMicroColumns queries, multiplied by the scale and packed for the micro-kernel.
struct Panel {
  int64_t first, queries, width;                   // width: queries in whole vectors
  float* packed;                                   // [D][width]
  Range seen;                                      // from the first to the last key that any of them sees
  Range shared;                                    // keys that all of them see
  int32_t from[kMicroColumns], to[kMicroColumns];  // keys that each sees
};

inline Panel packQueries(const Head& head, int64_t first, int64_t queries, float* packed) {
  Panel panel{first, queries, roundUp(queries, kLanes), packed, head.visible(first, queries), {0, head.keys},
              {},    {}};
  for (int64_t i = 0; i < queries; i++) {
    const Range one = head.visible(first + i);
    panel.shared = {max(panel.shared.from, one.from), min(panel.shared.to, one.to)};
    panel.from[i] = static_cast<int32_t>(one.from);
    panel.to[i] = static_cast<int32_t>(one.to);
  }
  const F scale = broadcast(head.scale);
  readPanel<ReadFloat32>(head.q + first * head.qStride, 1, head.qStride, head.depth, queries,
                         [=](int64_t d, int64_t i, F v) { store(packed + d * panel.width + i, v * scale); });
  return panel;
}

// Adds the mask to a row of scores (those of one key), and sets scores that a query may not see to -infinity,
// even if they are NaN.
inline void hideScores(const Head& head, const Panel& panel, int64_t key, float* row) {
  const F hidden = broadcast(-__builtin_inff());
  const bool isShared = key >= panel.shared.from && key < panel.shared.to;
  for (int64_t i = 0; i < panel.queries; i += kLanes) {
    F v = load(row + i);
    if (head.mask) {
      const float* mask = head.mask + (panel.first + i) * head.maskRowStride + key * head.maskColumnStride;
      const F added = loadStrided(mask, head.maskRowStride, min(kLanes, panel.queries - i));
      v = select(equal(added, hidden), hidden, v + added);
    }
    if (!isShared) {
      const I index = broadcast(static_cast<int32_t>(key));
      const M sees = both(lessEqual(load(panel.from + i), index), less(index, load(panel.to + i)));
      v = select(sees, v, hidden);
    }
    store(row + i, v);
  }
}

// Rows of keys or values.
struct Rows {
  const float* data;
  int64_t stride;
  bool inCache = false;

  // The hardware does not prefetch rows of a large stride, and a few short rows end before it starts.
  void prefetch(int64_t first, int64_t count, int64_t length) const {
    if (inCache) return;
    for (int64_t i = first; i < first + count; i++) {
      for (int64_t j = 0; j < length; j += 16) __builtin_prefetch(data + i * stride + j);
    }
  }
};

// Writes scores[j * width + i] of the panel's queries i and the keys from + j for j < keys; `rows` are the
// rows of these keys. Calls each(first, count) for every few keys as their scores are complete.
template <class Each>
void scoreBlock(const Head& head, const Panel& panel, const Rows& rows, int64_t from, int64_t keys,
                float* scores, Each each) {
  const bool plain = !head.mask && from >= panel.shared.from && from + keys <= panel.shared.to;
  for (int64_t j = 0; j < keys; j += kMicroRows) {
    const int64_t count = min(kMicroRows, keys - j);
    rows.prefetch(j + kMicroRows, min(kMicroRows, keys - j - count), head.depth);
    for (int64_t d = 0; d < head.depth; d += kBlockK) {
      multiplyPanel<LoadFloat32>(count, panel.width, min(kBlockK, head.depth - d),
                                 rows.data + j * rows.stride + d, rows.stride, panel.packed + d * panel.width,
                                 scores + j * panel.width, panel.width, d > 0);
    }
    for (int64_t i = j; i < j + count && !plain; i++)
      hideScores(head, panel, from + i, scores + i * panel.width);
    each(j, count);
  }
}

// A tile of either kernel: a few panels of queries of one head.
struct Tile {
  int64_t batch, head, first, queries;
};

constexpr int64_t kMaxPanels = 256 / kMicroColumns;
// A tile gets more than one panel only if there are this many tiles.
constexpr int64_t kMinTiles = 32;

inline int64_t queriesOfTile(const View& q) {
  const int64_t panels = q.dim[0] * q.dim[1] * ((q.dim[2] + kMicroColumns - 1) / kMicroColumns);
  return max(min(panels / kMinTiles, kMaxPanels), 1) * kMicroColumns;
}

inline Tile tileOf(const View& q, int64_t tile) {
  const int64_t perTile = queriesOfTile(q), blocks = ceilDivide(q.dim[2], perTile),
                first = tile % blocks * perTile;
  return {tile / blocks / q.dim[1], tile / blocks % q.dim[1], first, min(perTile, q.dim[2] - first)};
}

inline int64_t tilesOf(const View& q) {
  return q.dim[0] * q.dim[1] * ceilDivide(q.dim[2], queriesOfTile(q));
}

inline const float* rowsOf(const View& view, int64_t batch, int64_t head) {
  return reinterpret_cast<const float*>(view.data) + batch * view.stride[0] + head * view.stride[1];
}

// attribute: [scale, causal, window]. q holds the queries from `first` on, of `queries` in all.
inline Head headOf(const View& q, const View& k, const View& mask, const View& keyLength,
                   const double* attribute, int64_t batch, int64_t index, int64_t first, int64_t queries) {
  Head head{};
  head.q = rowsOf(q, batch, index);
  head.k = rowsOf(k, batch, index);
  head.qStride = q.stride[2];
  head.kStride = k.stride[2];
  if (!isAbsent(mask)) {
    head.mask = rowsOf(mask, batch, index);
    head.maskRowStride = mask.stride[2];
    head.maskColumnStride = mask.stride[3];
  }
  head.depth = q.dim[3];
  head.keys = k.dim[2];
  if (!isAbsent(keyLength)) {
    const int32_t length = reinterpret_cast<const int32_t*>(keyLength.data)[batch * keyLength.stride[0]];
    head.keys = min(head.keys, max(length, 0));
  }
  head.position = head.keys - queries + first;
  head.window = static_cast<int64_t>(attribute[2]);
  head.causal = attribute[1] != 0;
  head.scale = static_cast<float>(attribute[0]);
  return head;
}

}  // namespace
}  // namespace saccade
