// binary: out = function(a, b), element by element. Attribute: kind. Arithmetic in float32, or on int32,
// which wraps; comparisons and logical kinds write bool.
#include "device/memory.h"
#include "device/number.h"
#include "functions.h"
#include "kernel.h"
#include "types.h"
#include "walk.h"

namespace saccade::cuda {
namespace {

struct Arguments {
  View out, a, b;
  Walk<3> walk;
  Binary kind;
};

SACCADE_DEVICE float arithmetic(Binary kind, float a, float b) {
  switch (kind) {
    case Binary::add:
      return a + b;
    case Binary::subtract:
      return a - b;
    case Binary::multiply:
      return a * b;
    case Binary::divide:
      return a / b;
    case Binary::maximum:
      return maximum(a, b);
    case Binary::minimum:
      return minimum(a, b);
    default:
      return power(a, b);
  }
}

// Unsigned, so that wrapping is defined.
SACCADE_DEVICE int32_t arithmetic(Binary kind, int32_t a, int32_t b) {
  const auto x = static_cast<uint32_t>(a), y = static_cast<uint32_t>(b);
  switch (kind) {
    case Binary::add:
      return static_cast<int32_t>(x + y);
    case Binary::subtract:
      return static_cast<int32_t>(x - y);
    case Binary::multiply:
      return static_cast<int32_t>(x * y);
    case Binary::maximum:
      return a < b ? b : a;
    default:
      return a < b ? a : b;
  }
}

template <class T>
SACCADE_DEVICE bool holds(Binary kind, T a, T b) {
  switch (kind) {
    case Binary::equal:
      return a == b;
    case Binary::notEqual:
      return a != b;
    case Binary::less:
      return a < b;
    case Binary::lessEqual:
      return a <= b;
    case Binary::greater:
      return a > b;
    case Binary::greaterEqual:
      return a >= b;
    case Binary::logicalAnd:
      return a != 0 && b != 0;
    default:
      return a != 0 || b != 0;
  }
}

template <class T>
struct Floats {
  using Stored = T;
  SACCADE_DEVICE static float load(T value) { return toFloat(value); }
  SACCADE_DEVICE static T result(Binary kind, float a, float b) { return roundTo<T>(arithmetic(kind, a, b)); }
};
struct Integers {
  using Stored = int32_t;
  SACCADE_DEVICE static int32_t load(int32_t value) { return value; }
  SACCADE_DEVICE static int32_t result(Binary kind, int32_t a, int32_t b) { return arithmetic(kind, a, b); }
};
struct Truths {
  using Stored = uint8_t;
  SACCADE_DEVICE static uint8_t load(uint8_t value) { return value; }
};

template <class Numbers>
SACCADE_GLOBAL(kElementThreads)
void compute(const Arguments arguments) {
  using T = typename Numbers::Stored;
  const Global<T> out = globalOf<T>(arguments.out);
  const Global<const T> a = globalOf<const T>(arguments.a), b = globalOf<const T>(arguments.b);
  forElements(arguments.walk.elements, [&](int64_t i) {
    const Positions<3> at = arguments.walk.positions(i);
    out.write(at[0],
              Numbers::result(arguments.kind, Numbers::load(a.read(at[1])), Numbers::load(b.read(at[2]))));
  });
}

template <class Numbers>
SACCADE_GLOBAL(kElementThreads)
void compare(const Arguments arguments) {
  using T = typename Numbers::Stored;
  const Global<uint8_t> out = globalOf<uint8_t>(arguments.out);
  const Global<const T> a = globalOf<const T>(arguments.a), b = globalOf<const T>(arguments.b);
  forElements(arguments.walk.elements, [&](int64_t i) {
    const Positions<3> at = arguments.walk.positions(i);
    const bool result = holds(arguments.kind, Numbers::load(a.read(at[1])), Numbers::load(b.read(at[2])));
    out.write(at[0], static_cast<uint8_t>(result));
  });
}

}  // namespace

void launch_binary(const Call& call, const Fault&, Launcher& launcher) {
  const auto kind = static_cast<Binary>(static_cast<int32_t>(call.attribute[0]));
  const Arguments arguments{call.view[0], call.view[1], call.view[2], walkOver<3>(call), kind};
  const auto launch = [&](auto* kernel) {
    launcher.launch(kernel, gridOfElements(arguments.walk.elements), kElementThreads, 0, arguments);
  };
  const DType dtype = call.view[1].dtype;
  const bool compares = kind >= Binary::equal;
  if (dtype == DType::bool_) return launch(compare<Truths>);
  if (dtype == DType::int32) return launch(compares ? compare<Integers> : compute<Integers>);
  withFloat(dtype, [&](auto type) {
    using Numbers = Floats<typename decltype(type)::type>;
    launch(compares ? compare<Numbers> : compute<Numbers>);
  });
}

}  // namespace saccade::cuda
