// pool: out = maximum or mean of each window of in, [N, H, W, C]. Attributes: kind (0 max, 1 average), kh,
// kw, stride h, w, pad top, left, dilation h, w, count padding, ceil extra h, w. The padded input ends where
// the last window does, less the ceil extra. Max takes the window's elements inside the input, and prefers
// NaN. Average divides their sum by the number of the window's elements inside the padded input, or, without
// count padding, inside the input. A thread computes an element.
#include "device/math.h"
#include "device/memory.h"
#include "device/number.h"
#include "kernel.h"
#include "types.h"
#include "walk.h"
#include "window.h"

namespace saccade::cuda {
namespace {

struct Arguments {
  View out, in;
  Window window;
  int64_t paddedEnd[2];
  bool average, countPadding;
};

// The window's elements `from` to `to` - 1 along an axis are inside the input, and `counted` in the padded
// input.
struct Part {
  int64_t start, from, to, counted;
};

// How many of a window's elements, `dilation` apart, come before `end`.
SACCADE_DEVICE int64_t countBefore(const Window& window, int32_t axis, int64_t start, int64_t end) {
  if (start >= end) return 0;
  const int64_t count = (end - start + window.dilation[axis] - 1) / window.dilation[axis];
  return count < window.kernel[axis] ? count : window.kernel[axis];
}

SACCADE_DEVICE Part partOf(const Arguments& arguments, int32_t axis, int64_t position) {
  const Window& window = arguments.window;
  const int64_t start = window.start(axis, position);
  return {start, start < 0 ? countBefore(window, axis, start, 0) : 0,
          countBefore(window, axis, start, arguments.in.dim[1 + axis]),
          countBefore(window, axis, start, arguments.paddedEnd[axis])};
}

template <class T>
SACCADE_GLOBAL(kElementThreads)
void pool(const Arguments arguments) {
  const View &to = arguments.out, &from = arguments.in;
  const Window& window = arguments.window;
  const Global<const T> in = globalOf<const T>(from);
  forElements(to.dim[0] * to.dim[1] * to.dim[2] * to.dim[3], [&](int64_t element) {
    const int64_t c = element % to.dim[3];
    const Pixel pixel = Pixel::of(to, element / to.dim[3]);
    const Part h = partOf(arguments, 0, pixel.y), w = partOf(arguments, 1, pixel.x);
    float result = arguments.average ? 0.0f : -infinity();
    for (int64_t y = h.from; y < h.to; ++y) {
      for (int64_t x = w.from; x < w.to; ++x) {
        const Pixel read{pixel.n, h.start + y * window.dilation[0], w.start + x * window.dilation[1]};
        const float value = toFloat(in.read(read.at(from) + c * from.stride[3]));
        result = arguments.average ? result + value : maximum(result, value);
      }
    }
    if (arguments.average) {
      const int64_t inside = (h.to > h.from ? h.to - h.from : 0) * (w.to > w.from ? w.to - w.from : 0);
      const int64_t count = arguments.countPadding ? h.counted * w.counted : inside;
      result /= static_cast<float>(count > 0 ? count : 1);
    }
    globalOf<T>(to).write(pixel.at(to) + c * to.stride[3], roundTo<T>(result));
  });
}

}  // namespace

void launch_pool(const Call& call, const Fault&, Launcher& launcher) {
  const View& out = call.view[0];
  Arguments arguments{out, call.view[1],           Window::of(call.attribute + 1),
                      {},  call.attribute[0] == 1, call.attribute[9] == 1};
  for (int32_t axis = 0; axis < 2; ++axis) {
    const Window& window = arguments.window;
    const int64_t reach = window.dilation[axis] * (window.kernel[axis] - 1) + 1;
    arguments.paddedEnd[axis] = (out.dim[1 + axis] - 1) * window.stride[axis] - window.pad[axis] + reach -
                                static_cast<int64_t>(call.attribute[10 + axis]);
  }
  withFloat(out.dtype, [&](auto type) {
    launcher.launch(pool<typename decltype(type)::type>,
                    gridOfElements(out.dim[0] * out.dim[1] * out.dim[2] * out.dim[3]), kElementThreads, 0,
                    arguments);
  });
}

}  // namespace saccade::cuda
