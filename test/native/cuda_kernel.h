// Launches of single kernels in the emulation, for its own tests.
#pragma once
#include <array>
#include <functional>
#include <string>

#include "../../native/cuda/emulation/block.h"
#include "../../native/cuda/emulation/global.h"
#include "../../native/cuda/launch.h"
#include "../../native/runtime/error.h"

namespace saccade::testing {

// An array in emulated device memory.
template <class T>
class DeviceArray {
 public:
  DeviceArray(int32_t count, const std::function<T(int32_t)>& value)
      : data_(reinterpret_cast<T*>(emulation::allocateGlobal(count * static_cast<int64_t>(sizeof(T))))) {
    for (int32_t i = 0; i < count; ++i) data_[i] = value(i);
  }
  ~DeviceArray() { emulation::freeGlobal(reinterpret_cast<char*>(data_)); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* data() const { return data_; }
  const T& operator[](int32_t i) const { return data_[i]; }

 private:
  T* data_;
};

class Immediately final : public cuda::Launcher {
 public:
  void take(const cuda::Launch& launch) override { emulation::run(launch); }
};

template <class Arguments>
void launch(void (*kernel)(Arguments), cuda::Grid grid, int32_t threads, int32_t sharedBytes,
            const std::type_identity_t<Arguments>& arguments) {
  Immediately().launch(kernel, grid, threads, sharedBytes, arguments);
}

// What an error says, or "".
inline std::string faultOf(const std::function<void()>& step) {
  try {
    step();
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace saccade::testing
