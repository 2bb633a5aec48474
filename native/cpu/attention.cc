// attention: out = softmax(scale * q @ k' + mask) @ v for each head, in memory linear in the number of
// queries (online softmax: Milakov and Gimelshein 2018; Rabe and Staats 2021).
//
// A tile is a few panels of queries of one head. They take the keys in blocks of kKeys: scores of the block,
// the maximum of each row so far (rowMax), exponentials of scores - rowMax, the sum of these weights (rowSum)
// and of weighted values. Both sums are rescaled by exp(old rowMax - new rowMax) when rowMax grows. Scores,
// weights and sums are stored transposed, [keys | Dv][queries]: see scores.h. Keys that no query of a panel
// sees are skipped; other keys that a query does not see have the weight 0. Neither changes a bit of the sums
// of other keys, so a row is the same in any batch, at any position of its tile, and with any keys past its
// key length.
//
// Scratch for D = Dv = 64, AVX-512: 64 KiB each for weights, keys and values; 32 KiB a panel.
#include "accumulate.h"
#include "scores.h"

namespace saccade {
namespace {

// A panel of queries with its sums over the keys so far.
struct State {
  Panel panel;
  float rowMax[kMicroColumns], rowSum[kMicroColumns];  // of scores; of weights
  float* sums;                                         // [Dv][width]: of weighted values
};

struct Scratch {
  float* weights;  // [kKeys][width]: scores, then weights, for a panel and a block of keys
  float* keys;     // [kKeys][D]
  float* values;   // [kKeys][Dv]
  float* panels;   // of each panel: packed queries and sums
};

Scratch scratchOf(const Call& call, char* memory) {
  float* const weights = reinterpret_cast<float*>(memory);
  float* const keys = weights + kKeys * kMicroColumns;
  float* const values = keys + kKeys * roundUp(call.view[1].dim[3], kLanes);
  return {weights, keys, values, values + kKeys * roundUp(call.view[3].dim[3], kLanes)};
}

int64_t tiles(const Call& call) {
  return tilesOf(call.view[1]);
}

int64_t scratch(const Call& call) {
  const int64_t depth = call.view[1].dim[3], valueDepth = call.view[3].dim[3];
  return 4 * (kKeys * (kMicroColumns + roundUp(depth, kLanes) + roundUp(valueDepth, kLanes)) +
              queriesOfTile(call.view[1]) * (depth + valueDepth));
}

// Turns the scores of keys from..from+keys-1 into weights, and rescales the sums of earlier blocks, whose
// rowMax was oldMax, before the weights are added to rowSum.
void updateWeights(State& s, int64_t from, int64_t keys, const float* oldMax, int64_t depth, float* weights) {
  const int64_t width = s.panel.width;
  for (int64_t i = 0; i < width; i += kLanes) {
    const F old = load(oldMax + i), rowMax = load(s.rowMax + i);
    const F shift = select(equal(rowMax, broadcast(-__builtin_inff())), zero(), rowMax);
    // Two independent sums, of even and of odd keys, as each addition waits for the one before.
    F added[2] = {zero(), zero()};
    const auto take = [&](int64_t j, F& sum) {
      float* score = weights + j * width + i;
      const F weight = expBelow0(load(score) - shift);
      store(score, weight);
      sum = sum + weight;
    };
    int64_t j = 0;
    if (from & 1) take(j++, added[1]);
    for (; j + 2 <= keys; j += 2) {
      take(j, added[0]);
      take(j + 1, added[1]);
    }
    if (j < keys) take(j, added[0]);
    F rowSum = load(s.rowSum + i);
    const M grown = notEqual(old, rowMax);
    if (any(grown)) {
      const F rescale = select(grown, expBelow0(old - rowMax), broadcast(1.0f));
      rowSum = rowSum * rescale;
      for (int64_t d = 0; d < depth; d++) {
        float* sum = s.sums + d * width + i;
        store(sum, load(sum) * rescale);
      }
    }
    store(s.rowSum + i, rowSum + (added[0] + added[1]));
  }
}

// sums += weights @ values with the bits of the micro-kernel, but skips keys that a query does not see
// instead of giving them weight 0: for values with NaN or an infinity, as 0 times those is NaN.
void addVisible(const Head& head, State& s, int64_t from, int64_t keys, const Rows& values, int64_t depth,
                const float* weights) {
  const Panel& panel = s.panel;
  for (int64_t i = 0; i < panel.queries; i++) {
    const int64_t first = max(panel.from[i] - from, 0), end = min(panel.to[i] - from, keys);
    for (int64_t d = 0; d < depth; d++) {
      F sum = zero();
      for (int64_t j = first; j < end; j++) {
        if (head.masked(panel.first + i, from + j)) continue;
        sum =
            fma(broadcast(values.data[j * values.stride + d]), broadcast(weights[j * panel.width + i]), sum);
      }
      s.sums[d * panel.width + i] += firstLane(sum);
    }
  }
}

// Adds the keys from..from+count-1 to the sums of a panel.
void addKeys(const Head& head, State& s, int64_t from, int64_t count, const Rows& keys, const Rows& values,
             int64_t depth, bool careful, float* weights) {
  const int64_t width = s.panel.width;
  float oldMax[kMicroColumns];
  for (int64_t i = 0; i < width; i += kLanes) store(oldMax + i, load(s.rowMax + i));
  scoreBlock(head, s.panel, keys, from, count, weights, [&](int64_t first, int64_t scored) {
    values.prefetch(first, scored, depth);
    for (int64_t i = 0; i < width; i += kLanes) {
      F rowMax = load(s.rowMax + i);
      // max() ignores a NaN; but its exponential is NaN, and so are the sums.
      for (int64_t j = first; j < first + scored; j++) rowMax = max(load(weights + j * width + i), rowMax);
      store(s.rowMax + i, rowMax);
    }
  });
  updateWeights(s, from, count, oldMax, depth, weights);
  if (careful) {
    addVisible(head, s, from, count, values, depth, weights);
  } else {
    multiplyPanel<LoadFloat32ByColumns>(depth, width, count, values.data, values.stride, weights, s.sums,
                                        width, true);
  }
}

// A contiguous copy of rows: at their large stride they would map to a few cache sets.
Rows gather(const Rows& rows, int64_t count, int64_t length, float* out) {
  constexpr int64_t kPrefetchRows = 8;
  rows.prefetch(0, min(kPrefetchRows, count), length);
  for (int64_t i = 0; i < count; i++) {
    if (i + kPrefetchRows < count) rows.prefetch(i + kPrefetchRows, 1, length);
    forLanes(length, [&](int64_t j, auto n) {
      storeFirst(out + i * length + j, loadFirst(rows.data + i * rows.stride + j, n), n);
    });
  }
  return {out, length, true};
}

// The panels of a tile take all keys that they see. For several panels the keys are gathered first.
void attend(const Call& call, const Head& head, const Tile& tile, State* states, int64_t count, bool careful,
            const Scratch& scratch) {
  const View& v = call.view[3];
  const int64_t depth = v.dim[3];
  Range seen{head.keys, 0};
  for (int64_t i = 0; i < count; i++) {
    State& s = states[i];
    for (int64_t j = 0; j < kMicroColumns; j++) {
      s.rowMax[j] = -__builtin_inff();
      s.rowSum[j] = 0;
    }
    for (int64_t j = 0; j < depth * s.panel.width; j += kLanes) store(s.sums + j, zero());
    if (s.panel.seen.from < s.panel.seen.to)
      seen = {min(seen.from, s.panel.seen.from), max(seen.to, s.panel.seen.to)};
  }
  const float* allValues = rowsOf(v, tile.batch, tile.head);
  for (int64_t from = seen.from; from < seen.to; from = (from / kKeys + 1) * kKeys) {
    const int64_t end = min((from / kKeys + 1) * kKeys, seen.to);
    Rows keys{head.k + from * head.kStride, head.kStride},
        values{allValues + from * v.stride[2], v.stride[2]};
    if (count > 1) {
      keys = gather(keys, end - from, head.depth, scratch.keys);
      values = gather(values, end - from, depth, scratch.values);
    }
    for (int64_t i = 0; i < count; i++) {
      const Range& range = states[i].panel.seen;
      const int64_t first = max(from, range.from), last = min(end, range.to);
      if (first >= last) continue;
      const int64_t skipped = first - from;
      addKeys(head, states[i], first, last - first,
              {keys.data + skipped * keys.stride, keys.stride, keys.inCache},
              {values.data + skipped * values.stride, values.stride, values.inCache}, depth, careful,
              scratch.weights);
    }
  }
}

// Writes a panel's rows of the output; returns whether they are finite.
bool finish(const State& s, int64_t depth, float* out, int64_t stride) {
  F check = zero();  // 0 times each output: NaN if one is not finite
  for (int64_t i = 0; i < s.panel.queries; i += kLanes) {
    const F rowSum = load(s.rowSum + i), inverse = broadcast(1.0f) / rowSum;
    const M seesNothing = equal(rowSum, zero());
    for (int64_t d = 0; d < depth; d += kLanes) {
      F block[kLanes];
      for (int64_t row = 0; row < kLanes; row++) {
        // Adding 0 turns -0 into 0, as the sign of a zero may depend on whether keys were skipped.
        block[row] = d + row < depth ? select(seesNothing, zero(),
                                              load(s.sums + (d + row) * s.panel.width + i) * inverse + zero())
                                     : zero();
      }
      transpose(block);
      for (int64_t row = 0; row < min(kLanes, s.panel.queries - i); row++) {
        check = check + block[row] * zero();
        storeFirst(out + (i + row) * stride + d, block[row], min(kLanes, depth - d));
      }
    }
  }
  return !any(isNan(check));
}

Status run(const Call& call, int64_t index, char* memory) {
  const View &out = call.view[0], &q = call.view[1];
  const Tile tile = tileOf(q, index);
  const Head head =
      headOf(q, call.view[2], call.view[4], call.view[5], call.attribute, tile.batch, tile.head, 0, q.dim[2]);
  const Scratch scratch = scratchOf(call, memory);
  const int64_t depth = call.view[3].dim[3];
  State states[kMaxPanels];
  int64_t count = 0;
  for (int64_t column = 0; column < tile.queries; column += kMicroColumns) {
    State& s = states[count++];
    float* packed = scratch.panels + column * (head.depth + depth);
    s.panel = packQueries(head, tile.first + column, min(kMicroColumns, tile.queries - column), packed);
    s.sums = packed + kMicroColumns * head.depth;
  }
  attend(call, head, tile, states, count, false, scratch);
  for (int64_t i = 0; i < count; i++) {
    State& s = states[i];
    float* rows = const_cast<float*>(rowsOf(out, tile.batch, tile.head)) + s.panel.first * out.stride[2];
    if (finish(s, depth, rows, out.stride[2])) continue;
    // A value that a query does not see may be the reason that its result is not finite.
    attend(call, head, tile, &s, 1, true, scratch);
    finish(s, depth, rows, out.stride[2]);
  }
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(attention);
constexpr Kernel SACCADE_KERNEL(attention){tiles, scratch, run};

}  // namespace saccade
