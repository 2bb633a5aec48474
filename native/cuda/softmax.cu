// softmax: out = exp(in - rowMax) / rowSum along the last axis; with the attribute `logarithm`, its
// logarithm. A row with NaN or +infinity, or with -infinity only, becomes NaN. A block computes a row; each
// thread reads and writes its own elements, so that out may be in.
#include "block_reduce.h"
#include "device/math.h"
#include "kernel.h"
#include "walk.h"

namespace saccade::cuda {
namespace {

struct Arguments {
  View out, in;
  Walk<2> rows;
  int64_t length, outStride, inStride;
  bool logarithm;
};

SACCADE_GLOBAL(kReduceThreads)
void softmax(const Arguments arguments) {
  SharedMemory memory;
  const Shared<float> shared = memory.take<float>(kReduceThreads / kWarp);
  const Global<float> out = globalOf<float>(arguments.out);
  const Global<const float> in = globalOf<const float>(arguments.in);
  forBlocks(arguments.rows.elements, [&](int64_t row) {
    const Positions<2> at = arguments.rows.positions(row);
    const auto value = [&](int64_t i) { return in.read(at[1] + i * arguments.inStride); };
    // Ignores NaN, which the exponentials keep.
    const auto larger = [](float a, float b) { return a > b ? a : isNan(a) || b > a ? b : a; };
    float rowMax = -infinity();
    for (int64_t i = threadIndex(); i < arguments.length; i += kReduceThreads)
      rowMax = larger(rowMax, value(i));
    rowMax = blockReduce<kReduceThreads>(rowMax, shared, larger);
    float rowSum = 0;
    for (int64_t i = threadIndex(); i < arguments.length; i += kReduceThreads)
      rowSum += expf(value(i) - rowMax);
    rowSum = blockReduce<kReduceThreads>(rowSum, shared, Sum());
    const float logSum = logf(rowSum);
    for (int64_t i = threadIndex(); i < arguments.length; i += kReduceThreads) {
      const float shifted = value(i) - rowMax;
      out.write(at[0] + i * arguments.outStride,
                arguments.logarithm ? shifted - logSum : expf(shifted) / rowSum);
    }
  });
}

}  // namespace

void launch_softmax(const Call& call, const Fault&, Launcher& launcher) {
  const View &out = call.view[0], &in = call.view[1];
  const int32_t last = out.rank - 1;
  const Arguments arguments{out,
                            in,
                            walkOver<2>(call.view, 0, last),
                            out.dim[last],
                            out.stride[last],
                            in.stride[last],
                            call.attribute[0] == 1};
  launcher.launch(softmax, gridOf(arguments.rows.elements), kReduceThreads, kReduceThreads / kWarp * 4,
                  arguments);
}

}  // namespace saccade::cuda
