// attentionWeights: out = softmax(scale * q @ k' + mask) for the rows asked for. A block computes a row; each
// thread keeps its scores in the output between the passes.
#include "block_reduce.h"
#include "device/number.h"
#include "kernel.h"
#include "scores.h"
#include "types.h"
#include "walk.h"

namespace saccade::cuda {
namespace {

struct Arguments {
  View out;
  ScoreArguments scores;
};

template <class T>
SACCADE_GLOBAL(kReduceThreads)
void attentionWeights(const Arguments arguments) {
  SharedMemory memory;
  const Shared<float> shared = memory.take<float>(kReduceThreads / kWarp);
  const View& to = arguments.out;
  const int64_t keys = to.dim[3];
  forBlocks(to.dim[0] * to.dim[1] * to.dim[2], [&](int64_t block) {
    const int64_t row = block % to.dim[2], head = block / to.dim[2] % to.dim[1];
    const int64_t batch = block / to.dim[2] / to.dim[1];
    const Scores<T> scores(arguments.scores, batch, head, row);
    const Global<float> out =
        globalOf<float>(to) + (batch * to.stride[0] + head * to.stride[1] + row * to.stride[2]);
    float rowMax = -infinity();
    for (int64_t key = threadIndex(); key < keys; key += kReduceThreads) {
      float score = -infinity();
      scores.score(key, score);
      out.write(key, score);
      rowMax = LargerScore()(rowMax, score);
    }
    rowMax = blockReduce<kReduceThreads>(rowMax, shared, LargerScore());
    const float shift = rowMax == -infinity() ? 0.0f : rowMax;
    float rowSum = 0;
    for (int64_t key = threadIndex(); key < keys; key += kReduceThreads) {
      const float weight = expf(out.read(key) - shift);
      out.write(key, weight);
      rowSum += weight;
    }
    rowSum = blockReduce<kReduceThreads>(rowSum, shared, Sum());
    for (int64_t key = threadIndex(); key < keys; key += kReduceThreads)
      out.write(key, rowSum == 0 ? 0.0f : out.read(key) / rowSum);
  });
}

}  // namespace

void launch_attentionWeights(const Call& call, const Fault&, Launcher& launcher) {
  const View &out = call.view[0], &q = call.view[1];
  const Arguments arguments{
      out, scoreArguments(q, call.view[2], call.view[3], call.view[4], call.attribute,
                          static_cast<int64_t>(call.attribute[3]), static_cast<int64_t>(call.attribute[4]))};
  withFloat(q.dtype, [&](auto type) {
    launcher.launch(attentionWeights<typename decltype(type)::type>,
                    gridOf(out.dim[0] * out.dim[1] * out.dim[2]), kReduceThreads, kReduceThreads / kWarp * 4,
                    arguments);
  });
}

}  // namespace saccade::cuda
