#include "cancel.h"

#include "errors.h"

namespace saccade {

Napi::Function CancelObject::define(Napi::Env env) {
  return DefineClass(env, kName, {InstanceMethod<&CancelObject::cancel>("cancel")});
}

CancelObject::CancelObject(const Napi::CallbackInfo& info) : Wrapped(info) {}

void CancelObject::cancel(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { executor().cancel(held_); });
}

}  // namespace saccade
