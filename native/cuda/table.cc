// The kernels, in the order of Op, and what they compute in.
#include "formats.h"
#include "kernel.h"

namespace saccade::cuda {
namespace {

// With sums and statistics in float32.
bool computes(Op op, DType dtype) {
  if (dtype == DType::float32) return true;
  if (dtype != DType::float16 && dtype != DType::bfloat16) return false;
  switch (op) {
    case Op::unary:
    case Op::binary:
    case Op::reduce:
    case Op::norm:
    case Op::gemm:
    case Op::attention:
    case Op::attentionWeights:
    case Op::convolution:
    case Op::depthwise:
    case Op::pool:
      return true;
    default:
      return false;
  }
}

int64_t packedBytes(int64_t batch, int64_t k, int64_t n, Precision precision) {
  return batch * PackedShape::of(k, n, precision).batchBytes;
}

}  // namespace

#define SACCADE_POINT(name, ...) launch_##name,
const Kernel kKernels[] = {SACCADE_OPS(SACCADE_POINT)};
#undef SACCADE_POINT

const Formats kFormats{computes, packedBytes, quantizedRowBytes};

}  // namespace saccade::cuda
