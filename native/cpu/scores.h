// What attention and attentionWeights share: the masked, scaled scores of a block of queries against a block
// of keys. Keys are taken in blocks that start at multiples of kKeys, whatever the queries; so the order in
// which a query meets its keys, and with it every bit of its row, depends on the keys' places alone.
#pragma once
#include "check.h"
#include "math.h"
#include "pack.h"

namespace saccade {
namespace {

// A block of scores is 102 rows of 1 KiB, a tenth of a second-level cache of 1 MiB. Not more keys than
// kBlockK, so that weights @ values is one chain of the micro-kernel a block.
constexpr int64_t kKeys = 256;
constexpr int64_t kQueries = 102;
static_assert(kKeys <= kBlockK && kKeys % kMicroColumns == 0);

// Queries of a tile, in even parts of at most kQueries.
constexpr int64_t queryBlock(int64_t queries) {
  const int64_t blocks = (queries + kQueries - 1) / kQueries;
  return roundUp((queries + blocks - 1) / blocks, kMicroRows);
}

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

// Floats of scratch for the keys of one panel, transposed.
constexpr int64_t keyScratch(int64_t depth) {
  return depth * kMicroColumns;
}

inline F loadStrided(const float* p, int64_t stride, int64_t n) {
  if (stride == 1) return load(p, n);
  if (stride == 0) return select(firstLanes(n), broadcast(*p), zero());
  float lanes[kLanes] = {};
  for (int64_t i = 0; i < n; i++) lanes[i] = p[i * stride];
  return load(lanes);
}

// scores[i * stride + j] of queries first + i and keys from + j, for i < queries and j < keys rounded up to
// whole vectors. What a query may not see is -infinity, even where its score is NaN; so is the padding.
inline void scoreBlock(const Head& head, int64_t first, int64_t queries, int64_t from, int64_t keys,
                       float* transposed, float* scores, int64_t stride) {
  const float* q = head.q + first * head.qStride;
  for (int64_t panel = 0; panel < keys; panel += kMicroColumns) {
    const int64_t some = smaller(kMicroColumns, keys - panel), width = roundUp(some, kLanes);
    packPanel(head.k + (from + panel) * head.kStride, 1, head.kStride, head.depth, some, transposed);
    for (int64_t d = 0; d < head.depth; d += kBlockK) {
      multiplyPanel<LoadFloat32>(queries, width, smaller(kBlockK, head.depth - d), q + d, head.qStride,
                                 transposed + d * width, scores + panel, stride, d > 0);
    }
  }

  const F hidden = broadcast(-__builtin_inff()), scale = broadcast(head.scale);
  for (int64_t i = 0; i < queries; i++) {
    const Range range = head.visible(first + i);
    float* row = scores + i * stride;
    const float* mask = head.mask ? head.mask + (first + i) * head.maskRowStride : nullptr;
    for (int64_t j = 0; j < keys; j += kLanes) {
      const int64_t key = from + j;
      F v = load(row + j) * scale;
      if (mask) {
        const F added =
            loadStrided(mask + key * head.maskColumnStride, head.maskColumnStride, smaller(kLanes, keys - j));
        v = select(equal(added, hidden), hidden, v + added);
      }
      if (key < range.from || key + kLanes > range.to) {
        const M before = firstLanes(smaller(larger(range.from - key, 0), kLanes));
        const M until = firstLanes(smaller(larger(range.to - key, 0), kLanes));
        v = select(both(until, opposite(before)), v, hidden);
      }
      store(row + j, v);
    }
  }
}

// The largest score of a row and `previous`. A NaN may be passed over: its exponential is NaN, and with it
// the sums.
inline float largestScore(const float* row, int64_t keys, float previous) {
  F most = broadcast(previous);
  for (int64_t j = 0; j < keys; j += kLanes) most = max(load(row + j), most);
  return largest(most);
}

// row[j] becomes exp(row[j] - most); returns the sum. `most` is -infinity where nothing has been seen, and
// all is 0.
inline float exponentials(float* row, int64_t keys, float most) {
  const F shift = broadcast(most == -__builtin_inff() ? 0.0f : most);
  F total = zero();
  for (int64_t j = 0; j < keys; j += kLanes) {
    const F v = exp(load(row + j) - shift);
    store(row + j, v);
    total = total + v;
  }
  return sum(total);
}

// Tiles of both: batch, head, block of queries.
struct Tile {
  int64_t batch, head, first, queries;
};

inline Tile tileOf(const View& q, int64_t tile) {
  const int64_t block = queryBlock(q.dim[2]), blocks = (q.dim[2] + block - 1) / block;
  const int64_t first = tile % blocks * block;
  return {tile / blocks / q.dim[1], tile / blocks % q.dim[1], first, smaller(block, q.dim[2] - first)};
}

inline int64_t tilesOf(const View& q) {
  const int64_t block = queryBlock(q.dim[2]);
  return q.dim[0] * q.dim[1] * ((q.dim[2] + block - 1) / block);
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
  if (mask.rank >= 0) {
    head.mask = rowsOf(mask, batch, index);
    head.maskRowStride = mask.stride[2];
    head.maskColumnStride = mask.stride[3];
  }
  head.depth = q.dim[3];
  head.keys = k.dim[2];
  if (keyLength.rank >= 0) {
    const int32_t length = reinterpret_cast<const int32_t*>(keyLength.data)[batch * keyLength.stride[0]];
    head.keys = smaller(head.keys, larger(length, 0));
  }
  head.place = head.keys - queries + first;
  head.window = static_cast<int64_t>(attribute[2]);
  head.causal = attribute[1] != 0;
  head.scale = static_cast<float>(attribute[0]);
  return head;
}

// What both check alike. Keys and queries are told apart by axis 2 alone.
inline const char* checkScores(const View& q, const View& k, const View& mask, const View& keyLength,
                               const double* attribute) {
  if (!isFloat(q, 4) || !isFloat(k, 4)) return "queries and keys must be float32 of rank 4";
  if (q.dim[0] != k.dim[0] || q.dim[1] != k.dim[1]) return "queries and keys must agree in batch and heads";
  if (q.dim[3] != k.dim[3]) return "queries and keys must be of one depth";
  if (!isDense(q) || !isDense(k)) return "queries and keys must have column stride 1";
  if (!isAbsent(mask)) {
    if (!isFloat(mask, 4)) return "mask must be float32 of rank 4";
    if (mask.dim[0] != q.dim[0] || mask.dim[1] != q.dim[1] || mask.dim[2] != q.dim[2] ||
        mask.dim[3] != k.dim[2]) {
      return "mask must be [batch, heads, queries, keys]";
    }
  }
  if (!isAbsent(keyLength)) {
    if (keyLength.rank != 1 || keyLength.dtype != DType::int32) return "key lengths must be int32 of rank 1";
    if (keyLength.dim[0] != q.dim[0]) return "there must be one key length a batch";
  }
  if (attribute[0] != attribute[0]) return "scale must be a number";
  if (attribute[1] != 0 && attribute[1] != 1) return "causal must be 0 or 1";
  if (!isWhole(attribute[2], 0, 0x1p31)) return "window must be a whole number, 0 for none";
  return nullptr;
}

}  // namespace
}  // namespace saccade
