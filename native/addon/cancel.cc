#include "cancel.h"

#include "devices.h"
#include "errors.h"

namespace saccade {

Napi::Function CancelObject::define(Napi::Env env) {
  return DefineClass(env, kName, {InstanceMethod<&CancelObject::cancel>("cancel")});
}

CancelObject::CancelObject(const Napi::CallbackInfo& info) : Wrapped(info) {}

void CancelObject::cancel(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { devices().cancel(held_); });
}

}  // namespace saccade
