#include "arguments.h"

#include <cmath>
#include <vector>

#include "../runtime/error.h"
#include "devices.h"

namespace saccade {
namespace {

// Sizes and strides in JavaScript are numbers, of which those above are not exact.
constexpr int64_t kMaxInteger = int64_t{1} << 53;

std::vector<int64_t> integersArgument(const Napi::Value& value, const char* name) {
  const Napi::Array list = arrayArgument(value, name);
  std::vector<int64_t> integers;
  integers.reserve(list.Length());
  for (uint32_t i = 0; i < list.Length(); ++i) {
    integers.push_back(integerArgument(list[i], name, 0, kMaxInteger));
  }
  return integers;
}

}  // namespace

int64_t integerArgument(const Napi::Value& value, const char* name, int64_t low, int64_t high) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
  if (!(number >= static_cast<double>(low) && number <= static_cast<double>(high)) ||
      number != std::floor(number)) {
    fail("INPUT_INVALID", name, ": expected a whole number from ", low, " to ", high);
  }
  return static_cast<int64_t>(number);
}

int64_t integerArgument(const Napi::Value& value, const char* name, int64_t low, int64_t high,
                        int64_t otherwise) {
  return value.IsUndefined() ? otherwise : integerArgument(value, name, low, high);
}

std::string stringArgument(const Napi::Value& value, const char* name) {
  if (!value.IsString()) fail("INPUT_INVALID", name, ": expected a string");
  return value.As<Napi::String>().Utf8Value();
}

Napi::Array arrayArgument(const Napi::Value& value, const char* name) {
  if (!value.IsArray()) fail("INPUT_INVALID", name, ": expected an array");
  return value.As<Napi::Array>();
}

Layout layoutArgument(const Napi::Value& value, int64_t bytes) {
  if (!value.IsObject()) fail("INPUT_INVALID", "layout: expected an object");
  const auto object = value.As<Napi::Object>();
  Layout layout{integerArgument(object.Get("elementBytes"), "layout.elementBytes", 1, 8),
                object.Get("narrow").ToBoolean(), integersArgument(object.Get("shape"), "layout.shape"),
                integersArgument(object.Get("strides"), "layout.strides")};
  checkLayout(layout, bytes);
  return layout;
}

Executor& executorArgument(const Napi::Value& value) {
  return devices().executor(value.IsUndefined() ? kHost : stringArgument(value, "device"));
}

Device& deviceArgument(const Napi::Value& value) {
  return executorArgument(value).device();
}

Bytes bytesArgument(const Napi::Value& value, const char* name) {
  void* data = nullptr;
  size_t size = 0;
  if (value.IsTypedArray()) {
    const auto array = value.As<Napi::TypedArray>();
    napi_get_typedarray_info(value.Env(), value, nullptr, nullptr, &data, nullptr, nullptr);
    size = array.ByteLength();
  } else if (value.IsDataView()) {
    napi_get_dataview_info(value.Env(), value, &size, &data, nullptr, nullptr);
  } else {
    fail("INPUT_INVALID", name, ": expected a typed array or DataView");
  }
  return {data, size};
}

}  // namespace saccade
