// resample: uint8 [outer, length, inner] to another length along the middle axis, with the bits of Pillow's
// resize
// (../runtime/filter.h). Attributes: Filter, length, offset, size, first. A thread computes an element, and
// the weights for it.
#include "../runtime/filter.h"
#include "device/memory.h"
#include "kernel.h"
#include "walk.h"

namespace saccade::cuda {
namespace {

struct Arguments {
  View out, in;
  Filter filter;
  int64_t length, offset, size, first;
};

SACCADE_GLOBAL(kElementThreads)
void resample(const Arguments arguments) {
  const View &to = arguments.out, &from = arguments.in;
  const Global<uint8_t> out = globalOf<uint8_t>(to);
  const Global<const uint8_t> in = globalOf<const uint8_t>(from);
  const Resampling axis(arguments.filter, arguments.length, arguments.size);
  forElements(to.dim[0] * to.dim[1] * to.dim[2], [&](int64_t element) {
    const int64_t inner = element % to.dim[2], row = element / to.dim[2] % to.dim[1];
    const int64_t outer = element / to.dim[2] / to.dim[1], position = arguments.first + row;
    const int64_t at = outer * to.stride[0] + row * to.stride[1] + inner * to.stride[2];
    // A program can ask for positions that depend on more than the input has.
    const int64_t begin = arguments.offset, end = arguments.offset + from.dim[1];
    const auto value = [&](int64_t i) {
      return in.read(outer * from.stride[0] + (i - begin) * from.stride[1] + inner * from.stride[2]);
    };
    if (arguments.filter == Filter::nearest) {
      Resampling::Range range;
      axis.nearestPositions(position, position + 1, &range);
      if (range.first >= begin && range.first < end) out.write(at, value(range.first));
      return;
    }
    const Resampling::Range range = axis.range(position);
    const int64_t until = range.first + range.count;
    double sum = 0;
    for (int64_t i = range.first; i < until; ++i) sum += axis.exactWeight(position, i);
    int32_t total = 1 << (kPrecisionBits - 1);
    int64_t taken = 0;
    for (int64_t i = range.first; i < until; ++i) {
      if (i < begin || i >= end) continue;
      ++taken;
      total += value(i) * Resampling::fixedWeight(axis.exactWeight(position, i), sum);
    }
    const int32_t result = total >> kPrecisionBits;
    if (taken > 0) out.write(at, static_cast<uint8_t>(result < 0 ? 0 : result > 255 ? 255 : result));
  });
}

}  // namespace

void launch_resample(const Call& call, const Fault&, Launcher& launcher) {
  const View& out = call.view[0];
  const auto whole = [&](int32_t i) { return static_cast<int64_t>(call.attribute[i]); };
  launcher.launch(resample, gridOfElements(out.dim[0] * out.dim[1] * out.dim[2]), kElementThreads, 0,
                  {out, call.view[1], static_cast<Filter>(whole(0)), whole(1), whole(2), whole(3), whole(4)});
}

}  // namespace saccade::cuda
