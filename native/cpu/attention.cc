// attention: out = softmax(scale * q @ k' + mask) @ v for each head, with memory that does not grow with n *
// n.
//
// A tile is some panels of queries of one head. They meet the keys in blocks of kKeys: scores of the block,
// their largest so far, exponentials below it, and the sums of weights and of weighted values, which shrink
// by exp(old largest - new largest) whenever a larger score turns up. Scores, weights and sums are kept the
// other way round, [keys | Dv][queries]: see scores.h. Keys that no query of a panel sees are skipped; any
// other key that a query does not see weighs exactly 0. Neither changes a bit of the other keys' sums, so a
// row is the same in any batch, at any place of its tile, and with any keys behind its key length.
//
// Scratch for D = Dv = 64, AVX-512: 64 KiB each of weights, keys and values; 32 KiB a panel.
#include "accumulate.h"
#include "scores.h"

namespace saccade {
namespace {

// A panel of queries with what it has gathered.
struct State {
  Panel panel;
  float most[kMicroColumns], total[kMicroColumns];  // the largest score so far, the sum of weights
  float* sums;                                      // [Dv][width]: weighted values
};

struct Scratch {
  float* weights;  // [kKeys][width]: scores, then weights, of a panel and a block of keys
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

// Turns the scores of the keys from..from+keys-1 into weights, adds them up, and shrinks what earlier blocks
// have summed. `before` are the largest scores of those.
void weigh(State& s, int64_t from, int64_t keys, const float* before, int64_t depth, float* weights) {
  const int64_t width = s.panel.width;
  for (int64_t i = 0; i < width; i += kLanes) {
    const F old = load(before + i), most = load(s.most + i);
    const F shift = select(equal(most, broadcast(-__builtin_inff())), zero(), most);
    // Two sums, of even and of odd keys, as each waits for itself.
    F added[2] = {zero(), zero()};
    const auto take = [&](int64_t j, F& sum) {
      float* place = weights + j * width + i;
      const F weight = expBelow0(load(place) - shift);
      store(place, weight);
      sum = sum + weight;
    };
    int64_t j = 0;
    if (from & 1) take(j++, added[1]);
    for (; j + 2 <= keys; j += 2) {
      take(j, added[0]);
      take(j + 1, added[1]);
    }
    if (j < keys) take(j, added[0]);
    F total = load(s.total + i);
    const M grown = notEqual(old, most);
    if (any(grown)) {
      const F shrink = select(grown, expBelow0(old - most), broadcast(1.0f));
      total = total * shrink;
      for (int64_t d = 0; d < depth; d++) {
        float* sum = s.sums + d * width + i;
        store(sum, load(sum) * shrink);
      }
    }
    store(s.total + i, total + (added[0] + added[1]));
  }
}

// sums += weights @ values as the micro-kernel does it, to the bit, but leaving out what a query does not see
// instead of giving it weight 0; for values of which one is NaN or infinite, as 0 times that is not 0.
void addVisible(const Head& head, State& s, int64_t from, int64_t keys, const Rows& values, int64_t depth,
                const float* weights) {
  const Panel& panel = s.panel;
  for (int64_t i = 0; i < panel.queries; i++) {
    const int64_t first = larger(panel.from[i] - from, 0), end = smaller(panel.to[i] - from, keys);
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

// A panel meets the keys from..from+count-1.
void meet(const Head& head, State& s, int64_t from, int64_t count, const Rows& keys, const Rows& values,
          int64_t depth, bool careful, float* weights) {
  const int64_t width = s.panel.width;
  float before[kMicroColumns];
  for (int64_t i = 0; i < width; i += kLanes) store(before + i, load(s.most + i));
  scoreBlock(head, s.panel, keys, from, count, weights, [&](int64_t first, int64_t some) {
    values.prefetch(first, some, depth);
    for (int64_t i = 0; i < width; i += kLanes) {
      F most = load(s.most + i);
      // A NaN is passed over: its exponential is NaN, and with it the sums.
      for (int64_t j = first; j < first + some; j++) most = max(load(weights + j * width + i), most);
      store(s.most + i, most);
    }
  });
  weigh(s, from, count, before, depth, weights);
  if (careful) {
    addVisible(head, s, from, count, values, depth, weights);
  } else {
    multiplyPanel<LoadFloat32ByColumns>(depth, width, count, values.data, values.stride, weights, s.sums,
                                        width, true);
  }
}

// Rows side by side: where they lie, they compete for a few places of the cache.
Rows gather(const Rows& rows, int64_t count, int64_t length, float* out) {
  constexpr int64_t kAhead = 8;
  rows.prefetch(0, smaller(kAhead, count), length);
  for (int64_t i = 0; i < count; i++) {
    if (i + kAhead < count) rows.prefetch(i + kAhead, 1, length);
    forLanes(length, [&](int64_t j, auto n) {
      storeFirst(out + i * length + j, loadFirst(rows.data + i * rows.stride + j, n), n);
    });
  }
  return {out, length, true};
}

// Panels that share a tile meet all keys they see. With several of them the keys are gathered first.
void attend(const Call& call, const Head& head, const Tile& tile, State* states, int64_t count, bool careful,
            const Scratch& scratch) {
  const View& v = call.view[3];
  const int64_t depth = v.dim[3];
  Range seen{head.keys, 0};
  for (int64_t i = 0; i < count; i++) {
    State& s = states[i];
    for (int64_t j = 0; j < kMicroColumns; j++) {
      s.most[j] = -__builtin_inff();
      s.total[j] = 0;
    }
    for (int64_t j = 0; j < depth * s.panel.width; j += kLanes) store(s.sums + j, zero());
    if (s.panel.seen.from < s.panel.seen.to)
      seen = {smaller(seen.from, s.panel.seen.from), larger(seen.to, s.panel.seen.to)};
  }
  const float* allValues = rowsOf(v, tile.batch, tile.head);
  for (int64_t from = seen.from; from < seen.to; from = (from / kKeys + 1) * kKeys) {
    const int64_t end = smaller((from / kKeys + 1) * kKeys, seen.to);
    Rows keys{head.k + from * head.kStride, head.kStride},
        values{allValues + from * v.stride[2], v.stride[2]};
    if (count > 1) {
      keys = gather(keys, end - from, head.depth, scratch.keys);
      values = gather(values, end - from, depth, scratch.values);
    }
    for (int64_t i = 0; i < count; i++) {
      const Range& mine = states[i].panel.seen;
      const int64_t first = larger(from, mine.from), past = smaller(end, mine.to);
      if (first >= past) continue;
      const int64_t skipped = first - from;
      meet(head, states[i], first, past - first,
           {keys.data + skipped * keys.stride, keys.stride, keys.isNear},
           {values.data + skipped * values.stride, values.stride, values.isNear}, depth, careful,
           scratch.weights);
    }
  }
}

// Writes a panel's rows of the output; returns whether they are finite.
bool finish(const State& s, int64_t depth, float* out, int64_t stride) {
  F nothing = zero();
  for (int64_t i = 0; i < s.panel.queries; i += kLanes) {
    const F total = load(s.total + i), share = broadcast(1.0f) / total;
    const M blind = equal(total, zero());
    for (int64_t d = 0; d < depth; d += kLanes) {
      F block[kLanes];
      for (int64_t row = 0; row < kLanes; row++) {
        // Adding 0 makes -0 a 0: the sign of a zero may tell whether keys were skipped.
        block[row] = d + row < depth ? select(blind, zero(),
                                              load(s.sums + (d + row) * s.panel.width + i) * share + zero())
                                     : zero();
      }
      transpose(block);
      for (int64_t row = 0; row < smaller(kLanes, s.panel.queries - i); row++) {
        nothing = nothing + block[row] * zero();
        storeFirst(out + (i + row) * stride + d, block[row], smaller(kLanes, depth - d));
      }
    }
  }
  return !any(isNan(nothing));
}

Status run(const Call& call, int64_t index, char* memory) {
  const View &out = call.view[0], &q = call.view[1];
  const Tile tile = tileOf(q, index);
  const Head head =
      headOf(q, call.view[2], call.view[4], call.view[5], call.attribute, tile.batch, tile.head, 0, q.dim[2]);
  const Scratch scratch = scratchOf(call, memory);
  const int64_t depth = call.view[3].dim[3];
  State states[kMostPanels];
  int64_t count = 0;
  for (int64_t column = 0; column < tile.queries; column += kMicroColumns) {
    State& s = states[count++];
    float* packed = scratch.panels + column * (head.depth + depth);
    s.panel = packQueries(head, tile.first + column, smaller(kMicroColumns, tile.queries - column), packed);
    s.sums = packed + kMicroColumns * head.depth;
  }
  attend(call, head, tile, states, count, false, scratch);
  for (int64_t i = 0; i < count; i++) {
    State& s = states[i];
    float* rows = const_cast<float*>(rowsOf(out, tile.batch, tile.head)) + s.panel.first * out.stride[2];
    if (finish(s, depth, rows, out.stride[2])) continue;
    // A result that is not finite may owe that to a value which its query does not see.
    attend(call, head, tile, &s, 1, true, scratch);
    finish(s, depth, rows, out.stride[2]);
  }
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(attention);
constexpr Kernel SACCADE_KERNEL(attention){tiles, scratch, run};

}  // namespace saccade
