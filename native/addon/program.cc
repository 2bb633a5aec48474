#include "program.h"

#include <string>
#include <utility>
#include <vector>

#include "../runtime/machine.h"
#include "arguments.h"
#include "buffer.h"
#include "cancel.h"
#include "errors.h"

namespace saccade {
namespace {

constexpr int64_t kMaxThreads = 1024;

std::shared_ptr<Cancelled> cancelFlag(const Napi::Value& value) {
  if (value.IsUndefined()) return std::make_shared<Cancelled>(false);
  return CancelObject::from(value, "cancel").flag();
}

}  // namespace

Napi::Function ProgramObject::define(Napi::Env env) {
  return DefineClass(
      env, kName,
      {readOnly<&ProgramObject::arenaBytes>("arenaBytes"), InstanceMethod<&ProgramObject::run>("run"),
       InstanceMethod<&ProgramObject::dispose>("dispose")});
}

ProgramObject::ProgramObject(const Napi::CallbackInfo& info)
    : Wrapped(info), arenaBytes_(held_.executable->program().arenaBytes) {}

Napi::Value ProgramObject::arenaBytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(arenaBytes_));
}

// Returns a rejected promise also for wrong arguments, so that a caller handles all errors in one place.
Napi::Value ProgramObject::run(const Napi::CallbackInfo& info) {
  try {
    return guarded(info.Env(), [&] { return start(info); });
  } catch (const Napi::Error& error) {
    auto deferred = Napi::Promise::Deferred::New(info.Env());
    deferred.Reject(error.Value());
    return deferred.Promise();
  }
}

Napi::Promise ProgramObject::start(const Napi::CallbackInfo& info) {
  if (held_.executable == nullptr) fail("DISPOSED", "the program was disposed");
  const Napi::Array list = arrayArgument(info[0], "inputs");
  std::vector<std::shared_ptr<Memory>> inputs;
  inputs.reserve(list.Length());
  for (uint32_t i = 0; i < list.Length(); ++i) inputs.push_back(BufferObject::memoryOf(list[i], "an input"));
  const auto asked = static_cast<int32_t>(integerArgument(info[1], "threads", 0, kMaxThreads, 0));
  const int32_t threads = asked == 0 ? usableCores() : asked;
  return Environment::of(info.Env()).start(held_, std::move(inputs), threads, cancelFlag(info[2]));
}

void ProgramObject::dispose(const Napi::CallbackInfo&) {
  held_ = {};
}

}  // namespace saccade
