// gather: out[o, i, :] = table[o, index[i], :], for any dtype. Rows of an index outside its axis are not
// written.
#include "device/atomic.h"
#include "device/memory.h"
#include "kernel.h"
#include "types.h"
#include "walk.h"

namespace saccade::cuda {
namespace {

struct Arguments {
  View out, table, index;
  Fault fault;
};

template <class T>
SACCADE_GLOBAL(kElementThreads)
void gather(const Arguments arguments) {
  const View &to = arguments.out, &from = arguments.table;
  const Global<T> out = globalOf<T>(to);
  const Global<const T> table = globalOf<const T>(from);
  const Global<const int32_t> indices = globalOf<const int32_t>(arguments.index);
  forElements(to.dim[0] * to.dim[1] * to.dim[2], [&](int64_t element) {
    const int64_t inner = element % to.dim[2], i = element / to.dim[2] % to.dim[1];
    const int64_t outer = element / to.dim[2] / to.dim[1];
    const int64_t row = indices.read(i * arguments.index.stride[0]);
    if (row < 0 || row >= from.dim[1])
      return atomicMinimum(Global<int32_t>(arguments.fault.first), 0, arguments.fault.instruction);
    out.write(outer * to.stride[0] + i * to.stride[1] + inner * to.stride[2],
              table.read(outer * from.stride[0] + row * from.stride[1] + inner * from.stride[2]));
  });
}

}  // namespace

void launch_gather(const Call& call, const Fault& fault, Launcher& launcher) {
  const View& out = call.view[0];
  const Arguments arguments{out, call.view[1], call.view[2], fault};
  withBits(out.dtype, [&](auto type) {
    launcher.launch(gather<typename decltype(type)::type>,
                    gridOfElements(out.dim[0] * out.dim[1] * out.dim[2]), kElementThreads, 0, arguments);
  });
}

}  // namespace saccade::cuda
