// attention: out = softmax(scale * q @ k' + mask) @ v for each head, with memory that does not grow with n *
// n.
//
// A tile is up to kQueries queries of one head. It walks over the keys in blocks of kKeys: scores of the
// block, their largest so far, exponentials below it, and the sums of weights and of weighted values, which
// shrink by exp(old largest - new largest) whenever a larger score turns up. Blocks that none of the tile's
// queries sees are skipped; within a block a key that a query does not see weighs exactly 0. Neither changes
// a bit of the other keys' sums, so a row is the same in any batch, at any place of its tile, and with any
// keys behind its key length.
//
// Scratch for D = Dv = 64, AVX-512: 16 KiB of keys, 64 KiB of values, 102 KiB of scores, 26 KiB of sums.
#include "scores.h"

namespace saccade {
namespace {

struct Scratch {
  float* keys;    // one panel of keys, transposed
  float* values;  // one panel of values
  float* scores;  // [queries][kKeys]
  float* sums;    // [queries][width]: weighted values
  float* most;    // [queries]: largest score so far
  float* total;   // [queries]: sum of weights
  int64_t width;  // Dv in whole vectors
};

Scratch scratchOf(const Call& call, char* memory, int64_t* bytes) {
  const View &q = call.view[1], &v = call.view[3];
  const int64_t queries = smaller(queryBlock(q.dim[2]), q.dim[2]);
  Scratch scratch;
  scratch.width = roundUp(v.dim[3], kLanes);
  int64_t offset = 0;
  const auto take = [&](int64_t floats) {
    float* part = reinterpret_cast<float*>(memory + offset);
    offset += roundUp(4 * floats, 64);
    return part;
  };
  scratch.keys = take(keyScratch(q.dim[3]));
  scratch.values = take(kKeys * kMicroColumns);
  scratch.scores = take(queries * kKeys);
  scratch.sums = take(queries * scratch.width);
  scratch.most = take(queries);
  scratch.total = take(queries);
  if (bytes) *bytes = offset;
  return scratch;
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
  int64_t bytes;
  scratchOf(call, nullptr, &bytes);
  return bytes;
}

// Turns the scores of a block into weights and shrinks what earlier blocks have summed.
void weigh(const Scratch& s, int64_t queries, int64_t keys, bool isFirst) {
  for (int64_t i = 0; i < queries; i++) {
    float* row = s.scores + i * kKeys;
    const float before = isFirst ? -__builtin_inff() : s.most[i];
    s.most[i] = largestScore(row, keys, before);
    const float added = exponentials(row, keys, s.most[i]);
    if (isFirst) {
      s.total[i] = added;
    } else if (s.most[i] == before) {
      s.total[i] += added;
    } else {
      const F shrink = exp(broadcast(before) - broadcast(s.most[i]));
      for (int64_t j = 0; j < s.width; j += kLanes) {
        float* sum = s.sums + i * s.width + j;
        store(sum, load(sum) * shrink);
      }
      s.total[i] = firstLane(broadcast(s.total[i]) * shrink + broadcast(added));
    }
  }
}

bool allFinite(const float* numbers, int64_t count) {
  F nothing = zero();
  for (int64_t i = 0; i < count; i += kLanes) nothing = nothing + load(numbers + i) * zero();
  return !any(isNan(nothing));
}

// weights @ values as the micro-kernel does it, to the bit, but leaving out what a query does not see instead
// of giving it weight 0; for values of which one is NaN or infinite, as 0 times that is not 0.
void addVisible(const Head& head, const Scratch& s, int64_t first, int64_t queries, int64_t from,
                int64_t keys, int64_t column, int64_t width, bool add) {
  for (int64_t i = 0; i < queries; i++) {
    const Range range = head.visible(first + i);
    for (int64_t j = 0; j < width; j += kLanes) {
      F sum = zero();
      for (int64_t key = larger(range.from, from); key < smaller(range.to, from + keys); key++) {
        if (head.masked(first + i, key)) continue;
        const float weight = s.scores[i * kKeys + key - from];
        sum = fma(broadcast(weight), load(s.values + (key - from) * width + j), sum);
      }
      float* place = s.sums + i * s.width + column + j;
      store(place, add ? load(place) + sum : sum);
    }
  }
}

Status run(const Call& call, int64_t index, char* memory) {
  const View &out = call.view[0], &q = call.view[1], &v = call.view[3];
  const Tile tile = tileOf(q, index);
  const Head head =
      headOf(q, call.view[2], call.view[4], call.view[5], call.attribute, tile.batch, tile.head, 0, q.dim[2]);
  const Scratch s = scratchOf(call, memory, nullptr);
  const float* values = rowsOf(v, tile.batch, tile.head);
  const int64_t depth = v.dim[3];

  const Range seen = head.visible(tile.first, tile.queries);
  const int64_t start = seen.from / kKeys * kKeys;
  for (int64_t from = start; from < seen.to; from += kKeys) {
    const int64_t keys = smaller(kKeys, seen.to - from);
    scoreBlock(head, tile.first, tile.queries, from, keys, s.keys, s.scores, kKeys);
    weigh(s, tile.queries, keys, from == start);
    for (int64_t column = 0; column < depth; column += kMicroColumns) {
      const int64_t some = smaller(kMicroColumns, depth - column), width = roundUp(some, kLanes);
      packPanel(values + from * v.stride[2] + column, v.stride[2], 1, keys, some, s.values);
      if (allFinite(s.values, keys * width)) {
        multiplyPanel<LoadFloat32>(tile.queries, width, keys, s.scores, kKeys, s.values, s.sums + column,
                                   s.width, from > start);
      } else {
        addVisible(head, s, tile.first, tile.queries, from, keys, column, width, from > start);
      }
    }
  }

  for (int64_t i = 0; i < tile.queries; i++) {
    float* row = const_cast<float*>(rowsOf(out, tile.batch, tile.head)) + (tile.first + i) * out.stride[2];
    const bool blind = seen.from == seen.to || s.total[i] == 0;
    for (int64_t j = 0; j < depth; j += kLanes) {
      // Adding 0 makes -0 a 0: the sign of a zero may tell whether blocks were skipped.
      const F result = blind ? zero() : load(s.sums + i * s.width + j) / broadcast(s.total[i]) + zero();
      store(row + j, result, smaller(kLanes, depth - j));
    }
  }
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(attention);
constexpr Kernel SACCADE_KERNEL(attention){check, tiles, scratch, run};

}  // namespace saccade
