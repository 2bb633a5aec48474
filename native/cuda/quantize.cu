// quantize: rows of float32 to 8 bits with one scale a row, for gemm (formats.h). Symmetric: scale = largest
// magnitude / 127. A row with an infinity or NaN has the scale NaN, so that results show it. A scale is at
// least 2^-126, so that it and its inverse are normal. A block computes a row.
#include "block_reduce.h"
#include "device/math.h"
#include "device/memory.h"
#include "device/number.h"
#include "formats.h"
#include "kernel.h"
#include "walk.h"

namespace saccade::cuda {
namespace {

struct Arguments {
  View out, in;
};

SACCADE_GLOBAL(kReduceThreads)
void quantize(const Arguments arguments) {
  SharedMemory memory;
  const Shared<float> shared = memory.take<float>(kReduceThreads / kWarp);
  const View &to = arguments.out, &from = arguments.in;
  const Global<const float> in = globalOf<const float>(from);
  const int64_t rows = from.dim[1], length = from.dim[2];
  forBlocks(from.dim[0] * rows, [&](int64_t block) {
    const int64_t batch = block / rows, row = block % rows;
    const Global<char> out = globalOf<char>(to) + (batch * to.stride[0] + row * to.stride[1]);
    const auto value = [&](int64_t k) {
      return in.read(batch * from.stride[0] + row * from.stride[1] + k * from.stride[2]);
    };
    const auto larger = [](float a, float b) { return maximum(a, b); };
    float magnitude = 0;
    for (int64_t k = threadIndex(); k < length; k += kReduceThreads)
      magnitude = maximum(magnitude, fabsf(value(k)));
    magnitude = blockReduce<kReduceThreads>(magnitude, shared, larger);
    const bool finite = magnitude < infinity();
    if (magnitude < 0x1p-119f) magnitude = 0x1p-119f;
    if (threadIndex() == 0) out.as<float>().write(0, finite ? magnitude / 127.0f : floatOf(0x7fc00000));
    const float inverse = 127.0f / magnitude;
    for (int64_t k = threadIndex(); k < quantizedRowBytes(length) - kQuantizedHead; k += kReduceThreads) {
      const float steps = finite && k < length ? value(k) * inverse : 0.0f;
      out.as<int8_t>().write(kQuantizedHead + k, static_cast<int8_t>(rintf(steps)));
    }
  });
}

}  // namespace

void launch_quantize(const Call& call, const Fault&, Launcher& launcher) {
  const View& in = call.view[1];
  launcher.launch(quantize, gridOf(in.dim[0] * in.dim[1]), kReduceThreads, kReduceThreads / kWarp * 4,
                  {call.view[0], in});
}

}  // namespace saccade::cuda
