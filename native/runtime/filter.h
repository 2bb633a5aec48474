// The filters of Pillow's resampling: the input positions that contribute to an output position, and their
// weights. The arithmetic is that of Pillow, operation by operation, in double, so that the rounded
// fixed-point weights have the same bits.
#pragma once
#include "math_double.h"
#include "op.h"

namespace saccade {
namespace {

constexpr double kPi = 3.14159265358979323846;
// Fraction bits of the weights: 32, less 8 for the pixel and 2 for sums above its range.
constexpr int kPrecisionBits = 32 - 8 - 2;

SACCADE_ANYWHERE inline double sinc(double x) {
  if (x == 0) return 1;
  x = x * kPi;
  return sine(x) / x;
}

SACCADE_ANYWHERE inline double weightOf(Filter filter, double x) {
  const double distance = x < 0 ? -x : x;
  switch (filter) {
    case Filter::box:
      return x > -0.5 && x <= 0.5 ? 1 : 0;
    case Filter::bilinear:
      return distance < 1 ? 1 - distance : 0;
    case Filter::hamming: {
      if (distance == 0) return 1;
      if (distance >= 1) return 0;
      const double angle = distance * kPi;
      return sine(angle) / angle * (0.54f + 0.46f * cosine(angle));
    }
    case Filter::bicubic: {
      constexpr double a = -0.5;
      if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
      if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * a;
      return 0;
    }
    case Filter::lanczos:
      return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
    default:
      return 0;
  }
}

SACCADE_ANYWHERE inline double supportOf(Filter filter) {
  switch (filter) {
    case Filter::box:
      return 0.5;
    case Filter::bicubic:
      return 2;
    case Filter::lanczos:
      return 3;
    default:
      return 1;
  }
}

// Resampling of an axis of `length` to `size` positions. If that is fewer, the filter is widened by the same
// factor.
struct Resampling {
  Filter filter;
  int64_t length, size;
  double scale, filterScale, support;
  int64_t maxTaps;  // input positions that an output position may use

  SACCADE_ANYWHERE Resampling(Filter kind, int64_t from, int64_t to) : filter(kind), length(from), size(to) {
    scale = static_cast<double>(static_cast<float>(from)) / static_cast<double>(to);
    filterScale = scale < 1 ? 1 : scale;
    support = supportOf(filter) * filterScale;
    maxTaps = static_cast<int64_t>(support);
    if (static_cast<double>(maxTaps) < support) maxTaps++;
    maxTaps = maxTaps * 2 + 1;
  }

  struct Range {
    int64_t first, count;
  };

  // The input positions of an output position.
  SACCADE_ANYWHERE Range range(int64_t position) const {
    const double center = centerOf(position);
    int64_t first = static_cast<int64_t>(center - support + 0.5);
    int64_t end = static_cast<int64_t>(center + support + 0.5);
    if (first < 0) first = 0;
    if (end > length) end = length;
    return {first, end - first};
  }

  // The weight of input `i` for an output position, before they are divided by their sum.
  SACCADE_ANYWHERE double exactWeight(int64_t position, int64_t i) const {
    return weightOf(filter, (static_cast<double>(i) - centerOf(position) + 0.5) * (1 / filterScale));
  }

  // The same divided by the sum of those of the position, in fixed point.
  SACCADE_ANYWHERE static int32_t fixedWeight(double exact, double sum) {
    const double weight = (sum != 0 ? exact / sum : exact) * (1 << kPrecisionBits);
    return static_cast<int32_t>(weight < 0 ? weight - 0.5 : weight + 0.5);
  }

  // The input positions of an output position; writes their weights in fixed point. exact: scratch for
  // maxTaps.
  Range weigh(int64_t position, double* exact, int32_t* weights) const {
    const Range inputs = range(position);
    double sum = 0;
    for (int64_t i = 0; i < inputs.count; i++) {
      exact[i] = exactWeight(position, i + inputs.first);
      sum += exact[i];
    }
    for (int64_t i = 0; i < inputs.count; i++) weights[i] = fixedWeight(exact[i], sum);
    return inputs;
  }

  // For the filter `nearest`: the one input position of each output position [begin, end). Pillow adds the
  // step repeatedly, so its rounding errors are part of the result.
  SACCADE_ANYWHERE void nearestPositions(int64_t begin, int64_t end, Range* ranges) const {
    double position = scale * 0.5;
    for (int64_t i = 0; i < end; i++, position += scale) {
      const int64_t whole = static_cast<int64_t>(position);
      if (i >= begin) ranges[i - begin] = {whole < length ? whole : length - 1, 1};
    }
  }

 private:
  SACCADE_ANYWHERE double centerOf(int64_t position) const {
    return (static_cast<double>(position) + 0.5) * scale;
  }
};

}  // namespace
}  // namespace saccade
