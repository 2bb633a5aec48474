// What attention and attentionWeights share: the masked, scaled scores of a panel of queries against a block
// of keys, [keys][queries]. That way round nothing of keys and values is transposed, a panel of
// queries is packed once for all keys, and softmax, which goes along the keys, treats a vector of queries at
// a time.
//
// Keys are taken in blocks that start at multiples of kKeys, whatever the queries; so the order in which a
// query meets its keys, and with it every bit of its row, depends on the keys' places alone.
#pragma once
#include "math.h"
#include "pack.h"

namespace saccade {
namespace {

// Not more keys than kBlockK, so that weights @ values is one chain of the micro-kernel a block. The weights
// of a panel (64 KiB on AVX-512) lie in the second-level cache.
constexpr int64_t kKeys = 256;
static_assert(kKeys <= kBlockK);
struct Range {
  int64_t from, to;
};

// One head of one batch: where its rows lie, and which keys each query may see.
struct Head {
  const float* q;
  const float* k;
  const float* mask;  // null: none
  int64_t qStride, kStride, maskRowStride, maskColumnStride;
  int64_t depth;  // D
  int64_t keys;   // those that exist: keyLength, or Nk
  int64_t place;  // where query 0 stands among the keys
  int64_t window;
  bool causal;
  float scale;

  // Keys that query i may see: [from, to), from <= to.
  Range visible(int64_t i) const {
    const int64_t at = place + i;
    Range range{0, keys};
    if (causal) range.to = smaller(range.to, at + 1);
    if (window > 0) {
      range.from = larger(range.from, at - window);
      range.to = smaller(range.to, at + window + 1);
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
      range.from = smaller(range.from, one.from);
      range.to = larger(range.to, one.to);
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

// Up to kMicroColumns queries, packed for the micro-kernel with the scale in them.
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
    panel.shared = {larger(panel.shared.from, one.from), smaller(panel.shared.to, one.to)};
    panel.from[i] = static_cast<int32_t>(one.from);
    panel.to[i] = static_cast<int32_t>(one.to);
  }
  const F scale = broadcast(head.scale);
  readPanel<ReadFloat32>(head.q + first * head.qStride, 1, head.qStride, head.depth, queries,
                         [=](int64_t d, int64_t i, F v) { store(packed + d * panel.width + i, v * scale); });
  return panel;
}

// What a query may not see of a row of scores (those of one key) becomes -infinity, even where it is NaN.
inline void hideScores(const Head& head, const Panel& panel, int64_t key, float* row) {
  const F hidden = broadcast(-__builtin_inff());
  const bool isShared = key >= panel.shared.from && key < panel.shared.to;
  for (int64_t i = 0; i < panel.queries; i += kLanes) {
    F v = load(row + i);
    if (head.mask) {
      const float* mask = head.mask + (panel.first + i) * head.maskRowStride + key * head.maskColumnStride;
      const F added = loadStrided(mask, head.maskRowStride, smaller(kLanes, panel.queries - i));
      v = select(equal(added, hidden), hidden, v + added);
    }
    if (!isShared) {
      const I place = broadcast(static_cast<int32_t>(key));
      const M sees = both(lessEqual(load(panel.from + i), place), less(place, load(panel.to + i)));
      v = select(sees, v, hidden);
    }
    store(row + i, v);
  }
}

// Some rows of keys or values.
struct Rows {
  const float* data;
  int64_t stride;
  bool isNear = false;  // in the cache

  // Rows that lie apart are found by no prefetcher, and those of a few keys end before one has begun.
  void prefetch(int64_t first, int64_t count, int64_t length) const {
    if (isNear) return;
    for (int64_t i = first; i < first + count; i++) {
      for (int64_t j = 0; j < length; j += 16) __builtin_prefetch(data + i * stride + j);
    }
  }
};

// scores[j * width + i] of the panel's queries and the keys from..from+keys-1, which lie at `rows`. `each` is
// called with the first of some keys and their number as they are done.
template <class Each>
void scoreBlock(const Head& head, const Panel& panel, const Rows& rows, int64_t from, int64_t keys,
                float* scores, Each each) {
  const bool plain = !head.mask && from >= panel.shared.from && from + keys <= panel.shared.to;
  for (int64_t j = 0; j < keys; j += kMicroRows) {
    const int64_t some = smaller(kMicroRows, keys - j);
    rows.prefetch(j + kMicroRows, smaller(kMicroRows, keys - j - some), head.depth);
    for (int64_t d = 0; d < head.depth; d += kBlockK) {
      multiplyPanel<LoadFloat32>(some, panel.width, smaller(kBlockK, head.depth - d),
                                 rows.data + j * rows.stride + d, rows.stride, panel.packed + d * panel.width,
                                 scores + j * panel.width, panel.width, d > 0);
    }
    for (int64_t i = j; i < j + some && !plain; i++)
      hideScores(head, panel, from + i, scores + i * panel.width);
    each(j, some);
  }
}

// Tiles of both: batch, head, some panels of queries.
struct Tile {
  int64_t batch, head, first, queries;
};

constexpr int64_t kMostPanels = 256 / kMicroColumns;
// Tiles that are left for the threads, as far as there are panels.
constexpr int64_t kEnoughTiles = 32;

inline int64_t queriesOfTile(const View& q) {
  const int64_t panels = q.dim[0] * q.dim[1] * ((q.dim[2] + kMicroColumns - 1) / kMicroColumns);
  return larger(smaller(panels / kEnoughTiles, kMostPanels), 1) * kMicroColumns;
}

inline Tile tileOf(const View& q, int64_t tile) {
  const int64_t most = queriesOfTile(q), blocks = (q.dim[2] + most - 1) / most, first = tile % blocks * most;
  return {tile / blocks / q.dim[1], tile / blocks % q.dim[1], first, smaller(most, q.dim[2] - first)};
}

inline int64_t tilesOf(const View& q) {
  const int64_t most = queriesOfTile(q);
  return q.dim[0] * q.dim[1] * ((q.dim[2] + most - 1) / most);
}

inline const float* rowsOf(const View& view, int64_t batch, int64_t head) {
  return reinterpret_cast<const float*>(view.data) + batch * view.stride[0] + head * view.stride[1];
}

// `attribute` is [scale, causal, window]; q holds the queries from `first` on of the `queries` there are.
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
    head.keys = smaller(head.keys, larger(length, 0));
  }
  head.place = head.keys - queries + first;
  head.window = static_cast<int64_t>(attribute[2]);
  head.causal = attribute[1] != 0;
  head.scale = static_cast<float>(attribute[0]);
  return head;
}

}  // namespace
}  // namespace saccade
