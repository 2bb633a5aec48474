// NativeProgram of lib/runtime/native.ts.
#pragma once
#include "wrapped.h"

namespace saccade {

class ProgramObject : public Wrapped<ProgramObject, Runnable> {
 public:
  static constexpr napi_type_tag kTag = {0x5acc000000000004, 0xc60b18f2475a4d93};
  static constexpr const char* kName = "NativeProgram";
  static constexpr Class kClass = Class::program;

  static Napi::Function define(Napi::Env env);
  explicit ProgramObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value arenaBytes(const Napi::CallbackInfo& info);
  Napi::Value run(const Napi::CallbackInfo& info);
  void dispose(const Napi::CallbackInfo& info);

  Napi::Promise start(const Napi::CallbackInfo& info);

  int64_t arenaBytes_;  // also after dispose()
};

}  // namespace saccade
