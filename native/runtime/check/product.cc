// pack, quantize, gemm.
#include "rules.h"

namespace saccade {
namespace {

// Whether a view is quantize's output for rows of k elements.
bool isQuantized(const View& rows, double k, const Formats& formats) {
  return rows.rank == 3 && rows.dtype == DType::uint8 &&
         rows.dim[2] == formats.quantizedRowBytes(static_cast<int64_t>(k)) && rows.stride[2] == 1 &&
         rows.stride[1] % 4 == 0 && rows.stride[0] % 4 == 0;
}

}  // namespace

const char* check_pack(const Call& call, const Formats& formats) {
  const View &out = call.view[0], &in = call.view[1];
  if (in.rank != 3) return "the matrix must have rank 3";
  if (in.dtype != DType::float32 && in.dtype != DType::float16 && in.dtype != DType::bfloat16)
    return "the matrix must be of a float dtype";
  if (!isKind<Precision>(call.attribute[0])) return "unknown precision";
  const auto size = [&](int32_t axis) { return static_cast<double>(in.dim[axis]); };
  if (!isPacked(out, size(0), size(1), size(2), kindOf<Precision>(call.attribute[0]), formats))
    return "the output must be packed bytes, as many as [batch, K, N] takes in this precision";
  return nullptr;
}

const char* check_quantize(const Call& call, const Formats& formats) {
  const View &out = call.view[0], &in = call.view[1];
  if (!isFloat(in, 3)) return "the input must be float32 of rank 3";
  if (in.dim[2] < 1 || in.dim[2] > kMaxQuantizedK) return "K must be from 1 to 65536";
  if (!isQuantized(out, static_cast<double>(in.dim[2]), formats))
    return "the output must be uint8 of rank 3, with dense rows of the bytes that K takes, each at a "
           "multiple "
           "of 4 bytes";
  if (out.dim[0] != in.dim[0] || out.dim[1] != in.dim[1])
    return "output and input must agree in batch and rows";
  return nullptr;
}

const char* check_gemm(const Call& call, const Formats& formats) {
  const View &out = call.view[0], &a = call.view[1], &b = call.view[2];
  const double k = call.attribute[0], n = call.attribute[1], batches = call.attribute[2];
  if (!isComputed(out, 3, Op::gemm, formats))
    return "the output must have rank 3 and a float dtype that the device computes in";
  if (!isInteger(k, 1, 0x1p31) || !isInteger(n, 1, 0x1p31)) return "K and N must be from 1 to 2^31";
  if (!isActivation(call.attribute[3])) return "unknown activation, or one that takes a parameter";
  if (!isKind<Precision>(call.attribute[4])) return "unknown precision";
  const auto precision = kindOf<Precision>(call.attribute[4]);
  if (a.dtype == DType::uint8) {
    if (precision != Precision::int8) return "quantized rows need weights in int8";
    if (k > kMaxQuantizedK) return "K of quantized rows must be at most 65536";
    if (!isQuantized(a, k, formats)) return "quantized rows must be laid out as quantize writes them";
  } else if (a.rank != 3 || a.dtype != out.dtype || static_cast<double>(a.dim[2]) != k) {
    return "a must be [batch, M, K] of the output's dtype, or quantized rows";
  }
  if (static_cast<double>(out.dim[2]) != n) return "the output must have N columns";
  if (a.dim[0] != out.dim[0] || a.dim[1] != out.dim[1]) return "a and output must agree in batch and rows";
  if (batches != 1 && batches != static_cast<double>(out.dim[0])) return "b must have one batch or all";
  if (!isPacked(b, batches, k, n, precision, formats))
    return "b must be packed bytes, as many as K and N take in this precision";
  if (!isDense(out)) return "the output must have column stride 1";
  if (const char* fault = checkBias(call.view[3], out.dim[2])) return fault;
  return checkResidual(call.view[4], out);
}

}  // namespace saccade
