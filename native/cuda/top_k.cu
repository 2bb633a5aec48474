// topK: out[outer..., :] = the int32 indices of the k largest elements of a row, the largest first; of equal
// ones the lower index first. NaN is larger than any number.
//
// An element's place is the number of those that come before it, which a thread counts: n^2 comparisons a
// row, all independent.
#include "device/math.h"
#include "device/memory.h"
#include "kernel.h"
#include "walk.h"

namespace saccade::cuda {
namespace {

struct Arguments {
  View out, in;
  Walk<2> rows;
  int64_t length, k, outStride, inStride;
};

SACCADE_DEVICE bool isBefore(float a, int64_t i, float b, int64_t j) {
  if (isNan(a) != isNan(b)) return isNan(a);
  if (!isNan(a) && a != b) return a > b;
  return i < j;
}

SACCADE_GLOBAL(kElementThreads)
void topK(const Arguments arguments) {
  const Global<int32_t> out = globalOf<int32_t>(arguments.out);
  const Global<const float> in = globalOf<const float>(arguments.in);
  forElements(arguments.rows.elements * arguments.length, [&](int64_t element) {
    const Positions<2> at = arguments.rows.positions(element / arguments.length);
    const int64_t mine = element % arguments.length;
    const auto value = [&](int64_t i) { return in.read(at[1] + i * arguments.inStride); };
    const float own = value(mine);
    int64_t place = 0;
    for (int64_t i = 0; i < arguments.length && place < arguments.k; ++i)
      place += isBefore(value(i), i, own, mine);
    if (place < arguments.k) out.write(at[0] + place * arguments.outStride, static_cast<int32_t>(mine));
  });
}

}  // namespace

void launch_topK(const Call& call, const Fault&, Launcher& launcher) {
  const View &out = call.view[0], &in = call.view[1];
  const int32_t last = out.rank - 1;
  const Arguments arguments{out,
                            in,
                            walkOver<2>(call.view, 0, last),
                            in.dim[last],
                            out.dim[last],
                            out.stride[last],
                            in.stride[last]};
  launcher.launch(topK, gridOfElements(arguments.rows.elements * arguments.length), kElementThreads, 0,
                  arguments);
}

}  // namespace saccade::cuda
