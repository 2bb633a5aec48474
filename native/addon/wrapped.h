// A JavaScript object that holds a C++ value. Only C++ can create one, and only such an object is accepted as
// one: both are checked, as JavaScript can call any constructor and pass any object.
#pragma once
#include <napi.h>

#include <utility>

#include "../runtime/error.h"
#include "environment.h"
#include "errors.h"

namespace saccade {

// Self must have: static constexpr napi_type_tag kTag; static constexpr const char* kName (for messages);
// static constexpr Class kClass; a constructor from (const Napi::CallbackInfo&) that passes on to this one.
template <class Self, class Held>
class Wrapped : public Napi::ObjectWrap<Self> {
 public:
  static Napi::Object create(Environment& environment, Held held) {
    incoming = &held;
    Napi::Object object = environment.constructor(Self::kClass).New({});
    return object;
  }

  static Self& from(const Napi::Value& value, const char* argument) {
    if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&Self::kTag)) {
      fail("INPUT_INVALID", argument, ": expected a ", Self::kName);
    }
    return *Napi::ObjectWrap<Self>::Unwrap(value.As<Napi::Object>());
  }

 protected:
  using Property = typename Napi::ObjectWrap<Self>::PropertyDescriptor;
  using Getter = Napi::Value (Self::*)(const Napi::CallbackInfo&);

  // A property that is read by `get`. Node-API refuses a call of a method on an object of another class, but
  // not a call of a getter: so its receiver is checked here.
  template <Getter get>
  static Property readOnly(const char* name) {
    napi_property_descriptor descriptor{};
    descriptor.utf8name = name;
    descriptor.getter = callGetter<get>;
    descriptor.attributes = napi_enumerable;
    return descriptor;
  }

  explicit Wrapped(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Self>(info) {
    Held* const held = std::exchange(incoming, nullptr);
    if (held == nullptr) throw Napi::TypeError::New(info.Env(), "Illegal constructor");
    held_ = std::move(*held);
    info.This().As<Napi::Object>().TypeTag(&Self::kTag);
  }

  Held held_;

 private:
  template <Getter get>
  static napi_value callGetter(napi_env env, napi_callback_info given) {
    try {
      const Napi::CallbackInfo info(env, given);
      return guarded(env, [&] { return (from(info.This(), "the receiver").*get)(info); });
    } catch (const Napi::Error& error) {
      error.ThrowAsJavaScriptException();
      return nullptr;
    }
  }

  // Passes the value from create() to the constructor that it calls.
  static inline thread_local Held* incoming = nullptr;
};

}  // namespace saccade
