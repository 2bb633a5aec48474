// attentionWeights: the rows softmax(scale * q @ k' + mask) of the asked queries, written out as [B, H, R,
// Nk]. Exact: scores first, then their largest, exponentials and sum over the whole row. A query that sees no
// key gets zeros.
#include "scores.h"

namespace saccade {
namespace {

int64_t tiles(const Call& call) {
  return tilesOf(call.view[1]);
}

// A packed panel of queries, and the scores of a block.
int64_t scratch(const Call& call) {
  return 4 * kMicroColumns * (call.view[1].dim[3] + kKeys);
}

// Scores [keys][width] as rows of the panel's queries.
void writeScores(const Panel& panel, const float* scores, int64_t keys, float* rows, int64_t stride) {
  for (int64_t i = 0; i < panel.queries; i += kLanes) {
    for (int64_t j = 0; j < keys; j += kLanes) {
      F block[kLanes];
      for (int64_t row = 0; row < kLanes; row++)
        block[row] = j + row < keys ? load(scores + (j + row) * panel.width + i) : zero();
      transpose(block);
      for (int64_t row = 0; row < smaller(kLanes, panel.queries - i); row++)
        store(rows + (i + row) * stride + j, block[row], smaller(kLanes, keys - j));
    }
  }
}

// The row's scores become its softmax.
void normalise(float* row, int64_t keys) {
  const F hidden = broadcast(-__builtin_inff());
  F most = hidden;
  const auto at = [&](int64_t j) {
    return j + kLanes <= keys ? load(row + j) : select(firstLanes(keys - j), load(row + j, keys - j), hidden);
  };
  for (int64_t j = 0; j < keys; j += kLanes)
    most = max(at(j), most);  // passes over NaN, which `weights` keeps
  const float top = largest(most);
  const F shift = broadcast(top == -__builtin_inff() ? 0.0f : top);
  F weights = zero();
  for (int64_t j = 0; j < keys; j += kLanes) {
    const F weight = expBelow0(at(j) - shift);
    weights = weights + weight;
    store(row + j, weight, smaller(kLanes, keys - j));
  }
  const float total = sum(weights);
  const F divisor = broadcast(total == 0 ? 1.0f : total);
  for (int64_t j = 0; j < keys; j += kLanes) {
    const int64_t lanes = smaller(kLanes, keys - j);
    store(row + j, load(row + j, lanes) / divisor, lanes);
  }
}

Status run(const Call& call, int64_t index, char* memory) {
  const View &out = call.view[0], &q = call.view[1];
  const Tile tile = tileOf(q, index);
  const Head head = headOf(q, call.view[2], call.view[3], call.view[4], call.attribute, tile.batch, tile.head,
                           static_cast<int64_t>(call.attribute[3]), static_cast<int64_t>(call.attribute[4]));
  float* packed = reinterpret_cast<float*>(memory);
  float* scores = packed + kMicroColumns * q.dim[3];
  float* rows = const_cast<float*>(rowsOf(out, tile.batch, tile.head)) + tile.first * out.stride[2];
  const int64_t all = out.dim[3];

  for (int64_t i = 0; i < tile.queries; i++) {
    for (int64_t j = 0; j < all; j++) rows[i * out.stride[2] + j] = -__builtin_inff();
  }
  for (int64_t column = 0; column < tile.queries; column += kMicroColumns) {
    const Panel panel =
        packQueries(head, tile.first + column, smaller(kMicroColumns, tile.queries - column), packed);
    for (int64_t from = panel.seen.from; from < panel.seen.to; from += kKeys) {
      const int64_t keys = smaller(kKeys, panel.seen.to - from);
      scoreBlock(head, panel, {head.k + from * head.kStride, head.kStride}, from, keys, scores,
                 [](int64_t, int64_t) {});
      writeScores(panel, scores, keys, rows + column * out.stride[2] + from, out.stride[2]);
    }
  }
  for (int64_t i = 0; i < tile.queries; i++) normalise(rows + i * out.stride[2], all);
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(attentionWeights);
constexpr Kernel SACCADE_KERNEL(attentionWeights){tiles, scratch, run};

}  // namespace saccade
