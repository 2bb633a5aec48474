// Packed weights (formats.h), as kernels read them.
#pragma once
#include "../runtime/op.h"
#include "device/memory.h"
#include "device/number.h"
#include "device/target.h"
#include "formats.h"

namespace saccade::cuda {

// One batch of packed weights.
class PackedMatrix {
 public:
  SACCADE_DEVICE PackedMatrix(const View& view, const PackedShape& shape, int64_t batch)
      : bytes_(globalOf<const char>(view) + batch * shape.batchBytes), shape_(shape) {}

  SACCADE_DEVICE float read(int64_t column, int64_t k) const {
    const int64_t at = column * shape_.columnElements + k;
    switch (shape_.precision) {
      case Precision::float32:
        return bytes_.as<const float>().read(at);
      case Precision::float16:
        return toFloat(bytes_.as<const Float16>().read(at));
      case Precision::bfloat16:
        return toFloat(bytes_.as<const Bfloat16>().read(at));
      default:
        return bytes_.as<const int8_t>().read(at);
    }
  }
  // Four elements of int8.
  SACCADE_DEVICE int32_t readWord(int64_t column, int64_t word) const {
    return bytes_.as<const int32_t>().read(column * shape_.columnElements / 4 + word);
  }
  // Of a column; 1 but for int8.
  SACCADE_DEVICE float scale(int64_t column) const {
    if (shape_.precision != Precision::int8) return 1;
    return (bytes_ + shape_.scalesAt).as<const float>().read(column);
  }

 private:
  Global<const char> bytes_;
  const PackedShape& shape_;
};

}  // namespace saccade::cuda
