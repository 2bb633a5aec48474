// NativeMapping of lib/runtime/native.ts.
#pragma once
#include <memory>
#include <string>

#include "../runtime/mapping.h"
#include "wrapped.h"

namespace saccade {

class MappingObject : public Wrapped<MappingObject, std::shared_ptr<const Mapping>> {
 public:
  static constexpr napi_type_tag kTag = {0x5acc000000000002, 0x4be07d6613f94c2a};
  static constexpr const char* kName = "NativeMapping";
  static constexpr Class kClass = Class::mapping;

  static Napi::Function define(Napi::Env env);
  // A private copy of a file, read off the event loop.
  static Napi::Promise copyFile(Napi::Env env, std::string path);
  explicit MappingObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value key(const Napi::CallbackInfo& info);
  Napi::Value byteLength(const Napi::CallbackInfo& info);
  Napi::Value buffer(const Napi::CallbackInfo& info);
  void dispose(const Napi::CallbackInfo& info);

  const Mapping& mapping() const;  // throws DISPOSED
};

}  // namespace saccade
