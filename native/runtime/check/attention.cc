// attention, attentionWeights.
#include "rules.h"

namespace saccade {
namespace {

// What both have in common. `attribute` is [scale, causal, window].
const char* checkScores(Op op, const Formats& formats, const View& q, const View& k, const View& mask,
                        const View& keyLength, const double* attribute) {
  if (!isComputed(q, 4, op, formats) || k.rank != 4 || k.dtype != q.dtype)
    return "q and k must have rank 4 and one float dtype that the device computes in";
  if (q.dim[0] != k.dim[0] || q.dim[1] != k.dim[1]) return "q and k must agree in batch and heads";
  if (q.dim[3] != k.dim[3]) return "q and k must have one head size";
  if (!isDense(q) || !isDense(k)) return "q and k must have column stride 1";
  if (!isAbsent(mask)) {
    if (!isFloat(mask, 4)) return "mask must be float32 of rank 4";
    if (mask.dim[0] != q.dim[0] || mask.dim[1] != q.dim[1] || mask.dim[2] != q.dim[2] ||
        mask.dim[3] != k.dim[2]) {
      return "mask must be [batch, heads, queries, keys]";
    }
  }
  if (!isAbsent(keyLength)) {
    if (keyLength.rank != 1 || keyLength.dtype != DType::int32 || keyLength.dim[0] != q.dim[0])
      return "key lengths must be int32 [batch]";
  }
  if (k.dim[2] >= 0x7fffffff) return "there must be fewer than 2^31 - 1 keys";
  if (attribute[0] != attribute[0]) return "scale must be a number";
  if (!isInteger(attribute[1], 0, 1)) return "causal must be 0 or 1";
  if (!isInteger(attribute[2], 0, 0x1p31)) return "window must be an integer, 0 for none";
  return nullptr;
}

}  // namespace

const char* check_attention(const Call& call, const Formats& formats) {
  const View &out = call.view[0], &q = call.view[1], &k = call.view[2], &v = call.view[3];
  if (const char* fault =
          checkScores(Op::attention, formats, q, k, call.view[4], call.view[5], call.attribute))
    return fault;
  if (out.rank != 4 || v.rank != 4 || out.dtype != q.dtype || v.dtype != q.dtype)
    return "output and v must have rank 4 and the dtype of q";
  for (int32_t axis = 0; axis < 3; ++axis) {
    if (out.dim[axis] != q.dim[axis]) return "the output must be [batch, heads, queries, Dv]";
    if (v.dim[axis] != k.dim[axis]) return "v must be [batch, heads, keys, Dv]";
  }
  if (out.dim[3] != v.dim[3]) return "output and v must have one head size";
  const auto queries = static_cast<double>(q.dim[2]);
  if (repeatsTooOften(k, 2, 3, queries) || repeatsTooOften(v, 2, 3, queries)) return kRepeats;
  return isDense(out) && isDense(v) ? nullptr : "output and v must have column stride 1";
}

const char* check_attentionWeights(const Call& call, const Formats& formats) {
  const View &out = call.view[0], &q = call.view[1], &k = call.view[2];
  if (const char* fault =
          checkScores(Op::attentionWeights, formats, q, k, call.view[3], call.view[4], call.attribute))
    return fault;
  if (!isFloat(out, 4) || out.dim[0] != q.dim[0] || out.dim[1] != q.dim[1] || out.dim[2] != q.dim[2] ||
      out.dim[3] != k.dim[2]) {
    return "the output must be float32 [batch, heads, rows, keys]";
  }
  if (!isDense(out)) return "the output must have column stride 1";
  const double first = call.attribute[3], queries = call.attribute[4];
  if (!isInteger(first, 0, 0x1p31) || !isInteger(queries, 1, 0x1p31))
    return "the first row and the number of queries must be integers";
  if (first + static_cast<double>(q.dim[2]) > queries) return "there are rows past the last query";
  return nullptr;
}

}  // namespace saccade
