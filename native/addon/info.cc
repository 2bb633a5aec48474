#include "info.h"

#include <string>

#include "../cpu/device/isa.h"
#include "../runtime/block.h"
#include "../runtime/machine.h"
#include "devices.h"

namespace saccade {
namespace {

#if defined(__clang__)
constexpr const char* kCompiler = "clang " __clang_version__;
#else
constexpr const char* kCompiler = "gcc " __VERSION__;
#endif

Napi::Array textArray(Napi::Env env, const char* const* texts, uint32_t count) {
  Napi::Array array = Napi::Array::New(env, count);
  for (uint32_t i = 0; i < count; ++i) array.Set(i, texts[i]);
  return array;
}

// A getter, as asking a driver can take part of a second.
Napi::Value describeDevices(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Array list = Napi::Array::New(env);
  for (const DeviceKind& kind : devices().kinds()) {
    const std::string reason = kind.missing();
    Napi::Object device = Napi::Object::New(env);
    device.Set("name", kind.name);
    device.Set("available", reason.empty());
    device.Set("reason", reason);
    device.Set("description", reason.empty() ? kind.describe() : "");
    list.Set(list.Length(), device);
  }
  return list;
}

Napi::Object describeMemory(Napi::Env env) {
  Napi::Object memory = Napi::Object::New(env);
  memory.Set("buffers", static_cast<double>(liveBytes(Account::buffers)));
  memory.Set("arena", static_cast<double>(liveBytes(Account::arena)));
  return memory;
}

}  // namespace

Napi::Object describeMachine(Napi::Env env) {
  Napi::Array isas = Napi::Array::New(env);
  for (const KernelTable* table : usableTables()) isas.Set(isas.Length(), table->isa);
  Napi::Object info = Napi::Object::New(env);
  info.Set("isa", kernels().isa);
  info.Set("isas", isas);
  info.Set("cpu", cpuName());
  info.Set("cores", usableCores());
  info.Set("compiler", kCompiler);
  info.Set("version", SACCADE_VERSION);
  info.DefineProperty(Napi::PropertyDescriptor::Accessor<describeDevices>("devices", napi_enumerable));
  info.Set("memory", describeMemory(env));
  return info;
}

Napi::Object enumerationNames(Napi::Env env) {
#define SACCADE_TEXT_OF(name, ...) #name,
#define SACCADE_NAMES(key, list)                                                \
  {                                                                             \
    static constexpr const char* kTexts[] = {list(SACCADE_TEXT_OF)};            \
    names.Set(key, textArray(env, kTexts, sizeof(kTexts) / sizeof(kTexts[0]))); \
  }
  Napi::Object names = Napi::Object::New(env);
  SACCADE_NAMES("ops", SACCADE_OPS)
  SACCADE_NAMES("dtypes", SACCADE_DTYPES)
  SACCADE_NAMES("unary", SACCADE_UNARY)
  SACCADE_NAMES("binary", SACCADE_BINARY)
  SACCADE_NAMES("reduce", SACCADE_REDUCE)
  SACCADE_NAMES("precision", SACCADE_PRECISION)
#undef SACCADE_NAMES
#undef SACCADE_TEXT_OF
  // `bool` is a keyword of C++.
  Napi::Array dtypes = names.Get("dtypes").As<Napi::Array>();
  dtypes.Set(static_cast<uint32_t>(DType::bool_), "bool");
  return names;
}

}  // namespace saccade
