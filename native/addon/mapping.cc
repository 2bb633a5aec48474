#include "mapping.h"

#include <string>
#include <utility>

#include "arguments.h"
#include "buffer.h"
#include "errors.h"
#include "off_loop.h"

namespace saccade {
namespace {

// Of the widest element type.
constexpr int64_t kWidest = 8;

}  // namespace

Napi::Promise MappingObject::copyFile(Napi::Env env, std::string path) {
  return OffLoop<MappingObject, std::shared_ptr<const Mapping>>::start(
      env, [path = std::move(path)] { return Mapping::copy(path); });
}

Napi::Function MappingObject::define(Napi::Env env) {
  return DefineClass(
      env, kName,
      {readOnly<&MappingObject::key>("key"), readOnly<&MappingObject::byteLength>("byteLength"),
       InstanceMethod<&MappingObject::buffer>("buffer"), InstanceMethod<&MappingObject::dispose>("dispose")});
}

MappingObject::MappingObject(const Napi::CallbackInfo& info) : Wrapped(info) {}

const Mapping& MappingObject::mapping() const {
  if (held_ == nullptr) fail("DISPOSED", "the mapping was disposed");
  return *held_;
}

Napi::Value MappingObject::key(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return Napi::String::New(info.Env(), mapping().key()); });
}

Napi::Value MappingObject::byteLength(const Napi::CallbackInfo& info) {
  return guarded(info.Env(),
                 [&] { return Napi::Number::New(info.Env(), static_cast<double>(mapping().bytes())); });
}

Napi::Value MappingObject::buffer(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const int64_t bytes = mapping().bytes();
    const int64_t offset = integerArgument(info[0], "offset", 0, bytes);
    const int64_t length = integerArgument(info[1], "byteLength", 0, bytes - offset);
    const int64_t alignment = integerArgument(info[2], "alignment", 1, kWidest, kWidest);
    Device& device = deviceArgument(info[3]);
    std::shared_ptr<Memory> memory;
    if (offset % alignment == 0) {
      memory = device.load(held_, offset, length);
    } else {
      memory = device.allocate(length);
      device.upload(*memory, 0, held_->data() + offset, length);
    }
    held_->check();
    return BufferObject::create(Environment::of(info.Env()), std::move(memory));
  });
}

void MappingObject::dispose(const Napi::CallbackInfo&) {
  held_ = nullptr;
}

}  // namespace saccade
