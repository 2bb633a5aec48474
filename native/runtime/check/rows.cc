// reduce, softmax, norm, topK.
#include "rules.h"

namespace saccade {
namespace {

// An index over reduced elements is an int32, and so is a count of them.
constexpr int64_t kMaxElements = 1 << 30;

bool isNormParameter(const View& view, const View& out) {
  return isAbsent(view) || (isFloat(view, 2) && view.dim[0] == out.dim[2] && view.dim[1] == out.dim[3]);
}

}  // namespace

const char* check_reduce(const Call& call, const Formats& formats) {
  const View &out = call.view[0], &in = call.view[1];
  if (!isKind<Reduce>(call.attribute[0])) return "unknown kind";
  if (!isInteger(call.attribute[1], 0, in.rank) ||
      out.rank != in.rank - static_cast<int32_t>(call.attribute[1]))
    return "the input's rank must be the output's plus the number of reduced axes";
  for (int32_t axis = 0; axis < out.rank; ++axis) {
    if (out.dim[axis] != in.dim[axis]) return "outer dims must be equal";
  }
  double elements = 1;
  for (int32_t axis = out.rank; axis < in.rank; ++axis) elements *= static_cast<double>(in.dim[axis]);
  if (elements < 1 || elements > kMaxElements) return "an output must have 1 to 2^30 reduced elements";
  if (repeatsTooOften(in, out.rank, in.rank)) return kRepeats;
  if (!isComputed(in.dtype, Op::reduce, formats))
    return "the input must have a float dtype that the device computes in";
  const auto kind = kindOf<Reduce>(call.attribute[0]);
  const bool index = kind == Reduce::argmax || kind == Reduce::argmin;
  if (out.dtype != (index ? DType::int32 : in.dtype))
    return "the output must be int32 for argmax and argmin, else of the input's dtype";
  return nullptr;
}

const char* check_softmax(const Call& call, const Formats&) {
  const View &out = call.view[0], &in = call.view[1];
  if (out.dtype != DType::float32 || in.dtype != DType::float32) return "views must be float32";
  if (out.rank < 1 || !sameDims(out, in)) return "dims must be equal, of rank 1 or more";
  if (!isInteger(call.attribute[0], 0, 1)) return "logarithm must be 0 or 1";
  if (out.dim[out.rank - 1] > kMaxElements) return "a row must have at most 2^30 elements";
  return nullptr;
}

const char* check_norm(const Call& call, const Formats& formats) {
  const View &out = call.view[0], &in = call.view[1];
  if (!isComputed(out, 4, Op::norm, formats) || in.dtype != out.dtype || !sameDims(out, in))
    return "output and input must be [N, S, G, C] of equal dims and one float dtype that the device computes "
           "in";
  if (out.dim[1] > kMaxElements || out.dim[3] > kMaxElements) return "S and C must be at most 2^30";
  if (!isNormParameter(call.view[2], out) || !isNormParameter(call.view[3], out))
    return "weight and bias must be float32 [G, C]";
  if (!isInteger(call.attribute[0], 0, 1)) return "mode must be 0 (layer) or 1 (rms)";
  return call.attribute[1] >= 0 ? nullptr : "epsilon must not be negative";
}

const char* check_topK(const Call& call, const Formats&) {
  const View &out = call.view[0], &in = call.view[1];
  if (out.dtype != DType::int32 || in.dtype != DType::float32) return "views must be int32 and float32";
  if (out.rank < 1 || out.rank != in.rank) return "ranks must be equal, 1 or more";
  const int32_t last = in.rank - 1;
  for (int32_t axis = 0; axis < last; ++axis) {
    if (out.dim[axis] != in.dim[axis]) return "outer dims must be equal";
  }
  if (in.dim[last] > kMaxElements) return "a row must have at most 2^30 elements";
  return out.dim[last] <= in.dim[last] ? nullptr : "a row must have as many elements as are taken of it";
}

}  // namespace saccade
