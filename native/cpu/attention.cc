// attention: out = softmax(scale * q @ k' + mask) @ v for each head, with memory that does not grow with n *
// n.
//
// A tile is a panel of queries of one head. It meets the keys in blocks of kKeys: scores of the block, their
// largest so far, exponentials below it, and the sums of weights and of weighted values, which shrink by
// exp(old largest - new largest) whenever a larger score turns up. Scores, weights and sums are kept the
// other way round, [keys | Dv][queries]: see scores.h. Keys that no query of the panel sees are skipped; any
// other key that a query does not see weighs exactly 0. Neither changes a bit of the other keys' sums, so a
// row is the same in any batch, at any place of its tile, and with any keys behind its key length.
//
// Scratch for D = Dv = 64, AVX-512: 16 KiB of queries, 64 KiB of weights, 16 KiB of sums.
#include "scores.h"

namespace saccade {
namespace {

struct Scratch {
  float* queries;  // [D][kMicroColumns], packed
  float* weights;  // [kKeys][width]: scores, then weights of a block
  float* sums;     // [Dv][width]: weighted values
};

Scratch scratchOf(const Call& call, char* memory) {
  float* const queries = reinterpret_cast<float*>(memory);
  float* const weights = queries + call.view[1].dim[3] * kMicroColumns;
  return {queries, weights, weights + kKeys * kMicroColumns};
}

const char* check(const Call& call) {
  if (call.views != 6 || call.attributes != 3) return "attention takes six views and three attributes";
  const View &out = call.view[0], &q = call.view[1], &k = call.view[2], &v = call.view[3];
  if (const char* fault = checkScores(q, k, call.view[4], call.view[5], call.attribute)) return fault;
  if (!isFloat(out, 4) || !isFloat(v, 4)) return "attention: output and values must be float32 of rank 4";
  for (int axis = 0; axis < 3; axis++) {
    if (out.dim[axis] != q.dim[axis]) return "attention: output must be [batch, heads, queries, Dv]";
    if (v.dim[axis] != k.dim[axis]) return "attention: values must be [batch, heads, keys, Dv]";
  }
  if (out.dim[3] != v.dim[3]) return "attention: output and values must be of one depth";
  return isDense(out) && isDense(v) ? nullptr : "attention: output and values must have column stride 1";
}

int64_t tiles(const Call& call) {
  return tilesOf(call.view[1]);
}

int64_t scratch(const Call& call) {
  return 4 * kMicroColumns * (call.view[1].dim[3] + kKeys + call.view[3].dim[3]);
}

// A panel with what it has gathered from the keys so far.
struct State {
  Panel panel;
  float *sums, *most, *total;  // sums: [Dv][width]
};

// Of each query of the panel: the largest score so far, and the sum of weights.
struct Gathered {
  float most[kMicroColumns], total[kMicroColumns];
};

// Turns the scores of the keys from..from+keys-1 into weights, adds them up, and shrinks what earlier blocks
// have summed. `before` are the largest scores of those.
void weigh(int64_t width, int64_t from, int64_t keys, const float* before, int64_t depth, Gathered& gathered,
           const Scratch& s) {
  for (int64_t i = 0; i < width; i += kLanes) {
    const F old = load(before + i), most = load(gathered.most + i);
    const F shift = select(equal(most, broadcast(-__builtin_inff())), zero(), most);
    // Two sums, of even and of odd keys, as each waits for itself.
    F added[2] = {zero(), zero()};
    const auto take = [&](int64_t j, F& sum) {
      float* place = s.weights + j * width + i;
      const F weight = exp2Below0(load(place) - shift);
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
    F total = load(gathered.total + i);
    const M grown = notEqual(old, most);
    if (any(grown)) {
      const F shrink = select(grown, exp2Below0(old - most), broadcast(1.0f));
      total = total * shrink;
      for (int64_t d = 0; d < depth; d++) {
        float* sum = s.sums + d * width + i;
        store(sum, load(sum) * shrink);
      }
    }
    store(gathered.total + i, total + (added[0] + added[1]));
  }
}

// sums += weights @ values as the micro-kernel does it, to the bit, but leaving out what a query does not see
// instead of giving it weight 0; for values of which one is NaN or infinite, as 0 times that is not 0.
void addVisible(const Head& head, const Panel& panel, int64_t from, int64_t keys, const float* values,
                int64_t stride, int64_t depth, const Scratch& s) {
  for (int64_t i = 0; i < panel.queries; i++) {
    const int64_t first = larger(panel.from[i] - from, 0), end = smaller(panel.to[i] - from, keys);
    for (int64_t d = 0; d < depth; d++) {
      F sum = zero();
      for (int64_t j = first; j < end; j++) {
        if (head.masked(panel.first + i, from + j)) continue;
        sum = fma(broadcast(values[j * stride + d]), broadcast(s.weights[j * panel.width + i]), sum);
      }
      s.sums[d * panel.width + i] += firstLane(sum);
    }
  }
}

// The panel meets the keys from..from+keys-1.
void meet(const Head& head, const Panel& panel, int64_t from, int64_t keys, const float* values,
          int64_t stride, int64_t depth, bool careful, Gathered& gathered, const Scratch& s) {
  const int64_t width = panel.width;
  Gathered& g = gathered;
  float before[kMicroColumns];
  for (int64_t i = 0; i < width; i += kLanes) store(before + i, load(g.most + i));
  scoreBlock(head, panel, from, keys, s.weights, [&](int64_t first, int64_t some) {
    prefetchRows(values + first * stride, stride, some, depth);
    for (int64_t i = 0; i < width; i += kLanes) {
      F most = load(g.most + i);
      // A NaN is passed over: its exponential is NaN, and with it the sums.
      for (int64_t j = first; j < first + some; j++) most = max(load(s.weights + j * width + i), most);
      store(g.most + i, most);
    }
  });
  weigh(width, from, keys, before, depth, g, s);
  if (careful) {
    addVisible(head, panel, from, keys, values, stride, depth, s);
  } else {
    multiplyPanel<LoadFloat32ByColumns>(depth, width, keys, values, stride, s.weights, s.sums, width, true);
  }
}

// Writes the panel's rows of the output; returns whether they are finite.
bool finish(const Panel& panel, const Gathered& gathered, int64_t depth, float* out, int64_t stride,
            const float* sums) {
  F nothing = zero();
  for (int64_t i = 0; i < panel.queries; i += kLanes) {
    const F total = load(gathered.total + i), share = broadcast(1.0f) / total;
    const M blind = equal(total, zero());
    for (int64_t d = 0; d < depth; d += kLanes) {
      F block[kLanes];
      for (int64_t row = 0; row < kLanes; row++) {
        // Adding 0 makes -0 a 0: the sign of a zero may tell whether keys were skipped.
        block[row] = d + row < depth
                         ? select(blind, zero(), load(sums + (d + row) * panel.width + i) * share + zero())
                         : zero();
      }
      transpose(block);
      for (int64_t row = 0; row < smaller(kLanes, panel.queries - i); row++) {
        nothing = nothing + block[row] * zero();
        store(out + (i + row) * stride + d, block[row], smaller(kLanes, depth - d));
      }
    }
  }
  return !any(isNan(nothing));
}

// The panel meets all keys it sees. Returns whether the result is finite.
bool attend(const Call& call, const Head& head, const Tile& tile, const Panel& panel, bool careful,
            const Scratch& s) {
  const View &out = call.view[0], &v = call.view[3];
  const int64_t depth = v.dim[3];
  Gathered gathered;
  for (int64_t i = 0; i < kMicroColumns; i++) {
    gathered.most[i] = -__builtin_inff();
    gathered.total[i] = 0;
  }
  for (int64_t i = 0; i < depth * panel.width; i += kLanes) store(s.sums + i, zero());
  int64_t from = panel.seen.from;
  while (from < panel.seen.to) {
    const int64_t end = smaller((from / kKeys + 1) * kKeys, panel.seen.to);
    const float* values = rowsOf(v, tile.batch, tile.head) + from * v.stride[2];
    meet(head, panel, from, end - from, values, v.stride[2], depth, careful, gathered, s);
    from = end;
  }
  float* rows = const_cast<float*>(rowsOf(out, tile.batch, tile.head)) + panel.first * out.stride[2];
  return finish(panel, gathered, depth, rows, out.stride[2], s.sums);
}

Status run(const Call& call, int64_t index, char* memory) {
  const View& q = call.view[1];
  const Tile tile = tileOf(q, index);
  const Head head =
      headOf(q, call.view[2], call.view[4], call.view[5], call.attribute, tile.batch, tile.head, 0, q.dim[2]);
  const Scratch s = scratchOf(call, memory);
  const Panel panel = packQueries(head, tile.first, tile.queries, s.queries);
  // A result that is not finite may owe that to a value which its query does not see.
  if (!attend(call, head, tile, panel, false, s)) attend(call, head, tile, panel, true, s);
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(attention);
constexpr Kernel SACCADE_KERNEL(attention){check, tiles, scratch, run};

}  // namespace saccade
