// The module: `Native` of lib/runtime/native.ts.
#pragma once
#include <napi.h>

#include <memory>

#include "environment.h"

namespace saccade {

class Addon : public Napi::Addon<Addon> {
 public:
  Addon(Napi::Env env, Napi::Object exports);

  Environment& environment() { return environment_; }

 private:
  Napi::Value info(const Napi::CallbackInfo& info);
  Napi::Value isa(const Napi::CallbackInfo& info);
  Napi::Value packedBytes(const Napi::CallbackInfo& info);
  Napi::Value computes(const Napi::CallbackInfo& info);
  Napi::Value quantizedRowBytes(const Napi::CallbackInfo& info);
  Napi::Value bufferFrom(const Napi::CallbackInfo& info);
  Napi::Value mapFile(const Napi::CallbackInfo& info);
  Napi::Value copyFile(const Napi::CallbackInfo& info);
  Napi::Value findConstant(const Napi::CallbackInfo& info);
  Napi::Value publishConstant(const Napi::CallbackInfo& info);
  Napi::Value createCancel(const Napi::CallbackInfo& info);
  Napi::Value createProgram(const Napi::CallbackInfo& info);
  Napi::Value constantObject(std::shared_ptr<Memory> memory);

  Environment environment_;
};

}  // namespace saccade
