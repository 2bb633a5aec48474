// Vectors of the instruction set that a unit is compiled for. Kernels are written once with these names.
//
//   F  kLanes float32        I  kLanes int32        M  a mask, one bool a lane
//
// On F, + - * / and unary - are IEEE operations, each rounded (the build turns contraction off). On I, + - *
// & | ^ ~ << >> work on each lane (>> keeps the sign). Functions:
//
// clang-format off
//   zero() broadcast(float) broadcast(int32_t)
//   load(p) store(p, v)          any alignment; for float and int32_t
//   load(p, n) store(p, v, n)    the first n lanes, 0 <= n <= kLanes; the others are loaded as 0, and not stored
//   stream(p, v) endStream()     store past the cache, where streamable(p); endStream() before another thread reads it
//   loadFloat16(p) loadBfloat16(p) loadInt8(p)   kLanes narrow elements as float32
//   fma(a, b, c)                 a * b + c; one rounding where kFused, else two
//   max(a, b) min(a, b)          a > b ? a : b, a < b ? a : b; so b when either is NaN: max(zero(), NaN) is NaN
//   maximum(a, b) minimum(a, b)  NaN when either is NaN
//   sqrt abs floor ceil truncate round(v)   round: ties to even
//   copySign(magnitude, sign)
//   scale(v, n)                  v * 2^n, rounded once, for |v| in 1/4..4 and an integer n in -240..240
//   toInt(F)                     nearest, ties to even; undefined where it does not fit
//   toFloat(I)  bitsOf(F) -> I  floatOf(I) -> F
//   less lessEqual equal notEqual(a, b) -> M    of F or of I; for NaN only notEqual is true
//   isNan(F) -> M  firstLanes(n) -> M  both(M, M) either(M, M) opposite(M) any(M) all(M)
//   select(M, a, b)              a where true, else b; of F or of I
//   lookup(table, I)             lane by lane, table[index & 15]; the table has 16 float
//   firstLane(F) -> float
//   sum(F) maxLane(F) minLane(F)   over the lanes in a fixed order (by halves); NaN when a lane is NaN
//   transpose(F rows[kLanes])    in place: lane j of row i becomes lane i of row j
// clang-format on
#pragma once
#include <stddef.h>
#include <stdint.h>

#if defined(__AVX512F__)
#include "simd_avx512.h"
#elif defined(__AVX2__)
#include "simd_avx2.h"
#else
#include "simd_generic.h"
#endif

namespace saccade {
namespace {

// Whether stream() can store at p.
inline bool streamable(const void* p) {
  return reinterpret_cast<uintptr_t>(p) % sizeof(F) == 0;
}
inline M isNan(F v) {
  return notEqual(v, v);
}
inline F maximum(F a, F b) {
  return select(isNan(a), a, max(a, b));
}
inline F minimum(F a, F b) {
  return select(isNan(a), a, min(a, b));
}
#if !defined(__AVX512F__)
// Two factors, as 2^n may not be normal where v * 2^n is.
inline F scale(F v, F n) {
  const I whole = toInt(n), half = whole >> 1;
  return v * floatOf((half + 127) << 23) * floatOf((whole - half + 127) << 23);
}
#endif
inline F copySign(F magnitude, F sign) {
  return floatOf((bitsOf(magnitude) & broadcast(0x7fffffff)) | (bitsOf(sign) & ~broadcast(0x7fffffff)));
}

}  // namespace
}  // namespace saccade
