// The 16-bit floats as they are stored, conversions between them and float32, and tf32. Rounding is to the
// nearest, ties to even, unless said otherwise.
#pragma once
#include "target.h"
#if defined(SACCADE_CUDA_EMULATED)
#include "../../runtime/half.h"
#endif

namespace saccade::cuda {

struct Float16 {
  static constexpr bool kBrain = false;
  uint16_t bits;
};
struct Bfloat16 {
  static constexpr bool kBrain = true;
  uint16_t bits;
};

SACCADE_DEVICE float toFloat(float value) {
  return value;
}

#if defined(SACCADE_CUDA_EMULATED)

SACCADE_DEVICE uint32_t bitsOf(float value) {
  return bitsOfFloat(value);
}
SACCADE_DEVICE float floatOf(uint32_t bits) {
  return floatOfBits(bits);
}
SACCADE_DEVICE float toFloat(Float16 value) {
  return float16ToFloat(value.bits);
}
SACCADE_DEVICE Float16 toFloat16(float value) {
  return {floatToFloat16(value)};
}
SACCADE_DEVICE Bfloat16 toBfloat16(float value) {
  return {floatToBfloat16(value)};
}
// The nearest number with 10 bits of fraction, ties away from zero.
SACCADE_DEVICE float toTf32(float value) {
  const uint32_t bits = bitsOfFloat(value);
  if ((bits & 0x7f800000) == 0x7f800000) return value;
  return floatOfBits((bits + 0x1000) & ~uint32_t{0x1fff});
}

#else

SACCADE_DEVICE uint32_t bitsOf(float value) {
  return __float_as_uint(value);
}
SACCADE_DEVICE float floatOf(uint32_t bits) {
  return __uint_as_float(bits);
}
SACCADE_DEVICE float toFloat(Float16 value) {
  float result;
  asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(value.bits));
  return result;
}
SACCADE_DEVICE Float16 toFloat16(float value) {
  Float16 result;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(result.bits) : "f"(value));
  return result;
}
SACCADE_DEVICE Bfloat16 toBfloat16(float value) {
  Bfloat16 result;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(result.bits) : "f"(value));
  return result;
}
SACCADE_DEVICE float toTf32(float value) {
  uint32_t result;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(result) : "f"(value));
  return __uint_as_float(result);
}

#endif

SACCADE_DEVICE float toFloat(Bfloat16 value) {
  return floatOf(static_cast<uint32_t>(value.bits) << 16);
}

template <class T>
struct Rounded;
template <>
struct Rounded<float> {
  SACCADE_DEVICE static float from(float value) { return value; }
};
template <>
struct Rounded<Float16> {
  SACCADE_DEVICE static Float16 from(float value) { return toFloat16(value); }
};
template <>
struct Rounded<Bfloat16> {
  SACCADE_DEVICE static Bfloat16 from(float value) { return toBfloat16(value); }
};

// A float32 as the type of an array's elements.
template <class T>
SACCADE_DEVICE T roundTo(float value) {
  return Rounded<T>::from(value);
}

}  // namespace saccade::cuda
