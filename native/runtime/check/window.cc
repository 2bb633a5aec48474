// convolution, depthwise, pool: ops on windows of an image.
#include "rules.h"

namespace saccade {
namespace {

constexpr double kMaxSize = 1 << 20;

// Whether [kh, kw, stride h, stride w, pad top, pad left, dilation h, dilation w] are sizes.
bool areSizes(const double* attribute) {
  for (int32_t i = 0; i < 8; ++i) {
    const bool isPadding = i == 4 || i == 5;
    if (!isInteger(attribute[i], isPadding ? 0 : 1, kMaxSize)) return false;
  }
  return true;
}

const char* checkImages(const View& out, const View& in, Op op, const Formats& formats) {
  if (isComputed(out, 4, op, formats) && in.rank == 4 && in.dtype == out.dtype) return nullptr;
  return "output and input must have rank 4 and one float dtype that the device computes in";
}

constexpr const char* kSizes =
    "window, stride and dilation must be integers from 1 to 2^20, padding from 0 to 2^20";

}  // namespace

const char* check_convolution(const Call& call, const Formats& formats) {
  const View &out = call.view[0], &in = call.view[1];
  if (const char* fault = checkImages(out, in, Op::convolution, formats)) return fault;
  if (!areSizes(call.attribute)) return kSizes;
  if (!isInteger(call.attribute[8], 1, kMaxSize)) return "groups must be an integer from 1 to 2^20";
  if (!isActivation(call.attribute[9])) return "unknown activation, or one that takes a parameter";
  if (!isKind<Precision>(call.attribute[10])) return "unknown precision";
  const auto groups = static_cast<int64_t>(call.attribute[8]);
  if (in.dim[0] != out.dim[0]) return "output and input must agree in batch";
  if (in.dim[3] % groups != 0 || out.dim[3] % groups != 0) return "groups must divide the channels";
  const double k = call.attribute[0] * call.attribute[1] * static_cast<double>(in.dim[3] / groups);
  if (k > 0x1p31) return "a window must have at most 2^31 elements";
  if (!isPacked(call.view[2], call.attribute[8], k, static_cast<double>(out.dim[3] / groups),
                kindOf<Precision>(call.attribute[10]), formats)) {
    return "weights must be packed bytes, as many as window, channels and groups take in this precision";
  }
  if (!isDense(out)) return "the output must have channel stride 1";
  if (const char* fault = checkBias(call.view[3], out.dim[3])) return fault;
  return checkResidual(call.view[4], out);
}

const char* check_depthwise(const Call& call, const Formats& formats) {
  const View &out = call.view[0], &in = call.view[1], &w = call.view[2];
  if (const char* fault = checkImages(out, in, Op::depthwise, formats)) return fault;
  if (!areSizes(call.attribute)) return kSizes;
  if (!isActivation(call.attribute[8])) return "unknown activation, or one that takes a parameter";
  if (in.dim[0] != out.dim[0] || in.dim[3] != out.dim[3])
    return "output and input must agree in batch and channels";
  if (!isFloat(w, 3) || static_cast<double>(w.dim[0]) != call.attribute[0] ||
      static_cast<double>(w.dim[1]) != call.attribute[1] || w.dim[2] != out.dim[3]) {
    return "weights must be float32 [kh, kw, channels]";
  }
  if (!isDense(out) || !isDense(in) || !isDense(w)) return "views must have channel stride 1";
  const double pixels = static_cast<double>(out.dim[0]) * static_cast<double>(out.dim[1] * out.dim[2]);
  if (repeatsTooOften(w, 0, 2, pixels)) return kRepeats;
  return checkBias(call.view[3], out.dim[3]);
}

const char* check_pool(const Call& call, const Formats& formats) {
  const View &out = call.view[0], &in = call.view[1];
  if (const char* fault = checkImages(out, in, Op::pool, formats)) return fault;
  if (out.dim[0] != in.dim[0] || out.dim[3] != in.dim[3])
    return "output and input must agree in batch and channels";
  if (!isInteger(call.attribute[0], 0, 1) || !isInteger(call.attribute[9], 0, 1))
    return "kind and count padding must be 0 or 1";
  if (!areSizes(call.attribute + 1)) return kSizes;
  // An output pixel reads its window, or the whole image if that is smaller.
  const double window = call.attribute[1] * call.attribute[2];
  const double pixels = static_cast<double>(out.dim[1]) * static_cast<double>(out.dim[2]);
  const double image = static_cast<double>(in.dim[1]) * static_cast<double>(in.dim[2]);
  if (repeatsTooOften(in, 1, 3, window < image ? pixels * window / image : pixels)) return kRepeats;
  if (window * static_cast<double>(in.dim[3]) > 0x1p53) return "a window has too many elements";
  for (int32_t axis = 0; axis < 2; ++axis) {
    const double* size = call.attribute + 1 + axis;
    const double kernel = size[0], stride = size[2], pad = size[4], dilation = size[6], ceilExtra = size[9];
    if (!isInteger(ceilExtra, 0, kMaxSize) || ceilExtra >= dilation * (kernel - 1) + 1)
      return "ceil extra must be an integer from 0 to 2^20, and less than the window's reach";
    if (static_cast<double>(out.dim[1 + axis] - 1) * stride - pad >= static_cast<double>(in.dim[1 + axis]))
      return "windows must begin before the input's end";
  }
  return nullptr;
}

}  // namespace saccade
