#include "errors.h"

namespace saccade {

Napi::Error toJavaScript(Napi::Env env, const Error& error) {
  Napi::Error wrapped = Napi::Error::New(env, error.what());
  wrapped.Set("code", Napi::String::New(env, error.code()));
  return wrapped;
}

}  // namespace saccade
