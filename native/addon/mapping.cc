#include "mapping.h"

#include <optional>
#include <string>
#include <utility>

#include "arguments.h"
#include "buffer.h"
#include "errors.h"

namespace saccade {
namespace {

// Of the widest element type.
constexpr int64_t kWidest = 8;

// Copies a file on a thread of libuv's pool.
class CopyWorker final : public Napi::AsyncWorker {
 public:
  CopyWorker(Napi::Env env, std::string path)
      : AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)), path_(std::move(path)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override {
    try {
      copy_ = Mapping::copy(path_);
    } catch (const Error& error) {
      error_ = error;
    }
  }

  void OnOK() override {
    if (error_) return deferred_.Reject(toJavaScript(Env(), *error_).Value());
    deferred_.Resolve(MappingObject::create(Environment::of(Env()), std::move(copy_)));
  }

  // What Execute() throws but does not catch: memory for the message ran out.
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  Napi::Promise::Deferred deferred_;
  std::string path_;
  std::shared_ptr<const Mapping> copy_;
  std::optional<Error> error_;
};

}  // namespace

Napi::Promise MappingObject::copyFile(Napi::Env env, std::string path) {
  auto* const worker = new CopyWorker(env, std::move(path));  // deletes itself
  const Napi::Promise promise = worker->promise();
  worker->Queue();
  return promise;
}

Napi::Function MappingObject::define(Napi::Env env) {
  return DefineClass(
      env, kName,
      {InstanceAccessor<&MappingObject::key>("key", napi_enumerable),
       InstanceAccessor<&MappingObject::byteLength>("byteLength", napi_enumerable),
       InstanceMethod<&MappingObject::buffer>("buffer"), InstanceMethod<&MappingObject::dispose>("dispose")});
}

MappingObject::MappingObject(const Napi::CallbackInfo& info) : Wrapped(info) {}

const Mapping& MappingObject::mapping() const {
  if (held_ == nullptr) fail("DISPOSED", "the mapping was disposed");
  return *held_;
}

Napi::Value MappingObject::key(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return Napi::String::New(info.Env(), mapping().key()); });
}

Napi::Value MappingObject::byteLength(const Napi::CallbackInfo& info) {
  return guarded(info.Env(),
                 [&] { return Napi::Number::New(info.Env(), static_cast<double>(mapping().bytes())); });
}

Napi::Value MappingObject::buffer(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const int64_t bytes = mapping().bytes();
    const int64_t offset = integerArgument(info[0], "offset", 0, bytes);
    const int64_t length = integerArgument(info[1], "byteLength", 0, bytes - offset);
    const int64_t alignment = integerArgument(info[2], "alignment", 1, kWidest, kWidest);
    Device& device = deviceArgument(info[3]);
    std::shared_ptr<Memory> memory;
    if (offset % alignment == 0) {
      memory = device.load(held_, offset, length);
    } else {
      memory = device.allocate(length);
      device.upload(*memory, 0, held_->data() + offset, length);
    }
    held_->check();
    return BufferObject::create(Environment::of(info.Env()), std::move(memory));
  });
}

void MappingObject::dispose(const Napi::CallbackInfo&) {
  held_ = nullptr;
}

}  // namespace saccade
