// simd.h on AVX-512 (F, BW, DQ, VL): 16 lanes, 32 registers.
#pragma once
// GCC 12 reports the deliberately undefined operand inside its own AVX-512 intrinsics.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#pragma GCC diagnostic pop
#include <stdint.h>

namespace saccade {
namespace {

constexpr int kLanes = 16;
constexpr bool kFused = true;
using F = __m512;
typedef int32_t I __attribute__((vector_size(64)));
using M = __mmask16;

inline M firstLanes(int64_t n) {
  return static_cast<M>((1u << n) - 1);
}

inline F zero() {
  return _mm512_setzero_ps();
}
inline F broadcast(float v) {
  return _mm512_set1_ps(v);
}
inline I broadcast(int32_t v) {
  return (I)_mm512_set1_epi32(v);
}
inline F load(const float* p) {
  return _mm512_loadu_ps(p);
}
inline I load(const int32_t* p) {
  return (I)_mm512_loadu_si512(p);
}
inline F load(const float* p, int64_t n) {
  return _mm512_maskz_loadu_ps(firstLanes(n), p);
}
inline I load(const int32_t* p, int64_t n) {
  return (I)_mm512_maskz_loadu_epi32(firstLanes(n), p);
}
inline void store(float* p, F v) {
  _mm512_storeu_ps(p, v);
}
inline void store(int32_t* p, I v) {
  _mm512_storeu_si512(p, (__m512i)v);
}
inline void store(float* p, F v, int64_t n) {
  _mm512_mask_storeu_ps(p, firstLanes(n), v);
}
inline void store(int32_t* p, I v, int64_t n) {
  _mm512_mask_storeu_epi32(p, firstLanes(n), (__m512i)v);
}

inline void stream(float* p, F v) {
  _mm512_stream_ps(p, v);
}
inline void endStream() {
  _mm_sfence();
}

inline F loadFloat16(const uint16_t* p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
inline F loadBfloat16(const uint16_t* p) {
  const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}
inline F loadInt8(const int8_t* p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}

inline F fma(F a, F b, F c) {
  return _mm512_fmadd_ps(a, b, c);
}
inline F max(F a, F b) {
  return _mm512_max_ps(a, b);
}
inline F min(F a, F b) {
  return _mm512_min_ps(a, b);
}
inline F sqrt(F v) {
  return _mm512_sqrt_ps(v);
}
inline F scale(F v, F n) {
  return _mm512_scalef_ps(v, n);
}
inline F abs(F v) {
  return _mm512_abs_ps(v);
}
inline F floor(F v) {
  return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
inline F ceil(F v) {
  return _mm512_roundscale_ps(v, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);
}
inline F truncate(F v) {
  return _mm512_roundscale_ps(v, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
}
inline F round(F v) {
  return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

inline I toInt(F v) {
  return (I)_mm512_cvtps_epi32(v);
}
inline F toFloat(I v) {
  return _mm512_cvtepi32_ps((__m512i)v);
}
inline I bitsOf(F v) {
  return (I)_mm512_castps_si512(v);
}
inline F floatOf(I v) {
  return _mm512_castsi512_ps((__m512i)v);
}

inline M less(F a, F b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}
inline M lessEqual(F a, F b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ);
}
inline M equal(F a, F b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ);
}
inline M notEqual(F a, F b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_NEQ_UQ);
}
inline M less(I a, I b) {
  return _mm512_cmplt_epi32_mask((__m512i)a, (__m512i)b);
}
inline M lessEqual(I a, I b) {
  return _mm512_cmple_epi32_mask((__m512i)a, (__m512i)b);
}
inline M equal(I a, I b) {
  return _mm512_cmpeq_epi32_mask((__m512i)a, (__m512i)b);
}
inline M notEqual(I a, I b) {
  return _mm512_cmpneq_epi32_mask((__m512i)a, (__m512i)b);
}
inline M both(M a, M b) {
  return static_cast<M>(a & b);
}
inline M either(M a, M b) {
  return static_cast<M>(a | b);
}
inline M opposite(M a) {
  return static_cast<M>(~a);
}
inline bool any(M m) {
  return m != 0;
}
inline bool all(M m) {
  return m == 0xffff;
}
inline F select(M m, F a, F b) {
  return _mm512_mask_blend_ps(m, b, a);
}
inline I select(M m, I a, I b) {
  return (I)_mm512_mask_blend_epi32(m, (__m512i)b, (__m512i)a);
}

inline F lookup(const float* table, I index) {
  return _mm512_permutexvar_ps((__m512i)index, load(table));
}

inline float firstLane(F v) {
  return _mm512_cvtss_f32(v);
}

// The upper half of the lanes folded onto the lower by `combine`, until one is left.
template <class Combine>
inline float fold(F v, Combine combine) {
  v = combine(v, _mm512_shuffle_f32x4(v, v, 0x4e));
  v = combine(v, _mm512_shuffle_f32x4(v, v, 0xb1));
  v = combine(v, _mm512_permute_ps(v, 0x4e));
  v = combine(v, _mm512_permute_ps(v, 0xb1));
  return firstLane(v);
}
inline float sum(F v) {
  return fold(v, [](F a, F b) { return a + b; });
}
inline float maxLane(F v) {
  if (_mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q)) return __builtin_nanf("");
  return fold(v, [](F a, F b) { return max(a, b); });
}
inline float minLane(F v) {
  if (_mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q)) return __builtin_nanf("");
  return fold(v, [](F a, F b) { return min(a, b); });
}

// Pairs, then quads within 128-bit quarters; then the quarters among themselves.
inline void transpose(F* rows) {
  F t[16], u[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    u[i] = _mm512_shuffle_ps(t[i], t[i + 2], 0x44);
    u[i + 1] = _mm512_shuffle_ps(t[i], t[i + 2], 0xee);
    u[i + 2] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    u[i + 3] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0xee);
  }
  // u[4 * g + c] now holds, in quarter q, the numbers of rows 4g..4g+3 in column 4q + c.
#pragma GCC unroll 4
  for (int c = 0; c < 4; c++) {
    const F even01 = _mm512_shuffle_f32x4(u[c], u[4 + c], 0x88),
            odd01 = _mm512_shuffle_f32x4(u[c], u[4 + c], 0xdd);
    const F even23 = _mm512_shuffle_f32x4(u[8 + c], u[12 + c], 0x88);
    const F odd23 = _mm512_shuffle_f32x4(u[8 + c], u[12 + c], 0xdd);
    rows[c] = _mm512_shuffle_f32x4(even01, even23, 0x88);
    rows[4 + c] = _mm512_shuffle_f32x4(odd01, odd23, 0x88);
    rows[8 + c] = _mm512_shuffle_f32x4(even01, even23, 0xdd);
    rows[12 + c] = _mm512_shuffle_f32x4(odd01, odd23, 0xdd);
  }
}

}  // namespace
}  // namespace saccade
