// Work that takes long, on a thread of libuv's pool.
#pragma once
#include <napi.h>

#include <functional>
#include <optional>
#include <utility>

#include "environment.h"
#include "errors.h"

namespace saccade {

// Promises what Object::create(environment, result of work()) returns. work() must not use JavaScript.
template <class Object, class Held>
class OffLoop final : public Napi::AsyncWorker {
 public:
  static Napi::Promise start(Napi::Env env, std::function<Held()> work) {
    auto* const worker = new OffLoop(env, std::move(work));  // deletes itself
    const Napi::Promise promise = worker->deferred_.Promise();
    worker->Queue();
    return promise;
  }

 protected:
  void Execute() override {
    try {
      held_ = work_();
    } catch (const Error& error) {
      error_ = error;
    }
  }

  void OnOK() override {
    if (error_) return deferred_.Reject(toJavaScript(Env(), *error_).Value());
    deferred_.Resolve(Object::create(Environment::of(Env()), std::move(held_)));
  }

  // What Execute() throws but does not catch: memory for the message ran out.
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  OffLoop(Napi::Env env, std::function<Held()> work)
      : AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)), work_(std::move(work)) {}

  Napi::Promise::Deferred deferred_;
  std::function<Held()> work_;
  Held held_;
  std::optional<Error> error_;
};

}  // namespace saccade
