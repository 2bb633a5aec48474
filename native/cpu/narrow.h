// Arithmetic on narrow elements that share a 32-bit lane, for matrix products of reduced precision: two
// bfloat16, two int16 or four bytes. The first element of a lane is in its lowest bits.
//
//   addInt16Pairs(I, I, I)       sum + the two products
//   evenBytes(I) oddBytes(I)     bytes 0 and 2, or 1 and 3, signed, as a pair of int16
//   addByteQuads(I, I, I)        sum + the four products of unsigned bytes of a and signed bytes of b
//   addBfloat16Pairs(F, I, I)    sum + a1 * b1 + a0 * b0; subnormal operands and results may count as zero
//   toBfloat16(low, high) -> I   2 * kLanes floats in order, rounded to nearest, ties to even; NaN stays
//                                NaN, subnormals may become zero
//   storeBytes(p, I)             the lowest byte of each lane
//
// kByteProducts and kBfloat16Products say whether the instruction set has addByteQuads and addBfloat16Pairs
// as one instruction. Otherwise they are slower than float32 arithmetic on widened elements.
#pragma once
#include "../runtime/half.h"
#include "simd.h"

namespace saccade {
namespace {

typedef int16_t Int16 __attribute__((vector_size(sizeof(I))));
inline I evenBytes(I v) {
  return (I)(((Int16)v << 8) >> 8);
}
inline I oddBytes(I v) {
  return (I)((Int16)v >> 8);
}

// The empty asm statement keeps the compiler from adding several products first, which would take registers
// that the sums need.
inline I addInt16Pairs(I sum, I a, I b) {
#if defined(__AVX512BW__)
  sum = (I)_mm512_add_epi32((__m512i)sum, _mm512_madd_epi16((__m512i)a, (__m512i)b));
  __asm__("" : "+v"(sum));
#elif defined(__AVX2__)
  sum = (I)_mm256_add_epi32((__m256i)sum, _mm256_madd_epi16((__m256i)a, (__m256i)b));
  __asm__("" : "+x"(sum));
#elif defined(__SSE2__)
  sum = (I)_mm_add_epi32((__m128i)sum, _mm_madd_epi16((__m128i)a, (__m128i)b));
  __asm__("" : "+x"(sum));
#else
  sum = sum + ((a << 16) >> 16) * ((b << 16) >> 16) + (a >> 16) * (b >> 16);
#endif
  return sum;
}

#if defined(__AVX512VNNI__)
constexpr bool kByteProducts = true;
inline I addByteQuads(I sum, I a, I b) {
  return (I)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)a, (__m512i)b);
}
#else
constexpr bool kByteProducts = false;
inline I addByteQuads(I sum, I a, I b) {
  const I low = broadcast(0xff00ff);
  return addInt16Pairs(addInt16Pairs(sum, a & low, evenBytes(b)), (a >> 8) & low, oddBytes(b));
}
#endif

#if defined(__AVX512BF16__)
constexpr bool kBfloat16Products = true;
inline F addBfloat16Pairs(F sum, I a, I b) {
  return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
}
inline I toBfloat16(F low, F high) {
  return (I)_mm512_cvtne2ps_pbh(high, low);
}
#else
constexpr bool kBfloat16Products = false;
inline F addBfloat16Pairs(F sum, I a, I b) {
  const I high = broadcast(-0x10000);
  return fma(floatOf(a << 16), floatOf(b << 16), fma(floatOf(a & high), floatOf(b & high), sum));
}
inline I toBfloat16(F low, F high) {
  uint16_t numbers[2 * kLanes];
  for (int i = 0; i < kLanes; i++) {
    numbers[i] = floatToBfloat16(low[i]);
    numbers[kLanes + i] = floatToBfloat16(high[i]);
  }
  I pairs;
  __builtin_memcpy(&pairs, numbers, sizeof pairs);
  return pairs;
}
#endif

inline void storeBytes(uint8_t* p, I v) {
  typedef uint8_t Bytes __attribute__((vector_size(kLanes)));
  const Bytes bytes = __builtin_convertvector(v, Bytes);
  __builtin_memcpy(p, &bytes, sizeof bytes);
}

}  // namespace
}  // namespace saccade
