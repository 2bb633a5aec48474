// info() and names of lib/runtime/native.ts.
#pragma once
#include <napi.h>

namespace saccade {

Napi::Object describeMachine(Napi::Env env);
Napi::Object enumerationNames(Napi::Env env);

}  // namespace saccade
