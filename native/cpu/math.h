// Elementary functions and activations on the vectors of simd.h. NaN in gives NaN out.
//
// The error given with each function is the largest measured by test/native/math_test.cc against double
// precision, in units in the last place of the result (ulp), on any instruction set; where fma is not one
// instruction the polynomials round a little more. Results below 2^-126 are right to their last bit's size.
// Polynomials are minimax fits of our own.
#pragma once
#include "../runtime/math_double.h"
#include "../runtime/op.h"
#include "simd.h"

namespace saccade {
namespace {

// Coefficients from the highest power down.
template <int N>
inline F polynomial(F x, const float (&c)[N]) {
  F sum = broadcast(c[0]);
#pragma GCC unroll 16
  for (int i = 1; i < N; i++) sum = fma(sum, x, broadcast(c[i]));
  return sum;
}

// e^x as (1 + fraction) * 2^power with |fraction| < 0.42.
struct Exponential {
  F fraction, power;
};

// For |x| <= 120 or so. ln 2 is taken off in two parts, the first of 9 bits, so that its product is exact
// also without fma.
inline Exponential exponential(F x) {
  const F n = round(x * broadcast(1.44269504f));
  const F r = fma(n, broadcast(2.12194440e-4f), fma(n, broadcast(-0.693359375f), x));
  const F tail = polynomial(
      r, {1.38146022181e-3f, 8.36871644016e-3f, 4.16683879608e-2f, 1.66665206385e-1f, 4.99999934485e-1f});
  return {fma(r * r, tail, r), n};
}

// 1 ulp. Beyond the limits the result is 0 or infinite anyway.
inline F exp(F x) {
  const Exponential e = exponential(min(broadcast(89.0f), max(broadcast(-104.0f), x)));
  return scale(broadcast(1.0f) + e.fraction, e.power);
}

// e^x for x <= 0: 2 ulp, and three quarters of the time of exp.
inline F expBelow0(F x) {
  const F y = max(broadcast(-104.0f), x), n = round(y * broadcast(1.44269504f));
  const F r = fma(n, broadcast(2.12194440e-4f), fma(n, broadcast(-0.693359375f), y));
  const F tail =
      polynomial(r, {8.29027034e-3f, 4.18981612e-2f, 1.66676387e-1f, 4.99991477e-1f, 9.99999702e-1f});
  return scale(fma(r, tail, broadcast(1.0f)), n);
}

// e^x - 1 for x <= 88, without cancellation near 0: 2 ulp.
inline F expMinus1(F x) {
  const Exponential e = exponential(max(broadcast(-87.0f), x));
  const F power = scale(broadcast(1.0f), e.power);
  return fma(power, e.fraction, power - broadcast(1.0f));
}

// a - b with the wrap-around that signed types do not promise.
inline I wrappingSubtract(I a, I b) {
  typedef uint32_t U __attribute__((vector_size(sizeof(I))));
  return (I)((U)a - (U)b);
}

// Natural logarithm, 1 ulp; -infinity at 0, NaN below.
inline F log(F x) {
  const M tiny = less(x, broadcast(0x1p-126f));
  const F normal = select(tiny, x * broadcast(0x1p23f), x);
  // sqrt(1/2) as bits: the significand left after taking off 2^n lies between it and sqrt(2).
  const I n = wrappingSubtract(bitsOf(normal), broadcast(0x3f3504f3)) >> 23;
  const F f = floatOf(wrappingSubtract(bitsOf(normal), n << 23)) - broadcast(1.0f);
  const F exponent = toFloat(n) - select(tiny, broadcast(23.0f), zero());
  const F z = f * f;
  const F tail = polynomial(f, {-0.0763445050125f, 0.127615521046f, -0.131601886008f, 0.142017624852f,
                                -0.166233571734f, 0.200012266361f, -0.25000821036f, 0.333333317112f});
  const F low = fma(exponent, broadcast(-2.12194440e-4f), f * z * tail);
  const F value = fma(exponent, broadcast(0.693359375f), f + fma(z, broadcast(-0.5f), low));
  const F infinity = broadcast(__builtin_inff());
  const F outside =
      select(equal(x, zero()), -infinity, select(less(x, zero()), broadcast(__builtin_nanf("")), x));
  return select(both(less(zero(), x), less(x, infinity)), value, outside);
}

// log(1 + u) for u in 0..1: 2 ulp. The second term gives back what rounding 1 + u lost.
inline F log1Plus(F u) {
  const F w = broadcast(1.0f) + u;
  return log(w) + (u - (w - broadcast(1.0f))) / w;
}

// 3 ulp.
inline F tanh(F x) {
  const F e = expMinus1(min(broadcast(20.0f), abs(x) + abs(x)));
  return copySign(e / (e + broadcast(2.0f)), x);
}

// 1 / (1 + e^-x), 3 ulp, also far below 0.
inline F sigmoid(F x) {
  const F e = exp(-abs(x));
  return select(less(x, zero()), e, broadcast(1.0f)) / (broadcast(1.0f) + e);
}

// The factor R of the normal tail, erfc(a / sqrt(2)) / 2 = e^(-a^2 / 2) R(a), for a in 0..14.5: a slowly
// falling function, fitted on t = (a - 2) / (a + 3); that centre rounds least where gelu is not yet tiny.
inline F tailFactor(F a) {
  const F t = (a - broadcast(2.0f)) / (a + broadcast(3.0f));
  return polynomial(
      t, {2.73793655122e-4f, 8.34026474057e-5f, -1.59940580187e-3f, -1.2411743254e-3f, 9.35287905854e-3f,
          5.6884534528e-3f, -8.60898101719e-2f, 2.19126487893e-1f, -3.13691388181e-1f, 1.68102002783e-1f});
}

// 2 ulp.
inline F erf(F x) {
  const F a = abs(x), z = x * x;
  const F small = polynomial(z, {7.85386174385e-5f, -8.01019411941e-4f, 5.18832780054e-3f, -2.68538120419e-2f,
                                 1.1283585153e-1f, -3.7612625825e-1f, 1.2837916573e-1f});
  const F far = min(broadcast(10.0f), a);
  const F tail = tailFactor(far * broadcast(1.41421356f)) * exp(-far * far);
  return select(less(a, broadcast(1.0f)), fma(x, small, x), copySign(broadcast(1.0f) - (tail + tail), x));
}

// P(normal > a) for a in 0..6.1: pieces 13/32 wide, each a polynomial of the distance from its middle; rows
// of coefficients from the highest power down. At the last middle, 6.09375, it is 0.
constexpr float kTailPiece = 0.40625f;
constexpr float kTailEnd = 15 * kTailPiece;
alignas(64) constexpr float kTail[6][16] = {
    {-0.00969075598f, -0.00612722663f, 0.00129600207f, 0.00582056213f, 0.00513693457f, 0.00194619014f,
     -0.000465150079f, -0.00114861061f, -0.000850658573f, -0.000412291556f, -0.000148511128f,
     -4.17376868e-05f, -9.37651384e-06f, -1.70840349e-06f, -2.54757055e-07f, -0.000197725094f},
    {-8.73739627e-05f, -0.0174579471f, -0.0225419868f, -0.0145543562f, -0.00265673571f, 0.00475108903f,
     0.00607166439f, 0.00421598041f, 0.00208922708f, 0.000797047396f, 0.000241986258f, 5.95242782e-05f,
     1.19935248e-05f, 1.99389706e-06f, 2.74891647e-07f, -0.00010337295f},
    {0.0665009245f, 0.0511152744f, 0.0162405968f, -0.015355587f, -0.0291285198f, -0.026408894f,
     -0.0168428849f, -0.00826372206f, -0.00323452195f, -0.0010290551f, -0.000269066542f, -5.82328612e-05f,
     -1.04832798e-05f, -1.57537204e-06f, -1.9814496e-07f, -1.9595338e-05f},
    {-5.48766252e-07f, 0.0746140257f, 0.116504394f, 0.115678325f, 0.0865633115f, 0.0514883697f, 0.0249272678f,
     0.00994766224f, 0.00329704117f, 0.000912001298f, 0.000211239312f, 4.10665562e-05f, 6.71263797e-06f,
     9.23770415e-07f, 1.07139257e-07f, -1.60757804e-06f},
    {-0.398942262f, -0.367343396f, -0.286786646f, -0.189832285f, -0.106538296f, -0.0506950915f,
     -0.0204526894f, -0.00699614687f, -0.00202904083f, -0.000498936337f, -0.000104020874f, -1.83871762e-05f,
     -2.75566322e-06f, -3.50147104e-07f, -3.77210725e-08f, -5.85086006e-08f},
    {0.5f, 0.342279464f, 0.2082524f, 0.111469552f, 0.0520812757f, 0.0211148169f, 0.00739460578f,
     0.00222930079f, 0.000577025348f, 0.000127966123f, 2.42750812e-05f, 3.9339352e-06f, 5.44050522e-07f,
     6.41542854e-08f, 6.4458594e-09f, 0.0f},
};

// x * P(normal <= x), exact form, as max(x, 0) - |x| P(normal > |x|): 2.5 ulp from -1 up, and an absolute
// error below 5e-8 * |x|. A table costs a third of what exp and a division do, and products wait for their
// gelu.
inline F gelu(F x) {
  const F a = min(abs(x), broadcast(kTailEnd));
  // Adding 2^23 and a half of it rounds to a whole number, which is then in the lowest bits.
  const F shift = broadcast(0x1.8p23f), piece = fma(a, broadcast(1 / kTailPiece), shift);
  const I index = bitsOf(piece);
  const F r = fma(piece - shift, broadcast(-kTailPiece), a);
  F tail = lookup(kTail[0], index);
#pragma GCC unroll 8
  for (int i = 1; i < 6; i++) tail = fma(tail, r, lookup(kTail[i], index));
  return fma(-a, tail, max(zero(), x));
}

// x/2 (1 + tanh(u)) with u = sqrt(2/pi) (x + 0.044715 x^3), as x * sigmoid(2u), which does not cancel.
// Rounding u costs a relative error up to |2u| ulp below 0, where the result vanishes: absolute error
// below 1.2e-7 * |x|.
inline F geluTanh(F x) {
  const F u = x * fma(x * x, broadcast(0.0713548163f), broadcast(1.59576912f));
  return x * sigmoid(u);
}

// log(1 + e^x): 3 ulp.
inline F softplus(F x) {
  return max(zero(), x) + log1Plus(exp(-abs(x)));
}

// x * tanh(softplus(x)): 5 ulp. With e = e^x, the tanh is n / (n + 2) for n = e (e + 2).
inline F mish(F x) {
  const F e = exp(min(broadcast(20.0f), x));
  const F n = e * (e + broadcast(2.0f));
  return x * (n / (n + broadcast(2.0f)));
}

// Applies a function of one float to each lane, for functions too rare for vectors.
template <class Function>
inline F eachLane(F x, F y, Function function) {
  float a[kLanes], b[kLanes];
  store(a, x);
  store(b, y);
  for (int i = 0; i < kLanes; i++) a[i] = function(a[i], b[i]);
  return load(a);
}

// The next three are right to 0.51 ulp: computed in double.
inline F sine(F x) {
  return eachLane(x, x, [](float v, float) { return static_cast<float>(sine(v)); });
}
inline F cosine(F x) {
  return eachLane(x, x, [](float v, float) { return static_cast<float>(cosine(v)); });
}
inline F power(F x, F y) {
  return eachLane(x, y, [](float v, float w) { return power(v, w); });
}

// One function of SACCADE_UNARY; `parameter` is for leakyRelu, elu and power. silu has 3.2 ulp; quickGelu, as
// geluTanh, an absolute error below 1.2e-7 * |x|; rsqrt 1.5 ulp; the plain formulas a rounding for each
// operation.
template <Unary kind>
inline F activate(F x, [[maybe_unused]] F parameter) {
  const F one = broadcast(1.0f);
  if constexpr (kind == Unary::identity) return x;
  if constexpr (kind == Unary::relu) return max(zero(), x);
  if constexpr (kind == Unary::gelu) return gelu(x);
  if constexpr (kind == Unary::geluTanh) return geluTanh(x);
  if constexpr (kind == Unary::quickGelu) return x * sigmoid(x * broadcast(1.702f));
  if constexpr (kind == Unary::silu) return x * sigmoid(x);
  if constexpr (kind == Unary::sigmoid) return sigmoid(x);
  if constexpr (kind == Unary::tanh) return tanh(x);
  if constexpr (kind == Unary::relu6) return min(broadcast(6.0f), max(zero(), x));
  if constexpr (kind == Unary::hardSwish)
    return x * min(broadcast(6.0f), max(zero(), x + broadcast(3.0f))) / broadcast(6.0f);
  if constexpr (kind == Unary::hardSigmoid)
    return min(broadcast(6.0f), max(zero(), x + broadcast(3.0f))) / broadcast(6.0f);
  if constexpr (kind == Unary::leakyRelu) return select(less(x, zero()), x * parameter, x);
  if constexpr (kind == Unary::elu) return select(less(zero(), x), x, parameter * expMinus1(min(zero(), x)));
  if constexpr (kind == Unary::mish) return mish(x);
  if constexpr (kind == Unary::softplus) return softplus(x);
  if constexpr (kind == Unary::exp) return exp(x);
  if constexpr (kind == Unary::log) return log(x);
  if constexpr (kind == Unary::sqrt) return sqrt(x);
  if constexpr (kind == Unary::rsqrt) return one / sqrt(x);
  if constexpr (kind == Unary::reciprocal) return one / x;
  if constexpr (kind == Unary::negate) return -x;
  if constexpr (kind == Unary::absolute) return abs(x);
  if constexpr (kind == Unary::square) return x * x;
  if constexpr (kind == Unary::erf) return erf(x);
  if constexpr (kind == Unary::sine) return sine(x);
  if constexpr (kind == Unary::cosine) return cosine(x);
  if constexpr (kind == Unary::floor) return floor(x);
  if constexpr (kind == Unary::ceil) return ceil(x);
  if constexpr (kind == Unary::round) return round(x);
  if constexpr (kind == Unary::power) return power(x, parameter);
  if constexpr (kind == Unary::logicalNot) return select(equal(x, zero()), one, zero());
}

template <Unary kind>
struct UnaryKind {
  static constexpr Unary value = kind;
};

// Calls `body` with the UnaryKind of `kind`, so that its loops are compiled for that function:
//   withUnary(kind, [&](auto k) { ... activate<k.value>(x, parameter) ... });
template <class Body>
inline void withUnary(Unary kind, Body body) {
  switch (kind) {
#define SACCADE_CASE(name) \
  case Unary::name:        \
    return body(UnaryKind<Unary::name>());
    SACCADE_UNARY(SACCADE_CASE)
#undef SACCADE_CASE
    case Unary::count:
      return;
  }
}

// The same for a kind known only at run time; the branch costs little beside the function.
inline F activate(Unary kind, F x, F parameter) {
  F result = x;
  withUnary(kind, [&](auto k) { result = activate<k.value>(x, parameter); });
  return result;
}

}  // namespace
}  // namespace saccade
