// Converts exceptions of the runtime to JavaScript Errors with a `code` of lib/errors.ts.
#pragma once
#include <napi.h>

#include <exception>
#include <new>

#include "../runtime/error.h"

namespace saccade {

Napi::Error toJavaScript(Napi::Env env, const Error& error);

// Calls step(), and throws its exceptions as JavaScript Errors.
template <class Step>
auto guarded(Napi::Env env, Step step) {
  try {
    return step();
  } catch (const Error& error) {
    throw toJavaScript(env, error);
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw toJavaScript(env, Error("OUT_OF_MEMORY", "the system has no memory"));
  } catch (const std::exception& error) {
    throw toJavaScript(env, Error("INTERNAL", error.what()));
  }
}

}  // namespace saccade
