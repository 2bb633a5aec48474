// What gemm and convolution do with a sum: out = activation(scale * sum + bias) + residual.
#pragma once
#include "device/memory.h"
#include "device/number.h"
#include "functions.h"

namespace saccade::cuda {

struct Epilogue {
  View out, bias, residual;
  Unary activation;
  float scale;

  // With the positions of the element in out and in residual, in elements.
  template <class T>
  SACCADE_DEVICE void write(float sum, int64_t column, int64_t at, int64_t residualAt) const {
    float value = sum * scale;
    if (!isAbsent(bias)) value += globalOf<const float>(bias).read(column * bias.stride[0]);
    value = apply(activation, value, 0);
    if (!isAbsent(residual)) value += toFloat(globalOf<const T>(residual).read(residualAt));
    globalOf<T>(out).write(at, roundTo<T>(value));
  }
};

}  // namespace saccade::cuda
