// simd.h on the compiler's own 128-bit vectors: 4 lanes; SSE2 on x86-64, NEON on arm64.
#pragma once
#include <stdint.h>
#if defined(__aarch64__)
#include <arm_neon.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace saccade {
namespace {

constexpr int kLanes = 4;
typedef float F __attribute__((vector_size(16)));
typedef int32_t I __attribute__((vector_size(16)));
typedef I M;  // all bits of a lane, or none

inline F zero() {
  return F{};
}
inline F broadcast(float v) {
  return F{v, v, v, v};
}
inline I broadcast(int32_t v) {
  return I{v, v, v, v};
}
inline M firstLanes(int64_t n) {
  return I{0, 1, 2, 3} < broadcast(static_cast<int32_t>(n));
}

inline F load(const float* p) {
  F v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
inline I load(const int32_t* p) {
  I v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
inline F load(const float* p, int64_t n) {
  F v{};
  for (int64_t i = 0; i < n; i++) v[i] = p[i];
  return v;
}
inline I load(const int32_t* p, int64_t n) {
  I v{};
  for (int64_t i = 0; i < n; i++) v[i] = p[i];
  return v;
}
inline void store(float* p, F v) {
  __builtin_memcpy(p, &v, sizeof v);
}
inline void store(int32_t* p, I v) {
  __builtin_memcpy(p, &v, sizeof v);
}
inline void store(float* p, F v, int64_t n) {
  for (int64_t i = 0; i < n; i++) p[i] = v[i];
}
inline void store(int32_t* p, I v, int64_t n) {
  for (int64_t i = 0; i < n; i++) p[i] = v[i];
}

inline I bitsOf(F v) {
  return (I)v;
}
inline F floatOf(I v) {
  return (F)v;
}
inline F toFloat(I v) {
  return __builtin_convertvector(v, F);
}

#if defined(__aarch64__)
constexpr bool kFused = true;
inline F fma(F a, F b, F c) {
  return (F)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
inline F sqrt(F v) {
  return (F)vsqrtq_f32((float32x4_t)v);
}
inline I toInt(F v) {
  return (I)vcvtnq_s32_f32((float32x4_t)v);
}
#else
constexpr bool kFused = false;
inline F fma(F a, F b, F c) {
  return a * b + c;
}
#if defined(__SSE2__)
inline F sqrt(F v) {
  return _mm_sqrt_ps(v);
}
inline I toInt(F v) {
  return (I)_mm_cvtps_epi32(v);
}
#else
inline F sqrt(F v) {
  return F{__builtin_sqrtf(v[0]), __builtin_sqrtf(v[1]), __builtin_sqrtf(v[2]), __builtin_sqrtf(v[3])};
}
inline I toInt(F v) {
  return __builtin_convertvector((v + 0x1.8p23f) - 0x1.8p23f, I);
}
#endif
#endif

inline M less(F a, F b) {
  return a < b;
}
inline M lessEqual(F a, F b) {
  return a <= b;
}
inline M equal(F a, F b) {
  return a == b;
}
inline M notEqual(F a, F b) {
  return a != b;
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
  return (m[0] | m[1] | m[2] | m[3]) != 0;
}
inline bool all(M m) {
  return (m[0] & m[1] & m[2] & m[3]) != 0;
}
inline F select(M m, F a, F b) {
  return floatOf((bitsOf(a) & m) | (bitsOf(b) & ~m));
}
inline I select(M m, I a, I b) {
  return (a & m) | (b & ~m);
}

inline F max(F a, F b) {
  return select(less(b, a), a, b);
}
inline F min(F a, F b) {
  return select(less(a, b), a, b);
}
inline F abs(F v) {
  return floatOf(bitsOf(v) & broadcast(0x7fffffff));
}

// Adding 2^23 to a magnitude below it rounds the fraction away, to even; larger ones, infinities and NaN have
// no fraction and stay. The sign comes back by itself, so that -0.3 gives -0.
inline F round(F v) {
  const F magnitude = abs(v);
  const F rounded = (magnitude + broadcast(0x1p23f)) - broadcast(0x1p23f);
  const I sign = bitsOf(v) & ~broadcast(0x7fffffff);
  return select(less(magnitude, broadcast(0x1p23f)), floatOf(bitsOf(rounded) | sign), v);
}
inline F truncate(F v) {
  const F magnitude = abs(v), near = round(magnitude);
  const F below = near - select(less(magnitude, near), broadcast(1.0f), zero());
  return floatOf(bitsOf(below) | (bitsOf(v) & ~broadcast(0x7fffffff)));
}
inline F floor(F v) {
  const F near = round(v);
  return select(less(v, near), near - broadcast(1.0f), near);
}
inline F ceil(F v) {
  return -floor(-v);
}

// The product moves the exponent from bias 15 to bias 127 and makes subnormals normal; infinity and NaN get
// theirs.
inline void stream(float* p, F v) {
  store(p, v);
}
inline void endStream() {}

inline F loadFloat16(const uint16_t* p) {
  const I half = {p[0], p[1], p[2], p[3]};
  const I magnitude = (half & broadcast(0x7fff)) << 13;
  const I scaled = bitsOf(floatOf(magnitude) * broadcast(0x1p112f));
  const M special = magnitude >= broadcast(0x0f800000);
  return floatOf(select(special, magnitude | broadcast(0x7f800000), scaled) |
                 ((half & broadcast(0x8000)) << 16));
}
inline F loadBfloat16(const uint16_t* p) {
  return floatOf(I{p[0], p[1], p[2], p[3]} << 16);
}
inline F loadInt8(const int8_t* p) {
  return toFloat(I{p[0], p[1], p[2], p[3]});
}

inline F lookup(const float* table, I index) {
  F v;
  for (int i = 0; i < kLanes; i++) v[i] = table[index[i] & 15];
  return v;
}

inline float firstLane(F v) {
  return v[0];
}
inline float sum(F v) {
  return (v[0] + v[2]) + (v[1] + v[3]);
}
inline float maxLane(F v) {
  if (any(notEqual(v, v))) return __builtin_nanf("");
  const float a = v[0] > v[2] ? v[0] : v[2], b = v[1] > v[3] ? v[1] : v[3];
  return a > b ? a : b;
}
inline float minLane(F v) {
  if (any(notEqual(v, v))) return __builtin_nanf("");
  const float a = v[0] < v[2] ? v[0] : v[2], b = v[1] < v[3] ? v[1] : v[3];
  return a < b ? a : b;
}

inline void transpose(F* rows) {
  const F a = rows[0], b = rows[1], c = rows[2], d = rows[3];
  rows[0] = F{a[0], b[0], c[0], d[0]};
  rows[1] = F{a[1], b[1], c[1], d[1]};
  rows[2] = F{a[2], b[2], c[2], d[2]};
  rows[3] = F{a[3], b[3], c[3], d[3]};
}

}  // namespace
}  // namespace saccade
