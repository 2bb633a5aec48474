// where: out = condition ? a : b, for any dtype.
#include "device/memory.h"
#include "kernel.h"
#include "types.h"
#include "walk.h"

namespace saccade::cuda {
namespace {

struct Arguments {
  View out, condition, a, b;
  Walk<4> walk;
};

template <class T>
SACCADE_GLOBAL(kElementThreads)
void choose(const Arguments arguments) {
  const Global<T> out = globalOf<T>(arguments.out);
  const Global<const uint8_t> condition = globalOf<const uint8_t>(arguments.condition);
  const Global<const T> a = globalOf<const T>(arguments.a), b = globalOf<const T>(arguments.b);
  forElements(arguments.walk.elements, [&](int64_t i) {
    const Positions<4> at = arguments.walk.positions(i);
    out.write(at[0], condition.read(at[1]) != 0 ? a.read(at[2]) : b.read(at[3]));
  });
}

}  // namespace

void launch_where(const Call& call, const Fault&, Launcher& launcher) {
  const Arguments arguments{call.view[0], call.view[1], call.view[2], call.view[3], walkOver<4>(call)};
  withBits(call.view[0].dtype, [&](auto type) {
    launcher.launch(choose<typename decltype(type)::type>, gridOfElements(arguments.walk.elements),
                    kElementThreads, 0, arguments);
  });
}

}  // namespace saccade::cuda
