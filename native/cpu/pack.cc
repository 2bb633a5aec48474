// pack: weights [batch, K, N] of any float dtype and any strides into the panels of pack.h. Done once a
// process for a constant matrix. int8 is symmetric: column scale = largest magnitude / 127; number = nearest
// of value / scale. A column that holds an infinity or NaN gets the scale NaN, so that it still shows in the
// result.
#include "pack.h"

namespace saccade {
namespace {

Precision precisionOf(const Call& call) {
  return static_cast<Precision>(static_cast<int32_t>(call.attribute[0]));
}

PackedShape shapeOf(const Call& call) {
  const View& in = call.view[1];
  return {in.dim[1], in.dim[2], precisionOf(call)};
}

int64_t tiles(const Call& call) {
  return call.view[1].dim[0] * shapeOf(call).panels();
}

int64_t scratch(const Call&) {
  return 0;
}

// Where the numbers of one panel go, by precision.
struct PutFloat32 {
  float* out;
  int64_t width;
  void operator()(int64_t row, int64_t column, F v) const { store(out + row * width + column, v); }
};

template <uint16_t (*narrow)(float), int kGroup>
struct PutHalf {
  uint16_t* out;
  int64_t width;
  void operator()(int64_t row, int64_t column, F v) const {
    float lanes[kLanes];
    store(lanes, v);
    uint16_t* place = out + (row / kGroup * width + column) * kGroup + row % kGroup;
    for (int i = 0; i < kLanes; i++) place[i * kGroup] = narrow(lanes[i]);
  }
};

struct PutInt8 {
  int8_t* out;
  int64_t width;
  const float* scales;
  int32_t* offsets;
  void operator()(int64_t row, int64_t column, F v) const {
    const F scale = load(scales + column);
    // No scale (a column of zeros) or no number gives 0; the clamp is for a scale that is itself subnormal.
    const M usable = less(zero(), scale);
    const F steps = v / select(usable, scale, broadcast(1.0f));
    const F limited = max(min(steps, broadcast(127.0f)), broadcast(-127.0f));
    const I numbers = toInt(select(usable, limited, zero()));
    store(offsets + column, load(offsets + column) - (numbers << 7));
    int32_t lanes[kLanes];
    store(lanes, numbers);
    int8_t* place = out + (row / 4 * width + column) * 4 + row % 4;
    for (int i = 0; i < kLanes; i++) place[i * 4] = static_cast<int8_t>(lanes[i]);
  }
};

template <class Read>
void packOne(const typename Read::Type* in, const View& view, const PackedShape& shape, int64_t panel,
             char* packed) {
  const int64_t first = panel * kMicroColumns, width = shape.panelColumns(panel);
  const int64_t kStride = view.stride[1], columnStride = view.stride[2];
  const int64_t columns = smaller(width, shape.n - first);
  const auto read = [&](auto put) {
    readPanel<Read>(in + first * columnStride, kStride, columnStride, shape.k, columns, put);
    for (int64_t row = shape.k; row % shape.group() != 0; row++) {
      for (int64_t column = 0; column < width; column += kLanes) put(row, column, zero());
    }
  };
  char* out = packed + shape.rowOffset(panel, 0);
  switch (shape.precision) {
    case Precision::float32:
      return read(PutFloat32{reinterpret_cast<float*>(out), width});
    case Precision::bfloat16:
      return read(PutHalf<floatToBfloat16, 2>{reinterpret_cast<uint16_t*>(out), width});
    case Precision::float16:
      return read(PutHalf<floatToFloat16, 1>{reinterpret_cast<uint16_t*>(out), width});
    default:
      break;
  }
  float* scales = reinterpret_cast<float*>(packed) + first;
  int32_t* offsets = reinterpret_cast<int32_t*>(packed + shape.offsetsOffset()) + first;
  for (int64_t column = 0; column < width; column++) {
    scales[column] = 0;
    offsets[column] = 0;
  }
  read([=](int64_t, int64_t column, F v) { store(scales + column, maximum(load(scales + column), abs(v))); });
  for (int64_t column = 0; column < width; column += kLanes) {
    const F scale = load(scales + column) / broadcast(127.0f);
    store(scales + column,
          select(less(scale, broadcast(__builtin_inff())), scale, broadcast(__builtin_nanf(""))));
  }
  read(PutInt8{reinterpret_cast<int8_t*>(out), width, scales, offsets});
}

Status run(const Call& call, int64_t tile, char*) {
  const View& in = call.view[1];
  const PackedShape shape = shapeOf(call);
  const int64_t batch = tile / shape.panels(), panel = tile % shape.panels();
  char* packed = call.view[0].data + batch * shape.batchBytes();
  const int64_t offset = batch * in.stride[0];
  if (in.dtype == DType::float32) {
    packOne<ReadFloat32>(reinterpret_cast<const float*>(in.data) + offset, in, shape, panel, packed);
  } else if (in.dtype == DType::float16) {
    packOne<ReadFloat16>(reinterpret_cast<const uint16_t*>(in.data) + offset, in, shape, panel, packed);
  } else {
    packOne<ReadBfloat16>(reinterpret_cast<const uint16_t*>(in.data) + offset, in, shape, panel, packed);
  }
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(pack);
constexpr Kernel SACCADE_KERNEL(pack){tiles, scratch, run};

}  // namespace saccade
