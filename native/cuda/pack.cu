// pack: weights [batch, K, N] of any float dtype and any strides in the layout of formats.h. int8 is
// symmetric: scale of a column = largest magnitude / 127, element = nearest of value / scale. A column with
// an infinity or NaN has the scale NaN. A block packs a column.
#include "block_reduce.h"
#include "device/math.h"
#include "formats.h"
#include "kernel.h"
#include "types.h"
#include "walk.h"

namespace saccade::cuda {
namespace {

struct Arguments {
  View out, in;
  PackedShape shape;
};

SACCADE_DEVICE int8_t quantized(float value, float scale) {
  if (!(scale > 0)) return 0;  // a column of zeros, or NaN
  const float steps = value / scale;
  // A subnormal scale may be too small.
  return static_cast<int8_t>(rintf(steps > 127 ? 127.0f : steps < -127 ? -127.0f : steps));
}

template <class T>
SACCADE_GLOBAL(kReduceThreads)
void pack(const Arguments arguments) {
  SharedMemory memory;
  const Shared<float> shared = memory.take<float>(kReduceThreads / kWarp);
  const View& from = arguments.in;
  const PackedShape& shape = arguments.shape;
  const Global<const T> in = globalOf<const T>(from);
  forBlocks(from.dim[0] * shape.n, [&](int64_t block) {
    const int64_t batch = block / shape.n, column = block % shape.n;
    const Global<char> out = globalOf<char>(arguments.out) + batch * shape.batchBytes;
    const auto value = [&](int64_t k) {
      if (k >= shape.k) return 0.0f;
      return toFloat(in.read(batch * from.stride[0] + k * from.stride[1] + column * from.stride[2]));
    };
    float scale = 0;
    if (shape.precision == Precision::int8) {
      const auto larger = [](float a, float b) { return maximum(a, b); };
      float magnitude = 0;
      for (int64_t k = threadIndex(); k < shape.k; k += kReduceThreads)
        magnitude = maximum(magnitude, fabsf(value(k)));
      scale = blockReduce<kReduceThreads>(magnitude, shared, larger) / 127.0f;
      if (!(scale < infinity())) scale = floatOf(0x7fc00000);  // NaN
      if (threadIndex() == 0) (out + shape.scalesAt).template as<float>().write(column, scale);
    }
    for (int64_t k = threadIndex(); k < shape.columnElements; k += kReduceThreads) {
      const int64_t at = column * shape.columnElements + k;
      switch (shape.precision) {
        case Precision::float32:
          out.template as<float>().write(at, value(k));
          break;
        case Precision::float16:
          out.template as<Float16>().write(at, toFloat16(value(k)));
          break;
        case Precision::bfloat16:
          out.template as<Bfloat16>().write(at, toBfloat16(value(k)));
          break;
        default:
          out.template as<int8_t>().write(at, quantized(value(k), scale));
      }
    }
  });
}

}  // namespace

void launch_pack(const Call& call, const Fault&, Launcher& launcher) {
  const View& in = call.view[1];
  const auto precision = static_cast<Precision>(static_cast<int32_t>(call.attribute[0]));
  const Arguments arguments{call.view[0], in, PackedShape::of(in.dim[1], in.dim[2], precision)};
  withFloat(in.dtype, [&](auto type) {
    launcher.launch(pack<typename decltype(type)::type>, gridOf(in.dim[0] * in.dim[2]), kReduceThreads,
                    kReduceThreads / kWarp * 4, arguments);
  });
}

}  // namespace saccade::cuda
