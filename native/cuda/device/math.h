// Functions of a float, right to a few units in the last place. On the host those of the C library.
#pragma once
#include <math.h>

#include "target.h"

namespace saccade::cuda {

#if defined(SACCADE_CUDA_EMULATED)
// a * b + c, rounded once: the product is exact in double, and the sum is rounded to float as good as once.
SACCADE_DEVICE float fused(float a, float b, float c) {
  return static_cast<float>(static_cast<double>(a) * b + c);
}
#else
SACCADE_DEVICE float fused(float a, float b, float c) {
  return __fmaf_rn(a, b, c);
}
#endif

SACCADE_DEVICE float infinity() {
  return __builtin_huge_valf();
}
SACCADE_DEVICE bool isNan(float x) {
  return x != x;
}
// These prefer NaN.
SACCADE_DEVICE float maximum(float a, float b) {
  return isNan(a) || a > b ? a : b;
}
SACCADE_DEVICE float minimum(float a, float b) {
  return isNan(a) || a < b ? a : b;
}

}  // namespace saccade::cuda
