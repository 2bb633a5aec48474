// Scalar conversions between float32 and the two 16-bit floats: round to nearest, ties to even; NaN stays
// NaN.
#pragma once
#include <stdint.h>

namespace saccade {
namespace {

inline uint32_t bitsOfFloat(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, 4);
  return bits;
}

inline float floatOfBits(uint32_t bits) {
  float value;
  __builtin_memcpy(&value, &bits, 4);
  return value;
}

inline float bfloat16ToFloat(uint16_t half) {
  return floatOfBits(static_cast<uint32_t>(half) << 16);
}

inline uint16_t floatToBfloat16(float value) {
  const uint32_t bits = bitsOfFloat(value);
  if (value != value)
    return static_cast<uint16_t>((bits >> 16) | 0x40);  // rounding could carry a NaN into infinity
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

inline float float16ToFloat(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
  const uint32_t magnitude = static_cast<uint32_t>(half & 0x7fff) << 13;
  if (magnitude >= 0x0f800000) return floatOfBits(sign | magnitude | 0x7f800000);  // infinity and NaN
  // The product moves the exponent from bias 15 to bias 127, and makes subnormals normal.
  return floatOfBits(sign | bitsOfFloat(floatOfBits(magnitude) * 0x1p112f));
}

inline uint16_t floatToFloat16(float value) {
  const uint32_t bits = bitsOfFloat(value);
  const uint32_t sign = (bits >> 16) & 0x8000;
  const uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return static_cast<uint16_t>(sign | 0x7e00 | ((magnitude >> 13) & 0x3ff));
  if (magnitude >= 0x477ff000) return static_cast<uint16_t>(sign | 0x7c00);  // rounds to 65536 or more
  if (magnitude < 0x38800000) {
    // Subnormal: adding 1/2 leaves the value in units of 2^-24 in the low bits, rounded by the addition.
    const uint32_t shifted = bitsOfFloat(floatOfBits(magnitude) + 0.5f);
    return static_cast<uint16_t>(sign | (shifted - 0x3f000000));
  }
  return static_cast<uint16_t>(sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >> 13) & 1)) >> 13));
}

}  // namespace
}  // namespace saccade
