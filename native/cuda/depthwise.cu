// depthwise: out = activation(sum of w[y, x, c] * in[..., c] over the window + bias), on [N, H, W, C];
// weights float32 [kh, kw, C]. A thread computes an element.
#include "device/memory.h"
#include "device/number.h"
#include "functions.h"
#include "kernel.h"
#include "types.h"
#include "walk.h"
#include "window.h"

namespace saccade::cuda {
namespace {

struct Arguments {
  View out, in, weights, bias;
  Window window;
  Unary activation;
};

template <class T>
SACCADE_GLOBAL(kElementThreads)
void depthwise(const Arguments arguments) {
  const View &to = arguments.out, &from = arguments.in, &weighed = arguments.weights;
  const Window& window = arguments.window;
  const Global<const T> in = globalOf<const T>(from);
  const Global<const float> weights = globalOf<const float>(weighed);
  forElements(to.dim[0] * to.dim[1] * to.dim[2] * to.dim[3], [&](int64_t element) {
    const int64_t c = element % to.dim[3];
    const Pixel pixel = Pixel::of(to, element / to.dim[3]);
    float sum = 0;
    for (int64_t ky = 0; ky < window.kernel[0]; ++ky) {
      const int64_t y = window.start(0, pixel.y) + ky * window.dilation[0];
      if (y < 0 || y >= from.dim[1]) continue;
      for (int64_t kx = 0; kx < window.kernel[1]; ++kx) {
        const int64_t x = window.start(1, pixel.x) + kx * window.dilation[1];
        if (x < 0 || x >= from.dim[2]) continue;
        const float value = toFloat(in.read(Pixel{pixel.n, y, x}.at(from) + c * from.stride[3]));
        const float weight =
            weights.read(ky * weighed.stride[0] + kx * weighed.stride[1] + c * weighed.stride[2]);
        sum = fused(value, weight, sum);
      }
    }
    if (!isAbsent(arguments.bias))
      sum += globalOf<const float>(arguments.bias).read(c * arguments.bias.stride[0]);
    globalOf<T>(to).write(pixel.at(to) + c * to.stride[3], roundTo<T>(apply(arguments.activation, sum, 0)));
  });
}

}  // namespace

void launch_depthwise(const Call& call, const Fault&, Launcher& launcher) {
  const View& out = call.view[0];
  const Arguments arguments{out,
                            call.view[1],
                            call.view[2],
                            call.view[3],
                            Window::of(call.attribute),
                            static_cast<Unary>(static_cast<int32_t>(call.attribute[8]))};
  withFloat(out.dtype, [&](auto type) {
    launcher.launch(depthwise<typename decltype(type)::type>,
                    gridOfElements(out.dim[0] * out.dim[1] * out.dim[2] * out.dim[3]), kElementThreads, 0,
                    arguments);
  });
}

}  // namespace saccade::cuda
