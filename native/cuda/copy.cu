// copy: out = in, of any strides. Two dtypes: floats to integers truncate toward zero, and a value outside
// the range of an integer becomes the nearest limit, NaN becomes 0; to bool is != 0.
#include "device/math.h"
#include "device/memory.h"
#include "device/number.h"
#include "kernel.h"
#include "types.h"
#include "walk.h"

namespace saccade::cuda {
namespace {

struct Arguments {
  View out, in;
  Walk<2> walk;
};

template <class T>
SACCADE_GLOBAL(kElementThreads)
void move(const Arguments arguments) {
  const Global<T> out = globalOf<T>(arguments.out);
  const Global<const T> in = globalOf<const T>(arguments.in);
  forElements(arguments.walk.elements, [&](int64_t i) {
    const Positions<2> at = arguments.walk.positions(i);
    out.write(at[0], in.read(at[1]));
  });
}

// An element of any dtype without loss: a float, or an integer.
struct Number {
  bool isFloat;
  float real;
  int64_t whole;
};

SACCADE_DEVICE Number read(const View& view, int64_t at) {
  switch (view.dtype) {
    case DType::float32:
      return {true, globalOf<const float>(view).read(at), 0};
    case DType::float16:
      return {true, toFloat(globalOf<const Float16>(view).read(at)), 0};
    case DType::bfloat16:
      return {true, toFloat(globalOf<const Bfloat16>(view).read(at)), 0};
    case DType::int64:
      return {false, 0, globalOf<const int64_t>(view).read(at)};
    case DType::int32:
      return {false, 0, globalOf<const int32_t>(view).read(at)};
    case DType::bool_:
      return {false, 0, globalOf<const uint8_t>(view).read(at) != 0};
    default:
      return {false, 0, globalOf<const uint8_t>(view).read(at)};
  }
}

SACCADE_DEVICE float toReal(const Number& number) {
  return number.isFloat ? number.real : static_cast<float>(number.whole);
}

// low and high are exact in double, but for the high of int64: then past, the least double above it, is
// needed.
SACCADE_DEVICE int64_t toWhole(const Number& number, int64_t low, int64_t high, double past) {
  if (!number.isFloat) return number.whole < low ? low : number.whole > high ? high : number.whole;
  const auto value = static_cast<double>(number.real);
  if (value >= past) return high;
  if (value > static_cast<double>(low)) return static_cast<int64_t>(value);
  return isNan(number.real) ? 0 : low;
}

SACCADE_DEVICE void write(const View& view, int64_t at, const Number& number) {
  switch (view.dtype) {
    case DType::float32:
      return globalOf<float>(view).write(at, toReal(number));
    case DType::float16:
      return globalOf<Float16>(view).write(at, toFloat16(toReal(number)));
    case DType::bfloat16:
      return globalOf<Bfloat16>(view).write(at, toBfloat16(toReal(number)));
    case DType::int64:
      return globalOf<int64_t>(view).write(at, toWhole(number, INT64_MIN, INT64_MAX, 0x1p63));
    case DType::int32:
      return globalOf<int32_t>(view).write(
          at, static_cast<int32_t>(toWhole(number, INT32_MIN, INT32_MAX, 0x1p31)));
    case DType::bool_:
      return globalOf<uint8_t>(view).write(at, number.isFloat ? number.real != 0 : number.whole != 0);
    default:
      return globalOf<uint8_t>(view).write(at, static_cast<uint8_t>(toWhole(number, 0, 255, 256)));
  }
}

SACCADE_GLOBAL(kElementThreads)
void convert(const Arguments arguments) {
  forElements(arguments.walk.elements, [&](int64_t i) {
    const Positions<2> at = arguments.walk.positions(i);
    write(arguments.out, at[0], read(arguments.in, at[1]));
  });
}

}  // namespace

void launch_copy(const Call& call, const Fault&, Launcher& launcher) {
  const Arguments arguments{call.view[0], call.view[1], walkOver<2>(call)};
  const auto launch = [&](void (*kernel)(Arguments)) {
    launcher.launch(kernel, gridOfElements(arguments.walk.elements), kElementThreads, 0, arguments);
  };
  if (call.view[0].dtype != call.view[1].dtype) return launch(convert);
  withBits(call.view[0].dtype, [&](auto type) { launch(move<typename decltype(type)::type>); });
}

}  // namespace saccade::cuda
