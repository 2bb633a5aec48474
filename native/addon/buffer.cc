#include "buffer.h"

#include <string_view>

#include "../runtime/block.h"
#include "../runtime/device.h"
#include "../runtime/layout.h"
#include "../runtime/mapping.h"
#include "arguments.h"
#include "devices.h"
#include "errors.h"
#include "off_loop.h"

namespace saccade {
namespace {

bool isHost(const Device& device) {
  return device.name() == std::string_view(kHost);
}

// A copy on another device, or on the same. One of the two is the host, which can read or write its memory.
std::shared_ptr<Memory> copied(const Memory& from, Device& to) {
  std::shared_ptr<Memory> copy = to.allocate(from.bytes());
  if (isHost(from.device())) {
    to.upload(*copy, 0, from.data(), from.bytes());
  } else {
    from.device().download(copy->data(), from, 0, from.bytes());
  }
  if (const auto file = from.file()) file->check();
  return copy;
}

// The elements of a part of a mapped file in row-major order, on the host.
std::shared_ptr<Memory> rowMajor(const Memory& from, const Layout& layout) {
  std::shared_ptr<Memory> copy = from.device().allocate(layout.copyBytes());
  copyRowMajor(copy->data(), from.data(), layout);
  from.file()->check();
  return copy;
}

// Bytes of a buffer in an ArrayBuffer. JavaScript does not see it before it is filled.
using HeldBytes = std::shared_ptr<Napi::Reference<Napi::ArrayBuffer>>;

struct FilledBytes {
  static Napi::Value create(Environment&, const HeldBytes& bytes) { return bytes->Value(); }
};

// Bytes of a buffer, or its elements in row-major order if it has a layout. The memory must not be a part of
// a file that has changed.
void download(void* to, const Memory& from, const std::optional<Layout>& layout) {
  if (layout) {
    copyRowMajor(static_cast<char*>(to), from.data(), *layout);
  } else {
    from.device().download(to, from, 0, from.bytes());
  }
  if (const auto file = from.file()) file->check();
}

// V8 ends the process if it gets no memory.
Napi::ArrayBuffer arrayBuffer(Napi::Env env, int64_t bytes) {
  checkRoom(bytes);
  return Napi::ArrayBuffer::New(env, static_cast<size_t>(bytes));
}

}  // namespace

Napi::Function BufferObject::define(Napi::Env env) {
  return DefineClass(
      env, kName,
      {readOnly<&BufferObject::byteLength>("byteLength"), readOnly<&BufferObject::device>("device"),
       readOnly<&BufferObject::disposed>("disposed"), InstanceMethod<&BufferObject::read>("read"),
       InstanceMethod<&BufferObject::download>("download"), InstanceMethod<&BufferObject::copy>("copy"),
       InstanceMethod<&BufferObject::forget>("forget"), InstanceMethod<&BufferObject::dispose>("dispose")});
}

std::shared_ptr<Memory> BufferObject::memoryOf(const Napi::Value& value, const char* argument) {
  const BufferObject& buffer = from(value, argument);
  if (buffer.held_ == nullptr) fail("DISPOSED", argument, ": the buffer was disposed");
  return buffer.held_;
}

BufferObject::BufferObject(const Napi::CallbackInfo& info)
    : Wrapped(info),
      ledger_(Environment::of(info.Env()).ledger()),
      bytes_(held_->bytes()),
      device_(held_->device().name()) {
  ledger_->hold(info.Env(), *held_);
}

BufferObject::~BufferObject() {
  release();
}

void BufferObject::release() {
  if (held_ == nullptr) return;
  ledger_->release(Env(), *held_);
  held_ = nullptr;
}

Napi::Value BufferObject::byteLength(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(bytes_));
}

Napi::Value BufferObject::device(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), device_);
}

Napi::Value BufferObject::disposed(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), held_ == nullptr);
}

Napi::Value BufferObject::read(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const std::optional<Layout> layout = layoutOf(info[0]);
    Napi::ArrayBuffer copy = arrayBuffer(info.Env(), layout ? layout->copyBytes() : bytes_);
    saccade::download(copy.Data(), *held_, layout);
    return copy;
  });
}

Napi::Value BufferObject::download(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const std::optional<Layout> layout = layoutOf(info[0]);
    Napi::ArrayBuffer copy = arrayBuffer(info.Env(), layout ? layout->copyBytes() : bytes_);
    const auto kept = std::make_shared<Napi::Reference<Napi::ArrayBuffer>>(Napi::Persistent(copy));
    return OffLoop<FilledBytes, HeldBytes>::start(info.Env(), [from = held_, to = copy.Data(), layout, kept] {
      saccade::download(to, *from, layout);
      return kept;
    });
  });
}

Napi::Value BufferObject::copy(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const std::optional<Layout> layout = layoutOf(info[1]);
    Device& to = deviceArgument(info[0]);
    if (!isHost(held_->device()) && !isHost(to))
      fail("DEVICE_MISMATCH", "copy: one of the devices must be '", kHost, "', got '", held_->device().name(),
           "' and '", to.name(), "'");
    return OffLoop<BufferObject, std::shared_ptr<Memory>>::start(info.Env(), [from = held_, layout, &to] {
      if (!layout) return copied(*from, to);
      std::shared_ptr<Memory> copy = rowMajor(*from, *layout);
      return isHost(to) ? copy : copied(*copy, to);
    });
  });
}

// Throws DISPOSED too. Only the memory of a file, which is the host's, has a layout.
std::optional<Layout> BufferObject::layoutOf(const Napi::Value& value) const {
  if (held_ == nullptr) fail("DISPOSED", "the buffer was disposed");
  if (value.IsUndefined()) return std::nullopt;
  if (!held_->mapped()) fail("INPUT_INVALID", "layout: expected a view of a file");
  return layoutArgument(value, bytes_);
}

void BufferObject::forget(const Napi::CallbackInfo&) {
  if (held_ != nullptr) held_->forget();
}

void BufferObject::dispose(const Napi::CallbackInfo&) {
  release();
}

}  // namespace saccade
