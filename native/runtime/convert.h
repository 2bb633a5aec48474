// Conversion of an element to another dtype: floats to integers truncate toward zero; to bool is != 0; a
// value outside the range of an integer becomes the nearest limit, and NaN becomes 0, so that a conversion
// cannot turn an invalid index into a valid one.
#pragma once
#include "half.h"
#include "op.h"

namespace saccade {
namespace {

// Dtypes that C++ has no type for.
struct Float16 {
  uint16_t bits;
};
struct Bfloat16 {
  uint16_t bits;
};
struct Bool {
  uint8_t value;
};

inline float valueOf(Float16 x) {
  return float16ToFloat(x.bits);
}
inline float valueOf(Bfloat16 x) {
  return bfloat16ToFloat(x.bits);
}
inline int32_t valueOf(Bool x) {
  return x.value != 0;
}
template <class T>
inline T valueOf(T x) {
  return x;
}

template <class T>
struct Limits;
template <>
struct Limits<int64_t> {
  static constexpr int64_t low = INT64_MIN, high = INT64_MAX;
  static constexpr double past = 0x1p63;
};
template <>
struct Limits<int32_t> {
  static constexpr int64_t low = INT32_MIN, high = INT32_MAX;
  static constexpr double past = 0x1p31;
};
template <>
struct Limits<uint8_t> {
  static constexpr int64_t low = 0, high = 255;
  static constexpr double past = 256;
};

// `past` is the least double above the type's range.
template <class T>
inline T toInteger(double value) {
  if (value >= Limits<T>::past) return static_cast<T>(Limits<T>::high);
  if (value > static_cast<double>(Limits<T>::low)) return static_cast<T>(value);
  return value == value ? static_cast<T>(Limits<T>::low) : T{0};
}
template <class T>
inline T toInteger(float value) {
  return toInteger<T>(static_cast<double>(value));
}
template <class T>
inline T toInteger(int64_t value) {
  return static_cast<T>(value < Limits<T>::low    ? Limits<T>::low
                        : value > Limits<T>::high ? Limits<T>::high
                                                  : value);
}
template <class T>
inline T toInteger(int32_t value) {
  return toInteger<T>(static_cast<int64_t>(value));
}
template <class T>
inline T toInteger(uint8_t value) {
  return static_cast<T>(value);
}

template <class To>
struct Convert {
  template <class V>
  static To from(V value) {
    return toInteger<To>(value);
  }
};
template <>
struct Convert<float> {
  template <class V>
  static float from(V value) {
    return static_cast<float>(value);
  }
};
template <>
struct Convert<Float16> {
  template <class V>
  static Float16 from(V value) {
    return {floatToFloat16(static_cast<float>(value))};
  }
};
template <>
struct Convert<Bfloat16> {
  template <class V>
  static Bfloat16 from(V value) {
    return {floatToBfloat16(static_cast<float>(value))};
  }
};
template <>
struct Convert<Bool> {
  template <class V>
  static Bool from(V value) {
    return Bool{static_cast<uint8_t>(value != 0)};
  }
};

template <class To, class From>
inline To convert(From value) {
  return Convert<To>::from(valueOf(value));
}

template <class T>
struct Type {
  using type = T;
};

// Calls body(Type<T>) with the stored type of `dtype`; `packed` has none.
template <class Body>
inline auto withType(DType dtype, Body body) {
  switch (dtype) {
    case DType::float16:
      return body(Type<Float16>());
    case DType::bfloat16:
      return body(Type<Bfloat16>());
    case DType::int64:
      return body(Type<int64_t>());
    case DType::int32:
      return body(Type<int32_t>());
    case DType::uint8:
      return body(Type<uint8_t>());
    case DType::bool_:
      return body(Type<Bool>());
    default:
      return body(Type<float>());
  }
}

}  // namespace
}  // namespace saccade
