// Elementary functions of one double, for functions too rare for vectors (sine, cosine, power) and for what
// needs double precision (Lanczos coefficients). Not those of libm, whose results differ between machines.
// Polynomials are minimax fits of our own.
#pragma once
#include <stdint.h>

// Functions that kernels of a GPU call, too, are compiled for both.
#if defined(__CUDACC__)
#define SACCADE_ANYWHERE __host__ __device__
#else
#define SACCADE_ANYWHERE
#endif

namespace saccade {
namespace {

SACCADE_ANYWHERE inline uint64_t bitsOfDouble(double value) {
  uint64_t bits;
  __builtin_memcpy(&bits, &value, 8);
  return bits;
}

SACCADE_ANYWHERE inline double doubleOfBits(uint64_t bits) {
  double value;
  __builtin_memcpy(&value, &bits, 8);
  return value;
}

// Coefficients from the highest power down.
template <int N>
SACCADE_ANYWHERE inline double polynomial(double x, const double (&c)[N]) {
  double sum = c[0];
  for (int i = 1; i < N; i++) sum = sum * x + c[i];
  return sum;
}

// To the nearest whole number, ties to even, for |x| < 2^51: adding 1.5 * 2^52 rounds the fraction away.
SACCADE_ANYWHERE inline double nearest(double x) {
  return (x + 0x1.8p52) - 0x1.8p52;
}

// An angle as quadrant * pi/2 + rest, |rest| <= pi/4.
struct Angle {
  double rest;
  int quadrant;
};

// For |x| >= 2^26, a float's value: multiplies its 24-bit significand by the 96 bits of 2/pi that matter
// (those above only add whole turns), in integers, so nothing is lost however large the angle.
SACCADE_ANYWHERE inline Angle reduceLarge(double x) {
  static const uint32_t kTwoOverPi[] = {0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0,
                                        0xdb629599, 0x3c439041, 0xfe5163ab};
  const uint64_t bits = bitsOfDouble(x);
  const int exponent = static_cast<int>((bits >> 52) & 0x7ff) - 1023 - 23;  // |x| = significand * 2^exponent
  const uint64_t significand = ((bits & 0xfffffffffffff) | 0x10000000000000) >> 29;
  const int first = exponent - 2;  // bits of 2/pi before this one weigh 4 or more
  const int word = first / 32, shift = first % 32;
  unsigned __int128 window = 0;
  for (int i = 0; i < 4; i++) window = (window << 32) | kTwoOverPi[word + i];
  window = (window << shift) >> 32;                                // 96 bits
  const unsigned __int128 product = (window * significand) << 32;  // 2 bits of quadrant, then the fraction
  const uint64_t top = static_cast<uint64_t>(product >> 64);
  int quadrant = static_cast<int>(top >> 62);
  int64_t fraction = static_cast<int64_t>(static_cast<uint64_t>(product >> 62));  // in quarter turns * 2^64
  if (fraction < 0) quadrant++;  // over half: count from above
  const double rest = static_cast<double>(fraction) * 0x1p-64 * 0x1.921fb54442d18p0;
  return bits >> 63 ? Angle{-rest, -quadrant} : Angle{rest, quadrant};
}

// Takes off n * pi/2 with pi/2 in three parts; the first two have 27 bits, so that their products are exact.
SACCADE_ANYWHERE inline Angle reduce(double x) {
  if (!(x < 0x1p26 && x > -0x1p26)) return reduceLarge(x);
  const double n = nearest(x * 0x1.45f306dc9c883p-1);
  const double rest = ((x - n * 0x1.921fb54p0) - n * 0x1.10b461p-30) - n * 0x1.a62633145c06ep-58;
  return {rest, static_cast<int>(n)};
}

SACCADE_ANYWHERE inline double sineOfRest(double r) {
  const double z = r * r;
  return r + r * z *
                 polynomial(z, {-7.578403295467217745e-13, 1.605836044076574254e-10, -2.505210486078555562e-8,
                                2.755731921398521858e-6, -1.984126984125464849e-4, 8.333333333333322375e-3,
                                -1.666666666666666664e-1});
}

SACCADE_ANYWHERE inline double cosineOfRest(double r) {
  const double z = r * r;
  return 1 - (0.5 * z - z * z *
                            polynomial(z, {-1.135831042492317343e-11, 2.087569657059661799e-9,
                                           -2.75573141486014005e-7, 2.480158728874807367e-5,
                                           -1.388888888887289485e-3, 4.166666666666659202e-2}));
}

// Within 2 ulp for |x| < 2^26, and for any float. NaN for infinities and NaN.
SACCADE_ANYWHERE inline double sine(double x) {
  if (x - x != 0) return x - x;
  const Angle a = reduce(x);
  const double value = a.quadrant & 1 ? cosineOfRest(a.rest) : sineOfRest(a.rest);
  return a.quadrant & 2 ? -value : value;
}

SACCADE_ANYWHERE inline double cosine(double x) {
  if (x - x != 0) return x - x;
  const Angle a = reduce(x);
  const double value = a.quadrant & 1 ? sineOfRest(a.rest) : cosineOfRest(a.rest);
  return (a.quadrant + 1) & 2 ? -value : value;
}

// Natural logarithm of a float's value > 0, relative error below 1e-15.
SACCADE_ANYWHERE inline double logarithm(double x) {
  if (x == 0) return -__builtin_inf();
  if (x - x != 0) return x;
  const uint64_t bits = bitsOfDouble(x);
  // sqrt(1/2) as bits: what is left after taking off whole powers of two lies between it and sqrt(2).
  const int64_t exponent = static_cast<int64_t>(bits - 0x3fe6a09e667f3bcd) >> 52;
  const double m = doubleOfBits(bits - (static_cast<uint64_t>(exponent) << 52));
  const double s = (m - 1) / (m + 1), z = s * s;
  const double tail = polynomial(z, {0.1682133990747569963, 0.1812352172262515638, 0.2222337523277367105,
                                     0.2857141708293126349, 0.4000000005254045361, 0.6666666666658672293});
  return static_cast<double>(exponent) * 0x1.62e42fefa39efp-1 + (2 * s + s * z * tail);
}

// e^x, relative error below 1e-14, for any x; as a float the result overflows and underflows as it should.
SACCADE_ANYWHERE inline double exponential(double x) {
  if (x != x) return x;
  x = x > 200 ? 200 : x < -200 ? -200 : x;
  const double n = nearest(x * 0x1.71547652b82fep0);
  const double r = (x - n * 0x1.62e42fefa2p-1) - n * 0x1.9ef35793c7673p-41;
  const double tail =
      polynomial(r, {2.763265721085798819e-6, 2.488447823915641581e-5, 1.984119287742627543e-4,
                     1.388880420285865622e-3, 8.333333363252953162e-3, 4.166666699589350208e-2,
                     1.666666666663398746e-1, 4.999999999964040285e-1});
  return (1 + (r + r * r * tail)) * doubleOfBits(static_cast<uint64_t>(static_cast<int64_t>(n) + 1023) << 52);
}

// x^y as C's powf defines it, special cases included; within 0.51 ulp of a float.
SACCADE_ANYWHERE inline float power(float x, float y) {
  const double magnitude = x < 0 ? -static_cast<double>(x) : x;
  if (y == 0 || x == 1) return 1;
  if (x != x || y != y) return x + y;
  // Floats from 2^24 on are all even.
  const bool small = y < 0x1p24f && y > -0x1p24f;
  const int32_t whole = small ? static_cast<int32_t>(y) : 0;
  const bool isWhole = !small || static_cast<float>(whole) == y;
  const bool negative = bitsOfDouble(x) >> 63;
  if (x < 0 && !isWhole && magnitude - magnitude == 0) return __builtin_nanf("");
  const double result = magnitude == 1 ? 1 : exponential(static_cast<double>(y) * logarithm(magnitude));
  return static_cast<float>(negative && (whole & 1) ? -result : result);
}

}  // namespace
}  // namespace saccade
