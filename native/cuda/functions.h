// The unary functions of op.h, on float32. NaN in gives NaN out.
#pragma once
#include "../runtime/op.h"
#include "device/math.h"

namespace saccade::cuda {

SACCADE_DEVICE float sigmoid(float x) {
  const float e = expf(-fabsf(x));
  return (x < 0 ? e : 1.0f) / (1.0f + e);
}

// x * P(normal <= x); by erfc, as 1 + erf(x) cancels below 0.
SACCADE_DEVICE float gelu(float x) {
  // erfc(infinity) is 0, but 0 * -infinity is NaN.
  if (x == -infinity()) return -0.0f;
  return 0.5f * x * erfcf(x * -0.70710678f);
}

// x/2 (1 + tanh(u)) with u = sqrt(2/pi) (x + 0.044715 x^3), as x * sigmoid(2u).
SACCADE_DEVICE float geluTanh(float x) {
  return x * sigmoid(x * fused(x * x, 0.0713548163f, 1.59576912f));
}

// x * tanh(log(1 + e^x)): with e = e^x, the tanh is n / (n + 2) for n = e (e + 2).
SACCADE_DEVICE float mish(float x) {
  const float e = expf(x > 20 ? 20.0f : x);
  const float n = e * (e + 2.0f);
  return x * (n / (n + 2.0f));
}

SACCADE_DEVICE float clamp6(float x) {
  return x > 6 ? 6.0f : x < 0 ? 0.0f : x;
}

// In double, as a product of many rounded steps would have its error many times over.
SACCADE_CALLED float power(float x, float y) {
  return static_cast<float>(pow(static_cast<double>(x), static_cast<double>(y)));
}

// `parameter` is for leakyRelu, elu and power.
SACCADE_CALLED float apply(Unary kind, float x, float parameter) {
  switch (kind) {
    case Unary::relu:
      return x < 0 ? 0.0f : x;
    case Unary::gelu:
      return gelu(x);
    case Unary::geluTanh:
      return geluTanh(x);
    case Unary::quickGelu:
      return x * sigmoid(x * 1.702f);
    case Unary::silu:
      return x * sigmoid(x);
    case Unary::sigmoid:
      return sigmoid(x);
    case Unary::tanh:
      return tanhf(x);
    case Unary::relu6:
      return clamp6(x);
    case Unary::hardSwish:
      return x * clamp6(x + 3.0f) / 6.0f;
    case Unary::hardSigmoid:
      return clamp6(x + 3.0f) / 6.0f;
    case Unary::leakyRelu:
      return x < 0 ? x * parameter : x;
    case Unary::elu:
      return x > 0 ? x : parameter * expm1f(x);
    case Unary::mish:
      return mish(x);
    case Unary::softplus:
      return (x < 0 ? 0.0f : x) + log1pf(expf(-fabsf(x)));
    case Unary::exp:
      return expf(x);
    case Unary::log:
      return logf(x);
    case Unary::sqrt:
      return sqrtf(x);
    case Unary::rsqrt:
      return 1.0f / sqrtf(x);
    case Unary::reciprocal:
      return 1.0f / x;
    case Unary::negate:
      return -x;
    case Unary::absolute:
      return fabsf(x);
    case Unary::square:
      return x * x;
    case Unary::erf:
      return erff(x);
    case Unary::sine:
      return sinf(x);
    case Unary::cosine:
      return cosf(x);
    case Unary::floor:
      return floorf(x);
    case Unary::ceil:
      return ceilf(x);
    case Unary::round:
      return rintf(x);
    case Unary::power:
      return power(x, parameter);
    case Unary::logicalNot:
      return x == 0 ? 1.0f : 0.0f;
    default:
      return x;
  }
}

}  // namespace saccade::cuda
