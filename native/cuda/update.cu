// update: out[o, at + i, :] = in[o, i, :], in place; the other rows of out stay. For any dtype. Nothing is
// written for an `at` that leads past out.
#include "device/atomic.h"
#include "device/memory.h"
#include "kernel.h"
#include "types.h"
#include "walk.h"

namespace saccade::cuda {
namespace {

struct Arguments {
  View out, in, at;
  Fault fault;
};

template <class T>
SACCADE_GLOBAL(kElementThreads)
void update(const Arguments arguments) {
  const View &to = arguments.out, &from = arguments.in;
  const Global<T> out = globalOf<T>(to);
  const Global<const T> in = globalOf<const T>(from);
  const Global<const int32_t> offsets = globalOf<const int32_t>(arguments.at);
  const int64_t group = to.dim[0] / arguments.at.dim[0];  // outer rows with the same offset
  forElements(from.dim[0] * from.dim[1] * from.dim[2], [&](int64_t element) {
    const int64_t inner = element % from.dim[2], i = element / from.dim[2] % from.dim[1];
    const int64_t outer = element / from.dim[2] / from.dim[1];
    const int64_t offset = offsets.read(outer / group * arguments.at.stride[0]);
    if (offset < 0 || offset + from.dim[1] > to.dim[1])
      return atomicMinimum(Global<int32_t>(arguments.fault.first), 0, arguments.fault.instruction);
    out.write(outer * to.stride[0] + (offset + i) * to.stride[1] + inner * to.stride[2],
              in.read(outer * from.stride[0] + i * from.stride[1] + inner * from.stride[2]));
  });
}

}  // namespace

void launch_update(const Call& call, const Fault& fault, Launcher& launcher) {
  const View& in = call.view[1];
  const Arguments arguments{call.view[0], in, call.view[2], fault};
  withBits(in.dtype, [&](auto type) {
    launcher.launch(update<typename decltype(type)::type>, gridOfElements(in.dim[0] * in.dim[1] * in.dim[2]),
                    kElementThreads, 0, arguments);
  });
}

}  // namespace saccade::cuda
