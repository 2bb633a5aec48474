// fill: sets every element of out to the attribute `value`, converted as copy does.
#include "../runtime/convert.h"
#include "device/memory.h"
#include "kernel.h"
#include "types.h"
#include "walk.h"

namespace saccade::cuda {
namespace {

template <class T>
struct Arguments {
  View out;
  Walk<1> walk;
  T value;
};

template <class T>
SACCADE_GLOBAL(kElementThreads)
void fill(const Arguments<T> arguments) {
  const Global<T> out = globalOf<T>(arguments.out);
  forElements(arguments.walk.elements,
              [&](int64_t i) { out.write(arguments.walk.positions(i)[0], arguments.value); });
}

}  // namespace

void launch_fill(const Call& call, const Fault&, Launcher& launcher) {
  const View& out = call.view[0];
  withType(out.dtype, [&](auto type) {
    const auto value = Convert<typename decltype(type)::type>::from(call.attribute[0]);
    using Bits = BitsOf<sizeof value>;
    Arguments<Bits> arguments{out, walkOver<1>(call), 0};
    __builtin_memcpy(&arguments.value, &value, sizeof value);
    launcher.launch(fill<Bits>, gridOfElements(arguments.walk.elements), kElementThreads, 0, arguments);
  });
}

}  // namespace saccade::cuda
