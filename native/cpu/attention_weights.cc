// attentionWeights: the rows softmax(scale * q @ k' + mask) of the asked queries, written out as [B, H, R,
// Nk]. Exact: scores first, then their largest, exponentials and sum over the whole row. A query that sees no
// key gets zeros.
#include "scores.h"

namespace saccade {
namespace {

const char* check(const Call& call) {
  if (call.views != 5 || call.attributes != 5) return "attentionWeights takes five views and five attributes";
  const View &out = call.view[0], &q = call.view[1], &k = call.view[2];
  if (const char* fault = checkScores(q, k, call.view[3], call.view[4], call.attribute)) return fault;
  if (!isFloat(out, 4)) return "attentionWeights: output must be float32 of rank 4";
  if (out.dim[0] != q.dim[0] || out.dim[1] != q.dim[1] || out.dim[2] != q.dim[2] || out.dim[3] != k.dim[2]) {
    return "attentionWeights: output must be [batch, heads, rows, keys]";
  }
  if (!isDense(out)) return "attentionWeights: output must have column stride 1";
  const double first = call.attribute[3], queries = call.attribute[4];
  if (!isWhole(first, 0, 0x1p31) || !isWhole(queries, 1, 0x1p31))
    return "attentionWeights: rows must be whole numbers";
  if (first + static_cast<double>(q.dim[2]) > queries) return "attentionWeights: rows past the last query";
  return nullptr;
}

int64_t tiles(const Call& call) {
  return tilesOf(call.view[1]);
}

int64_t scratch(const Call& call) {
  const View& q = call.view[1];
  return 4 * (keyScratch(q.dim[3]) + smaller(queryBlock(q.dim[2]), q.dim[2]) * kKeys);
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
    const F weight = exp(at(j) - shift);
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
  float* transposed = reinterpret_cast<float*>(memory);
  float* scores = transposed + keyScratch(q.dim[3]);
  float* rows = const_cast<float*>(rowsOf(out, tile.batch, tile.head)) + tile.first * out.stride[2];
  const int64_t all = out.dim[3];

  const Range seen = head.visible(tile.first, tile.queries);
  for (int64_t from = 0; from < all; from += kKeys) {
    const int64_t block = smaller(kKeys, all - from), keys = smaller(block, larger(seen.to - from, 0));
    const bool isSeen = keys > 0 && from + keys > seen.from;
    if (isSeen) scoreBlock(head, tile.first, tile.queries, from, keys, transposed, scores, kKeys);
    for (int64_t i = 0; i < tile.queries; i++) {
      for (int64_t j = 0; j < block; j += kLanes) {
        const F v = isSeen && j < keys ? load(scores + i * kKeys + j) : broadcast(-__builtin_inff());
        store(rows + i * out.stride[2] + from + j, v, smaller(kLanes, block - j));
      }
    }
  }
  for (int64_t i = 0; i < tile.queries; i++) normalise(rows + i * out.stride[2], all);
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(attentionWeights);
constexpr Kernel SACCADE_KERNEL(attentionWeights){check, tiles, scratch, run};

}  // namespace saccade
