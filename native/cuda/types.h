// Choosing a kernel's template by the dtype of a view.
#pragma once
#include <stddef.h>

#include <type_traits>

#include "../runtime/op.h"
#include "device/number.h"

namespace saccade::cuda {

template <class T>
struct Type {
  using type = T;
};

// Calls body(Type<T>) with the stored type of a float dtype.
template <class Body>
void withFloat(DType dtype, Body body) {
  switch (dtype) {
    case DType::float16:
      return body(Type<Float16>());
    case DType::bfloat16:
      return body(Type<Bfloat16>());
    default:
      return body(Type<float>());
  }
}

template <size_t kBytes>
using BitsOf = std::conditional_t<
    kBytes == 1, uint8_t,
    std::conditional_t<kBytes == 2, uint16_t, std::conditional_t<kBytes == 4, uint32_t, uint64_t>>>;

// Calls body(Type<T>) with an unsigned integer of the size of a dtype, for kernels that only move elements.
template <class Body>
void withBits(DType dtype, Body body) {
  switch (kDTypeBytes[static_cast<int32_t>(dtype)]) {
    case 1:
      return body(Type<uint8_t>());
    case 2:
      return body(Type<uint16_t>());
    case 4:
      return body(Type<uint32_t>());
    default:
      return body(Type<uint64_t>());
  }
}

}  // namespace saccade::cuda
