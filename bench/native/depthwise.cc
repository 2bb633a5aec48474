// The first half of a ConvNeXt block: a depthwise 7x7 convolution on NHWC and the layer norm after it.
#include <cmath>

#include "layers.h"
#include "reference.h"
#include "rotation.h"

namespace saccade::bench {
namespace {

constexpr int64_t kWindow = 7, kPad = 3;
constexpr double kEpsilon = 1e-6;

struct Shape {
  int64_t batch, side, channels;

  std::vector<int64_t> image() const { return {batch, side, side, channels}; }
  std::vector<int64_t> rows() const { return {batch * side * side, 1, 1, channels}; }
  // Of the convolution alone: the norm is memory's. Taps outside the image are not computed, and of a 7x7
  // image those are nearly half.
  double work() const {
    const int64_t taps = tapsInside() * tapsInside();
    return 2.0 * static_cast<double>(taps * batch * channels);
  }

 private:
  // Of the windows along one axis, together.
  int64_t tapsInside() const {
    int64_t taps = 0;
    for (int64_t at = 0; at < side; ++at) {
      taps += std::min(at + kPad, side - 1) - std::max<int64_t>(at - kPad, 0) + 1;
    }
    return taps;
  }
};

// All channels of one pixel, right.
std::vector<double> compute(const Shape& shape, const float* in, const float* w, int64_t y, int64_t x) {
  const int64_t channels = shape.channels;
  std::vector<double> sums(static_cast<size_t>(channels));
  for (int64_t i = 0; i < kWindow; ++i) {
    for (int64_t j = 0; j < kWindow; ++j) {
      const int64_t row = y + i - kPad, column = x + j - kPad;
      if (row < 0 || row >= shape.side || column < 0 || column >= shape.side) continue;
      for (int64_t c = 0; c < channels; ++c) {
        sums[static_cast<size_t>(c)] += static_cast<double>(in[(row * shape.side + column) * channels + c]) *
                                        static_cast<double>(w[(i * kWindow + j) * channels + c]);
      }
    }
  }
  double mean = 0, square = 0;
  for (const double sum : sums) mean += sum / static_cast<double>(channels);
  for (const double sum : sums) square += (sum - mean) * (sum - mean) / static_cast<double>(channels);
  for (double& sum : sums) sum = (sum - mean) / std::sqrt(square + kEpsilon);
  return sums;
}

double errorOf(const Shape& shape, const float* in, const float* w, const float* out) {
  Error error;
  sample(shape.side, 6, [&](int64_t y) {
    sample(shape.side, 6, [&](int64_t x) {
      const std::vector<double> right = compute(shape, in, w, y, x);
      for (int64_t c = 0; c < shape.channels; ++c) {
        error.add(out[(y * shape.side + x) * shape.channels + c], right[static_cast<size_t>(c)]);
      }
    });
  });
  return error.relative();
}

Workload workloadOf(const Shape& shape, int32_t threads, double peakRate) {
  const auto w = normals(kWindow * kWindow * shape.channels, 5);
  const auto zero = zeros(4 * shape.channels), one = zeros(4 * shape.channels);
  std::fill_n(floatsOf(one), shape.channels, 1.0f);
  std::vector<std::shared_ptr<Memory>> in, between, out;
  for (int64_t i = 0; i < kWarmSets; ++i) {
    in.push_back(i == 0 ? normals(sizeOf(shape.image()), 6) : copyOf(in[0]));
    between.push_back(zeros(4 * sizeOf(shape.image())));
    out.push_back(zeros(4 * sizeOf(shape.image())));
  }
  Workload workload;
  workload.calls = std::min<int64_t>(callsFor(shape.work(), peakRate), 256);
  workload.contenders.push_back(
      takingTurns(kWarmSets, workload.calls, threads, [&](Sequence& sequence, int64_t set) {
        const auto i = static_cast<size_t>(set);
        sequence.add(Op::depthwise,
                     {{between[i], shape.image()},
                      {in[i], shape.image()},
                      {w, {kWindow, kWindow, shape.channels}},
                      {zero, {shape.channels}}},
                     {kWindow, kWindow, 1, 1, kPad, kPad, 1, 1, 0});
        sequence.add(Op::norm,
                     {{out[i], shape.rows()},
                      {between[i], shape.rows()},
                      {one, {1, shape.channels}},
                      {zero, {1, shape.channels}}},
                     {0, kEpsilon});
      }));
  workload.contenders[0].run(0);
  workload.error = errorOf(shape, floatsOf(in[0]), floatsOf(w), floatsOf(out[0]));
  return workload;
}

}  // namespace

std::vector<Line> depthwiseLines(Machine& machine) {
  std::vector<Line> lines;
  for (const int32_t threads : machine.threadCounts()) {
    for (const int64_t batch : {1, 8}) {
      for (const auto& [side, channels] : {std::pair{56, 96}, {28, 192}, {14, 384}, {7, 768}}) {
        const Shape shape{batch, side, channels};
        const std::string name = "7x7 + norm, " + std::to_string(batch) + "x" + std::to_string(side) + "x" +
                                 std::to_string(side) + "x" + std::to_string(channels);
        lines.push_back({"depthwise", name, "float32", threads, shape.work(), Peak::float32,
                         "activations warm", batch == 1, [=, &machine] {
                           return workloadOf(shape, threads, machine.usual(Peak::float32, threads));
                         }});
      }
    }
  }
  return lines;
}

}  // namespace saccade::bench
