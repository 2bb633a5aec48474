// attention: out = softmax(scale * q @ k' + mask) @ v for each head, in memory that does not grow with the
// keys (online softmax).
//
// A block computes kThreads columns of a query's row. Its threads take the keys in blocks of kThreads, a
// score each; then each has a column of the weighted sum of values. Blocks of keys start at multiples of
// kThreads, so that the order in which a query takes its keys depends on their positions alone.
#include "block_reduce.h"
#include "device/number.h"
#include "kernel.h"
#include "scores.h"
#include "types.h"
#include "walk.h"

namespace saccade::cuda {
namespace {

constexpr int32_t kThreads = 128;
constexpr int32_t kSharedBytes = sharedBytesOf(kThreads / kWarp * 4, kThreads * 4);
// The weight of a key that the query does not see. Its value is not read: it may be NaN.
constexpr float kHidden = -1;

struct Arguments {
  View out, v;
  ScoreArguments scores;
};

SACCADE_BOTH int64_t columnBlocksOf(const View& out) {
  return (out.dim[3] + kThreads - 1) / kThreads;
}

template <class T>
SACCADE_GLOBAL(kThreads)
void attention(const Arguments arguments) {
  SharedMemory memory;
  const Shared<float> shared = memory.take<float>(kThreads / kWarp), weights = memory.take<float>(kThreads);
  const View &to = arguments.out, &values = arguments.v;
  const int64_t columnBlocks = columnBlocksOf(to), rows = to.dim[0] * to.dim[1] * to.dim[2];
  forBlocks(rows * columnBlocks, [&](int64_t block) {
    const int64_t column = block % columnBlocks * kThreads + threadIndex(),
                  row = block / columnBlocks % to.dim[2];
    const int64_t head = block / columnBlocks / to.dim[2] % to.dim[1];
    const int64_t batch = block / columnBlocks / to.dim[2] / to.dim[1];
    const Scores<T> scores(arguments.scores, batch, head, row);
    const Global<const T> v =
        globalOf<const T>(values) + (batch * values.stride[0] + head * values.stride[1]);
    float rowMax = -infinity(), rowSum = 0, sum = 0;
    for (int64_t key0 = scores.from() / kThreads * kThreads; key0 < scores.to(); key0 += kThreads) {
      float score = -infinity();
      const bool seen = scores.score(key0 + threadIndex(), score);
      const float newMax = LargerScore()(rowMax, blockReduce<kThreads>(score, shared, LargerScore()));
      // With nothing finite yet the differences would be NaN.
      const float shift = newMax == -infinity() ? 0.0f : newMax, rescale = expf(rowMax - shift);
      const float weight = seen ? expf(score - shift) : 0.0f;
      weights.write(threadIndex(), seen ? weight : kHidden);
      rowSum = rowSum * rescale + blockReduce<kThreads>(weight, shared, Sum());
      rowMax = newMax;
      sum *= rescale;
      for (int32_t i = 0; i < kThreads && column < to.dim[3]; ++i) {
        const float factor = weights.read(i);
        if (factor != kHidden)
          sum = fused(factor, toFloat(v.read((key0 + i) * values.stride[2] + column)), sum);
      }
    }
    if (column >= to.dim[3]) return;
    const int64_t at = batch * to.stride[0] + head * to.stride[1] + row * to.stride[2] + column;
    globalOf<T>(to).write(at, roundTo<T>(rowSum == 0 ? 0.0f : sum / rowSum));
  });
}

}  // namespace

void launch_attention(const Call& call, const Fault&, Launcher& launcher) {
  const View &out = call.view[0], &q = call.view[1];
  const Arguments arguments{
      out, call.view[3],
      scoreArguments(q, call.view[2], call.view[4], call.view[5], call.attribute, 0, q.dim[2])};
  const Grid grid = gridOf(out.dim[0] * out.dim[1] * out.dim[2] * columnBlocksOf(out));
  withFloat(out.dtype, [&](auto type) {
    launcher.launch(attention<typename decltype(type)::type>, grid, kThreads, kSharedBytes, arguments);
  });
}

}  // namespace saccade::cuda
