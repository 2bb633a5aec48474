#include "addon.h"

#include <memory>
#include <utility>
#include <vector>

#include "../cpu/device/isa.h"
#include "../runtime/block.h"
#include "../runtime/constants.h"
#include "arguments.h"
#include "buffer.h"
#include "cancel.h"
#include "devices.h"
#include "errors.h"
#include "info.h"
#include "mapping.h"
#include "program.h"

namespace saccade {
namespace {

constexpr int64_t kMaxDim = int64_t{1} << 40;

// A bad environment variable is an error when the addon loads, not at the first run, and before the
// environment holds anything.
Napi::Env checked(Napi::Env env) {
  return guarded(env, [&] {
    readMemoryLimit();
    kernels();
    return env;
  });
}

}  // namespace

Addon::Addon(Napi::Env env, Napi::Object exports) : environment_(checked(env)) {
  environment_.define(Class::buffer, BufferObject::define(env));
  environment_.define(Class::mapping, MappingObject::define(env));
  environment_.define(Class::cancel, CancelObject::define(env));
  environment_.define(Class::program, ProgramObject::define(env));
  DefineAddon(
      exports,
      {InstanceMethod("info", &Addon::info), InstanceMethod("isa", &Addon::isa),
       InstanceMethod("packedBytes", &Addon::packedBytes), InstanceMethod("computes", &Addon::computes),
       InstanceMethod("quantizedRowBytes", &Addon::quantizedRowBytes),
       InstanceMethod("bufferFrom", &Addon::bufferFrom), InstanceMethod("mapFile", &Addon::mapFile),
       InstanceMethod("copyFile", &Addon::copyFile), InstanceMethod("findConstant", &Addon::findConstant),
       InstanceMethod("publishConstant", &Addon::publishConstant),
       InstanceMethod("createCancel", &Addon::createCancel),
       InstanceMethod("createProgram", &Addon::createProgram),
       InstanceValue("names", enumerationNames(env), napi_enumerable)});
}

Napi::Value Addon::info(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return describeMachine(info.Env()); });
}

Napi::Value Addon::isa(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return Napi::String::New(info.Env(), deviceArgument(info[0]).isa()); });
}

Napi::Value Addon::packedBytes(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const Device& device = deviceArgument(info[0]);
    const int64_t batch = integerArgument(info[1], "batch", 0, kMaxDim);
    const int64_t k = integerArgument(info[2], "k", 0, kMaxDim);
    const int64_t n = integerArgument(info[3], "n", 0, kMaxDim);
    const int64_t precision =
        integerArgument(info[4], "precision", 0, static_cast<int64_t>(Precision::count) - 1);
    if (static_cast<double>(batch) * static_cast<double>(k) * static_cast<double>(n) > 1e15) {
      fail("OUT_OF_MEMORY", "a packed matrix of [", batch, ", ", k, ", ", n, "] is larger than any memory");
    }
    const int64_t bytes = device.formats().packedBytes(batch, k, n, static_cast<Precision>(precision));
    return Napi::Number::New(info.Env(), static_cast<double>(bytes));
  });
}

Napi::Value Addon::computes(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const Device& device = deviceArgument(info[0]);
    const int64_t op = integerArgument(info[1], "op", 0, static_cast<int64_t>(Op::count) - 1);
    const int64_t dtype = integerArgument(info[2], "dtype", 0, static_cast<int64_t>(DType::count) - 1);
    const bool found = device.formats().computes(static_cast<Op>(op), static_cast<DType>(dtype));
    return Napi::Boolean::New(info.Env(), found);
  });
}

Napi::Value Addon::quantizedRowBytes(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const Device& device = deviceArgument(info[0]);
    const int64_t k = integerArgument(info[1], "k", 1, kMaxQuantizedK);
    return Napi::Number::New(info.Env(), static_cast<double>(device.formats().quantizedRowBytes(k)));
  });
}

Napi::Value Addon::bufferFrom(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const Bytes bytes = bytesArgument(info[0], "data");
    const auto size = static_cast<int64_t>(bytes.size);
    Device& device = deviceArgument(info[1]);
    std::shared_ptr<Memory> memory = device.allocate(size);
    device.upload(*memory, 0, bytes.data, size);
    return BufferObject::create(environment_, std::move(memory));
  });
}

Napi::Value Addon::mapFile(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return MappingObject::create(environment_, Mapping::open(stringArgument(info[0], "path")));
  });
}

Napi::Value Addon::copyFile(const Napi::CallbackInfo& info) {
  return guarded(info.Env(),
                 [&] { return MappingObject::copyFile(info.Env(), stringArgument(info[0], "path")); });
}

Napi::Value Addon::findConstant(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    std::shared_ptr<Memory> memory = constants().find(stringArgument(info[0], "key"));
    if (memory == nullptr) return info.Env().Undefined();
    return constantObject(std::move(memory));
  });
}

Napi::Value Addon::publishConstant(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    std::shared_ptr<Memory> given = BufferObject::memoryOf(info[1], "buffer");
    std::shared_ptr<Memory> stored = constants().publish(stringArgument(info[0], "key"), given);
    if (stored != given) return constantObject(std::move(stored));
    environment_.ledger()->disown(info.Env(), *given);
    return info[1];
  });
}

// Constants belong to the process. If they counted as memory of the JavaScript heap, loading weights would
// make V8 collect garbage repeatedly without effect.
Napi::Value Addon::constantObject(std::shared_ptr<Memory> memory) {
  Napi::Object object = BufferObject::create(environment_, memory);
  environment_.ledger()->disown(object.Env(), *memory);
  return object;
}

Napi::Value Addon::createCancel(const Napi::CallbackInfo& info) {
  return guarded(info.Env(),
                 [&] { return CancelObject::create(environment_, std::make_shared<Cancelled>(false)); });
}

Napi::Value Addon::createProgram(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    if (!info[0].IsTypedArray() || info[0].As<Napi::TypedArray>().TypedArrayType() != napi_float64_array) {
      fail("INPUT_INVALID", "code: expected a Float64Array");
    }
    const Bytes code = bytesArgument(info[0], "code");
    const Napi::Array list = arrayArgument(info[1], "constants");
    std::vector<std::shared_ptr<Memory>> held;
    held.reserve(list.Length());
    for (uint32_t i = 0; i < list.Length(); ++i)
      held.push_back(BufferObject::memoryOf(list[i], "a constant"));
    Executor& executor = executorArgument(info[2]);
    auto program = Program::create(static_cast<const double*>(code.data), code.size / sizeof(double),
                                   std::move(held), executor.device());
    auto executable = executor.device().prepare(std::move(program));
    return ProgramObject::create(environment_, {&executor, std::move(executable)});
  });
}

NODE_API_NAMED_ADDON(saccade, Addon)

}  // namespace saccade
