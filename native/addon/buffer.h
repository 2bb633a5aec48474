// NativeBuffer of lib/runtime/native.ts.
#pragma once
#include <memory>
#include <optional>

#include "../runtime/layout.h"
#include "../runtime/memory.h"
#include "wrapped.h"

namespace saccade {

class BufferObject : public Wrapped<BufferObject, std::shared_ptr<Memory>> {
 public:
  static constexpr napi_type_tag kTag = {0x5acc000000000001, 0x9d1f3c7a52e64b08};
  static constexpr const char* kName = "NativeBuffer";
  static constexpr Class kClass = Class::buffer;

  static Napi::Function define(Napi::Env env);
  // The memory of a buffer given as an argument. Throws INPUT_INVALID or DISPOSED.
  static std::shared_ptr<Memory> memoryOf(const Napi::Value& value, const char* argument);

  explicit BufferObject(const Napi::CallbackInfo& info);
  ~BufferObject() override;

 private:
  Napi::Value byteLength(const Napi::CallbackInfo& info);
  Napi::Value device(const Napi::CallbackInfo& info);
  Napi::Value disposed(const Napi::CallbackInfo& info);
  Napi::Value read(const Napi::CallbackInfo& info);
  Napi::Value download(const Napi::CallbackInfo& info);
  Napi::Value copy(const Napi::CallbackInfo& info);
  void forget(const Napi::CallbackInfo& info);
  void dispose(const Napi::CallbackInfo& info);

  std::optional<Layout> layoutOf(const Napi::Value& value) const;
  void release();

  std::shared_ptr<Ledger> ledger_;  // of the environment, which may end before the object is collected
  int64_t bytes_;                   // also after dispose()
  const char* device_;              // its name; devices are never destroyed
};

}  // namespace saccade
