// unary: out = function(in), element by element, in float32. Attributes: kind, parameter.
#include "device/memory.h"
#include "device/number.h"
#include "functions.h"
#include "kernel.h"
#include "types.h"
#include "walk.h"

namespace saccade::cuda {
namespace {

struct Arguments {
  View out, in;
  Walk<2> walk;
  Unary kind;
  float parameter;
};

template <class T>
SACCADE_GLOBAL(kElementThreads)
void unary(const Arguments arguments) {
  const Global<T> out = globalOf<T>(arguments.out);
  const Global<const T> in = globalOf<const T>(arguments.in);
  forElements(arguments.walk.elements, [&](int64_t i) {
    const Positions<2> at = arguments.walk.positions(i);
    out.write(at[0], roundTo<T>(apply(arguments.kind, toFloat(in.read(at[1])), arguments.parameter)));
  });
}

}  // namespace

void launch_unary(const Call& call, const Fault&, Launcher& launcher) {
  const Arguments arguments{call.view[0], call.view[1], walkOver<2>(call),
                            static_cast<Unary>(static_cast<int32_t>(call.attribute[0])),
                            static_cast<float>(call.attribute[1])};
  withFloat(call.view[0].dtype, [&](auto type) {
    launcher.launch(unary<typename decltype(type)::type>, gridOfElements(arguments.walk.elements),
                    kElementThreads, 0, arguments);
  });
}

}  // namespace saccade::cuda
