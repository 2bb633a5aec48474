// NativeCancel of lib/runtime/native.ts.
#pragma once
#include <memory>

#include "../runtime/device.h"
#include "wrapped.h"

namespace saccade {

class CancelObject : public Wrapped<CancelObject, std::shared_ptr<Cancelled>> {
 public:
  static constexpr napi_type_tag kTag = {0x5acc000000000003, 0x83a6f52e90d74e1c};
  static constexpr const char* kName = "NativeCancel";
  static constexpr Class kClass = Class::cancel;

  static Napi::Function define(Napi::Env env);
  explicit CancelObject(const Napi::CallbackInfo& info);

  const std::shared_ptr<Cancelled>& flag() const { return held_; }

 private:
  void cancel(const Napi::CallbackInfo& info);
};

}  // namespace saccade
