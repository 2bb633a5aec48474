// simd.h on AVX2 with FMA and F16C: 8 lanes, 16 registers.
#pragma once
#include <immintrin.h>
#include <stdint.h>

namespace saccade {
namespace {

constexpr int kLanes = 8;
constexpr bool kFused = true;
using F = __m256;
typedef int32_t I __attribute__((vector_size(32)));
typedef I M;  // all bits of a lane, or none

inline F zero() {
  return _mm256_setzero_ps();
}
inline F broadcast(float v) {
  return _mm256_set1_ps(v);
}
inline I broadcast(int32_t v) {
  return (I)_mm256_set1_epi32(v);
}

inline M firstLanes(int64_t n) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return (M)_mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), lane);
}

inline F load(const float* p) {
  return _mm256_loadu_ps(p);
}
inline I load(const int32_t* p) {
  return (I)_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
inline F load(const float* p, int64_t n) {
  return _mm256_maskload_ps(p, (__m256i)firstLanes(n));
}
inline I load(const int32_t* p, int64_t n) {
  return (I)_mm256_maskload_epi32(p, (__m256i)firstLanes(n));
}
inline void store(float* p, F v) {
  _mm256_storeu_ps(p, v);
}
inline void store(int32_t* p, I v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), (__m256i)v);
}
inline void store(float* p, F v, int64_t n) {
  _mm256_maskstore_ps(p, (__m256i)firstLanes(n), v);
}
inline void store(int32_t* p, I v, int64_t n) {
  _mm256_maskstore_epi32(p, (__m256i)firstLanes(n), (__m256i)v);
}

inline void stream(float* p, F v) {
  _mm256_stream_ps(p, v);
}
inline void endStream() {
  _mm_sfence();
}

inline F loadFloat16(const uint16_t* p) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline F loadBfloat16(const uint16_t* p) {
  const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}
inline F loadInt8(const int8_t* p) {
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
}

inline F fma(F a, F b, F c) {
  return _mm256_fmadd_ps(a, b, c);
}
inline F max(F a, F b) {
  return _mm256_max_ps(a, b);
}
inline F min(F a, F b) {
  return _mm256_min_ps(a, b);
}
inline F sqrt(F v) {
  return _mm256_sqrt_ps(v);
}
inline F abs(F v) {
  return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v);
}
inline F floor(F v) {
  return _mm256_round_ps(v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
inline F ceil(F v) {
  return _mm256_round_ps(v, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);
}
inline F truncate(F v) {
  return _mm256_round_ps(v, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
}
inline F round(F v) {
  return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

inline I toInt(F v) {
  return (I)_mm256_cvtps_epi32(v);
}
inline F toFloat(I v) {
  return _mm256_cvtepi32_ps((__m256i)v);
}
inline I bitsOf(F v) {
  return (I)_mm256_castps_si256(v);
}
inline F floatOf(I v) {
  return _mm256_castsi256_ps((__m256i)v);
}

inline M less(F a, F b) {
  return bitsOf(_mm256_cmp_ps(a, b, _CMP_LT_OQ));
}
inline M lessEqual(F a, F b) {
  return bitsOf(_mm256_cmp_ps(a, b, _CMP_LE_OQ));
}
inline M equal(F a, F b) {
  return bitsOf(_mm256_cmp_ps(a, b, _CMP_EQ_OQ));
}
inline M notEqual(F a, F b) {
  return bitsOf(_mm256_cmp_ps(a, b, _CMP_NEQ_UQ));
}
inline M less(I a, I b) {
  return a < b;
}
inline M lessEqual(I a, I b) {
  return a <= b;
}
inline M equal(I a, I b) {
  return a == b;
}
inline M notEqual(I a, I b) {
  return a != b;
}
inline M both(M a, M b) {
  return a & b;
}
inline M either(M a, M b) {
  return a | b;
}
inline M opposite(M a) {
  return ~a;
}
inline bool any(M m) {
  return _mm256_movemask_ps(floatOf(m)) != 0;
}
inline bool all(M m) {
  return _mm256_movemask_ps(floatOf(m)) == 0xff;
}
inline F select(M m, F a, F b) {
  return _mm256_blendv_ps(b, a, floatOf(m));
}
inline I select(M m, I a, I b) {
  return (I)_mm256_blendv_epi8((__m256i)b, (__m256i)a, (__m256i)m);
}

inline F lookup(const float* table, I index) {
  const F low = _mm256_permutevar8x32_ps(load(table), (__m256i)index);
  const F high = _mm256_permutevar8x32_ps(load(table + 8), (__m256i)index);
  return _mm256_blendv_ps(low, high, floatOf(index << 28));
}

inline float firstLane(F v) {
  return _mm256_cvtss_f32(v);
}

// The upper half of the lanes folded onto the lower by `combine`, until one is left.
template <class Combine>
inline float fold(F v, Combine combine) {
  v = combine(v, _mm256_permute2f128_ps(v, v, 0x01));
  v = combine(v, _mm256_permute_ps(v, 0x4e));
  v = combine(v, _mm256_permute_ps(v, 0xb1));
  return firstLane(v);
}
inline float sum(F v) {
  return fold(v, [](F a, F b) { return a + b; });
}
inline float maxLane(F v) {
  if (any(notEqual(v, v))) return __builtin_nanf("");
  return fold(v, [](F a, F b) { return max(a, b); });
}
inline float minLane(F v) {
  if (any(notEqual(v, v))) return __builtin_nanf("");
  return fold(v, [](F a, F b) { return min(a, b); });
}

// Pairs, then quads within 128-bit halves; then the halves.
inline void transpose(F* rows) {
  F t[8], u[8];
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
    t[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
    u[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
    u[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
    u[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    u[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
  }
#pragma GCC unroll 4
  for (int c = 0; c < 4; c++) {
    rows[c] = _mm256_permute2f128_ps(u[c], u[4 + c], 0x20);
    rows[4 + c] = _mm256_permute2f128_ps(u[c], u[4 + c], 0x31);
  }
}

}  // namespace
}  // namespace saccade
