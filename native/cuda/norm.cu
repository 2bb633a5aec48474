// norm: out = (in - mean) / sqrt(variance + epsilon) * weight + bias (layer), or in / sqrt(mean square +
// epsilon) * weight + bias (rms), on [N, S, G, C] with statistics over S and C for each (N, G), in float32.
// Attributes: mode (0 layer, 1 rms), epsilon.
//
// A block computes one (N, G). As on the CPU, differences from a rounded mean correct the mean and the
// variance, so that a row of low variance far from zero is accurate.
#include "block_reduce.h"
#include "device/math.h"
#include "device/number.h"
#include "kernel.h"
#include "types.h"
#include "walk.h"

namespace saccade::cuda {
namespace {

struct Arguments {
  View out, in, weight, bias;
  bool rms;
  double epsilon;
};

template <class T>
SACCADE_GLOBAL(kReduceThreads)
void norm(const Arguments arguments) {
  SharedMemory memory;
  const Shared<float> shared = memory.take<float>(kReduceThreads / kWarp);
  const View &to = arguments.out, &from = arguments.in, &scaled = arguments.weight, &shifted = arguments.bias;
  const Global<T> out = globalOf<T>(to);
  const Global<const T> in = globalOf<const T>(from);
  const Global<const float> weight = isAbsent(scaled) ? Global<const float>() : globalOf<const float>(scaled);
  const Global<const float> bias = isAbsent(shifted) ? Global<const float>() : globalOf<const float>(shifted);
  const int64_t groups = to.dim[2], channels = to.dim[3], count = to.dim[1] * channels;
  forBlocks(to.dim[0] * groups, [&](int64_t block) {
    const int64_t n = block / groups, g = block % groups;
    const auto value = [&](int64_t i) {
      return toFloat(in.read(n * from.stride[0] + i / channels * from.stride[1] + g * from.stride[2] +
                             i % channels * from.stride[3]));
    };
    float mean = 0;
    if (!arguments.rms) {
      float sum = 0;
      for (int64_t i = threadIndex(); i < count; i += kReduceThreads) sum += value(i);
      mean = blockReduce<kReduceThreads>(sum, shared, Sum()) / static_cast<float>(count);
    }
    float sum = 0, square = 0;
    for (int64_t i = threadIndex(); i < count; i += kReduceThreads) {
      const float difference = value(i) - mean;
      sum += difference;
      square = fused(difference, difference, square);
    }
    sum = blockReduce<kReduceThreads>(sum, shared, Sum());
    square = blockReduce<kReduceThreads>(square, shared, Sum());
    const double elements = static_cast<double>(count);
    const double offset = arguments.rms ? 0 : static_cast<double>(sum) / elements;
    double variance = static_cast<double>(square) / elements - offset * offset;
    if (variance < 0) variance = 0;
    const double scale = 1 / sqrt(variance + arguments.epsilon);
    const auto factor = static_cast<float>(scale), shift = static_cast<float>(-offset * scale);
    for (int64_t i = threadIndex(); i < count; i += kReduceThreads) {
      const int64_t c = i % channels;
      float result = fused(value(i) - mean, factor, shift);
      if (weight) result *= weight.read(g * scaled.stride[0] + c * scaled.stride[1]);
      if (bias) result += bias.read(g * shifted.stride[0] + c * shifted.stride[1]);
      out.write(n * to.stride[0] + i / channels * to.stride[1] + g * to.stride[2] + c * to.stride[3],
                roundTo<T>(result));
    }
  });
}

}  // namespace

void launch_norm(const Call& call, const Fault&, Launcher& launcher) {
  const View& out = call.view[0];
  const Arguments arguments{out,          call.view[1],           call.view[2],
                            call.view[3], call.attribute[0] == 1, call.attribute[1]};
  withFloat(out.dtype, [&](auto type) {
    launcher.launch(norm<typename decltype(type)::type>, gridOf(out.dim[0] * out.dim[2]), kReduceThreads,
                    kReduceThreads / kWarp * 4, arguments);
  });
}

}  // namespace saccade::cuda
