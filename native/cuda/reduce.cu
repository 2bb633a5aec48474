// reduce: out[outer...] = sum, mean, max, min, argmax or argmin of in[outer..., r reduced axes], in float32.
// Attributes: kind, r. max, min, argmax and argmin prefer NaN; of equal values argmax and argmin take the
// first.
//
// A block computes an output: each thread combines every kReduceThreads-th element, then the block their
// results.
#include "block_reduce.h"
#include "device/math.h"
#include "device/number.h"
#include "kernel.h"
#include "types.h"
#include "walk.h"

namespace saccade::cuda {
namespace {

struct Arguments {
  View out, in;
  Walk<2> outer;
  Walk<1> reduced;
};

// A value with the index where it was first.
struct Candidate {
  float value;
  int32_t index;
};

SACCADE_DEVICE Candidate shuffleXor(Candidate candidate, int32_t mask) {
  return {saccade::cuda::shuffleXor(candidate.value, mask), saccade::cuda::shuffleXor(candidate.index, mask)};
}

template <bool kMean>
struct Total {
  using Value = float;
  SACCADE_DEVICE static float start() { return 0; }
  SACCADE_DEVICE static float of(float value, int32_t) { return value; }
  SACCADE_DEVICE float operator()(float a, float b) const { return a + b; }
  template <class Out>
  SACCADE_DEVICE static Out result(float sum, int64_t count) {
    return roundTo<Out>(kMean ? sum / static_cast<float>(count) : sum);
  }
};

template <bool kMax>
struct Extreme {
  using Value = float;
  SACCADE_DEVICE static float start() { return kMax ? -infinity() : infinity(); }
  SACCADE_DEVICE static float of(float value, int32_t) { return value; }
  SACCADE_DEVICE float operator()(float a, float b) const { return kMax ? maximum(a, b) : minimum(a, b); }
  template <class Out>
  SACCADE_DEVICE static Out result(float value, int64_t) {
    return roundTo<Out>(value);
  }
};

template <bool kMax>
struct ArgExtreme {
  using Value = Candidate;
  SACCADE_DEVICE static Candidate start() { return {kMax ? -infinity() : infinity(), INT32_MAX}; }
  SACCADE_DEVICE static Candidate of(float value, int32_t index) { return {value, index}; }
  SACCADE_DEVICE Candidate operator()(Candidate a, Candidate b) const {
    const bool same = a.value == b.value || (isNan(a.value) && isNan(b.value));
    if (same) return a.index < b.index ? a : b;
    if (isNan(a.value) || isNan(b.value)) return isNan(a.value) ? a : b;
    return (kMax ? a.value > b.value : a.value < b.value) ? a : b;
  }
  template <class Out>
  SACCADE_DEVICE static Out result(Candidate best, int64_t) {
    return best.index;
  }
};

template <class Op, class Out, class T>
SACCADE_GLOBAL(kReduceThreads)
void reduce(const Arguments arguments) {
  SharedMemory memory;
  const auto shared = memory.take<typename Op::Value>(kReduceThreads / kWarp);
  const Global<Out> out = globalOf<Out>(arguments.out);
  const Global<const T> in = globalOf<const T>(arguments.in);
  const int64_t count = arguments.reduced.elements;
  forBlocks(arguments.outer.elements, [&](int64_t output) {
    const Positions<2> at = arguments.outer.positions(output);
    typename Op::Value value = Op::start();
    for (int64_t i = threadIndex(); i < count; i += kReduceThreads) {
      const float element = toFloat(in.read(at[1] + arguments.reduced.positions(i)[0]));
      value = Op()(value, Op::of(element, static_cast<int32_t>(i)));
    }
    value = blockReduce<kReduceThreads>(value, shared, Op());
    if (threadIndex() != 0) return;
    out.write(at[0], Op::template result<Out>(value, count));
  });
}

}  // namespace

void launch_reduce(const Call& call, const Fault&, Launcher& launcher) {
  const View &out = call.view[0], &in = call.view[1];
  const Arguments arguments{out, in, walkOver<2>(call.view, 0, out.rank),
                            walkOver<1>(&in, out.rank, in.rank)};
  withFloat(in.dtype, [&](auto type) {
    using T = typename decltype(type)::type;
    const auto launch = [&](void (*kernel)(Arguments)) {
      launcher.launch(kernel, gridOf(arguments.outer.elements), kReduceThreads,
                      kReduceThreads / kWarp * static_cast<int32_t>(sizeof(Candidate)), arguments);
    };
    switch (static_cast<Reduce>(static_cast<int32_t>(call.attribute[0]))) {
      case Reduce::sum:
        return launch(reduce<Total<false>, T, T>);
      case Reduce::mean:
        return launch(reduce<Total<true>, T, T>);
      case Reduce::max:
        return launch(reduce<Extreme<true>, T, T>);
      case Reduce::min:
        return launch(reduce<Extreme<false>, T, T>);
      case Reduce::argmax:
        return launch(reduce<ArgExtreme<true>, int32_t, T>);
      default:
        return launch(reduce<ArgExtreme<false>, int32_t, T>);
    }
  });
}

}  // namespace saccade::cuda
