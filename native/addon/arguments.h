// Reads the arguments of a call. Each function throws INPUT_INVALID, naming the argument; those of devices
// also throw what Devices::executor does.
#pragma once
#include <napi.h>
#include <stdint.h>

#include <string>

#include "../runtime/executor.h"
#include "../runtime/layout.h"

namespace saccade {

// An integer, low <= value <= high.
int64_t integerArgument(const Napi::Value& value, const char* name, int64_t low, int64_t high);
// The same, or `otherwise` when the argument is undefined.
int64_t integerArgument(const Napi::Value& value, const char* name, int64_t low, int64_t high,
                        int64_t otherwise);
std::string stringArgument(const Napi::Value& value, const char* name);
Napi::Array arrayArgument(const Napi::Value& value, const char* name);

// A NativeLayout of lib/runtime/native.ts, of memory of so many bytes. Throws also OUT_OF_MEMORY.
Layout layoutArgument(const Napi::Value& value, int64_t bytes);

// The executor of the device with this name, and that device. undefined: the host's.
Executor& executorArgument(const Napi::Value& value);
Device& deviceArgument(const Napi::Value& value);

struct Bytes {
  const void* data;
  size_t size;
};
// The bytes of a typed array or DataView.
Bytes bytesArgument(const Napi::Value& value, const char* name);

}  // namespace saccade
