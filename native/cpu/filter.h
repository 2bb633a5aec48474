// The filters of Pillow's resampling: which input places make an output place, and with what weights.
// Arithmetic follows Pillow's step by step, in double, so that the rounded fixed-point weights are the same
// bits.
#pragma once
#include "../runtime/op.h"
#include "math_double.h"

namespace saccade {
namespace {

constexpr double kPi = 3.14159265358979323846;
// Of the weights: 8 bits for the pixel and 2 for sums beyond it leave 22.
constexpr int kPrecisionBits = 32 - 8 - 2;

inline double sinc(double x) {
  if (x == 0) return 1;
  x = x * kPi;
  return sine(x) / x;
}

inline double weightOf(Filter filter, double x) {
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

inline double supportOf(Filter filter) {
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

// How an axis of `length` places becomes one of `size`, from start to end of it. When it shrinks, the filter
// widens as much.
struct Resampling {
  Filter filter;
  int64_t length, size;
  double start, scale, filterScale, support;
  int64_t most;  // places an output place may need

  Resampling(Filter kind, int64_t from, int64_t to, double boxStart, double boxEnd)
      : filter(kind), length(from), size(to), start(static_cast<float>(boxStart)) {
    scale = static_cast<double>(static_cast<float>(boxEnd) - static_cast<float>(boxStart)) /
            static_cast<double>(to);
    filterScale = scale < 1 ? 1 : scale;
    support = supportOf(filter) * filterScale;
    most = static_cast<int64_t>(support);
    if (static_cast<double>(most) < support) most++;
    most = most * 2 + 1;
  }

  struct Range {
    int64_t first, count;
  };

  // The input places of an output place; their weights in fixed point go to `weights`. `exact` has room for
  // `most`.
  Range weigh(int64_t place, double* exact, int32_t* weights) const {
    const double center = start + (static_cast<double>(place) + 0.5) * scale;
    int64_t first = static_cast<int64_t>(center - support + 0.5);
    int64_t end = static_cast<int64_t>(center + support + 0.5);
    if (first < 0) first = 0;
    if (end > length) end = length;
    const double step = 1 / filterScale;
    double sum = 0;
    for (int64_t i = 0; i < end - first; i++) {
      exact[i] = weightOf(filter, (static_cast<double>(i + first) - center + 0.5) * step);
      sum += exact[i];
    }
    for (int64_t i = 0; i < end - first; i++) {
      const double weight = (sum != 0 ? exact[i] / sum : exact[i]) * (1 << kPrecisionBits);
      weights[i] = static_cast<int32_t>(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    return {first, end - first};
  }

  // For the filter `nearest`: the one place of each output place [0, end), from `begin` on. Pillow adds up
  // the step, so its rounding errors are part of the answer.
  void nearestPlaces(int64_t begin, int64_t end, Range* ranges) const {
    double place = start + scale * 0.5;
    for (int64_t i = 0; i < end; i++, place += scale) {
      const int64_t whole = static_cast<int64_t>(place);
      if (i >= begin) ranges[i - begin] = {whole < length ? whole : length - 1, 1};
    }
  }
};

}  // namespace
}  // namespace saccade
