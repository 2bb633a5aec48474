// Questions that the check functions of several kernels ask of views and attributes.
#pragma once
#include "../runtime/kernel.h"

namespace saccade {
namespace {

inline bool isWhole(double value, double from, double to) {
  return value >= from && value <= to && value == static_cast<double>(static_cast<int64_t>(value));
}

inline bool isPrecision(double value) {
  return isWhole(value, 0, static_cast<double>(Precision::count) - 1);
}

// Activations of an epilogue are the unary functions of floats that take no parameter.
inline bool isActivation(double value) {
  if (!isWhole(value, 0, static_cast<double>(Unary::count) - 1)) return false;
  const Unary kind = static_cast<Unary>(static_cast<int32_t>(value));
  return kind != Unary::leakyRelu && kind != Unary::elu && kind != Unary::power && kind != Unary::logicalNot;
}

inline bool isAbsent(const View& view) {
  return view.rank < 0;
}
inline bool isFloat(const View& view, int32_t rank) {
  return view.rank == rank && view.dtype == DType::float32;
}
inline bool isDense(const View& view) {
  return view.stride[view.rank - 1] == 1 || view.dim[view.rank - 1] == 1;
}

inline const char* checkBias(const View& bias, int64_t columns) {
  if (isAbsent(bias)) return nullptr;
  if (!isFloat(bias, 1) || bias.dim[0] != columns) return "bias must be float32 [columns of the output]";
  return isDense(bias) ? nullptr : "bias must have stride 1";
}

inline const char* checkResidual(const View& residual, const View& out) {
  if (isAbsent(residual)) return nullptr;
  if (!isFloat(residual, out.rank)) return "residual must be float32 and of the output's rank";
  for (int32_t axis = 0; axis < out.rank; axis++) {
    if (residual.dim[axis] != out.dim[axis]) return "residual must have the output's dims";
  }
  return isDense(residual) ? nullptr : "residual must have column stride 1";
}

}  // namespace
}  // namespace saccade
