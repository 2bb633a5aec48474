// The check of each op, and predicates that several of them use.
#pragma once
#include "../op.h"

namespace saccade {

// Null if the operands are right; else a static text that says what is wrong. The numbers of views and
// attributes were checked before.
using Check = const char* (*)(const Call&, const Formats&);

#define SACCADE_DECLARE(name, ...) const char* check_##name(const Call&, const Formats&);
SACCADE_OPS(SACCADE_DECLARE)
#undef SACCADE_DECLARE

inline bool isInteger(double value, double min, double max) {
  return value >= min && value <= max && value == static_cast<double>(static_cast<int64_t>(value));
}

// Whether an attribute is a value of an enumeration.
template <class Enumeration>
bool isKind(double value) {
  return isInteger(value, 0, static_cast<double>(Enumeration::count) - 1);
}

// An attribute as that value.
template <class Enumeration>
Enumeration kindOf(double value) {
  return static_cast<Enumeration>(static_cast<int32_t>(value));
}

// Activations of an epilogue are the unary functions of floats that take no parameter.
inline bool isActivation(double value) {
  if (!isKind<Unary>(value)) return false;
  const auto kind = kindOf<Unary>(value);
  return kind != Unary::leakyRelu && kind != Unary::elu && kind != Unary::power && kind != Unary::logicalNot;
}

inline bool isFloat(const View& view, int32_t rank) {
  return view.rank == rank && view.dtype == DType::float32;
}

// Whether a view holds activations: numbers of a type that the device computes the op in.
inline bool isComputed(DType dtype, Op op, const Formats& formats) {
  if (dtype == DType::float32) return true;
  return (dtype == DType::float16 || dtype == DType::bfloat16) && formats.computes(op, dtype);
}
inline bool isComputed(const View& view, int32_t rank, Op op, const Formats& formats) {
  return view.rank == rank && isComputed(view.dtype, op, formats);
}

inline bool sameDims(const View& a, const View& b) {
  if (a.rank != b.rank) return false;
  for (int32_t axis = 0; axis < a.rank; ++axis) {
    if (a.dim[axis] != b.dim[axis]) return false;
  }
  return true;
}

// Reads of elements that an op may repeat: about a second of work.
constexpr double kMaxRepeatedReads = 1 << 30;

// Whether an op reads so many elements that its few bytes of operands do not justify the time. Axes [from,
// to) are those that the output does not have. They repeat elements if they have more than memory has there
// (strides of 0, or windows that overlap). `times` is how often the op reads the whole view.
inline bool repeatsTooOften(const View& view, int32_t from, int32_t to, double times = 1) {
  double elements = 1, stored = 1, reads = times;
  for (int32_t axis = 0; axis < view.rank; ++axis) {
    const auto size = static_cast<double>(view.dim[axis]);
    reads *= size;
    if (axis < from || axis >= to) continue;
    elements *= size;
    stored += (size - 1) * static_cast<double>(view.stride[axis]);
  }
  return elements > stored && reads > kMaxRepeatedReads;
}

constexpr const char* kRepeats = "repeats elements of its input more than 2^30 times";

// Whether a view is the packed form of [batch, k, n]. More than 2^53 elements are larger than any memory, and
// their number of bytes could overflow.
inline bool isPacked(const View& view, double batch, double k, double n, Precision precision,
                     const Formats& formats) {
  if (view.rank != 1 || view.dtype != DType::packed || view.stride[0] != 1) return false;
  if (batch * k * n > 0x1p53) return false;
  return view.dim[0] == formats.packedBytes(static_cast<int64_t>(batch), static_cast<int64_t>(k),
                                            static_cast<int64_t>(n), precision);
}

inline const char* checkBias(const View& bias, int64_t columns) {
  if (isAbsent(bias)) return nullptr;
  if (!isFloat(bias, 1) || bias.dim[0] != columns) return "bias must be float32 [columns of the output]";
  return isDense(bias) ? nullptr : "bias must have stride 1";
}

inline const char* checkResidual(const View& residual, const View& out) {
  if (isAbsent(residual)) return nullptr;
  if (residual.dtype != out.dtype || !sameDims(residual, out))
    return "residual must have the output's dtype and dims";
  return isDense(residual) ? nullptr : "residual must have column stride 1";
}

}  // namespace saccade
