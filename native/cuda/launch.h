// One launch of a kernel, as a driver (host/driver.h) gets it.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include <type_traits>

namespace saccade::cuda {

struct Grid {
  uint32_t x = 1, y = 1, z = 1;
};

// The most that x, and y and z, can be.
constexpr int64_t kMaxGridX = 0x7fffffff;
constexpr int64_t kMaxGridYZ = 65535;
// Of the one struct that a kernel takes.
constexpr size_t kMaxArgumentBytes = 4096;

struct Launch {
  const void* function;
  // Calls the function for one thread, where kernels are functions of the host.
  void (*invoke)(const void* function, const void* arguments);
  Grid grid;
  int32_t threads;        // of a block
  int32_t sharedBytes;    // of a block
  const void* arguments;  // only valid during the call that takes the launch
  size_t argumentBytes;
};

// A parameter of this type does not take part in the deduction of T.
template <class T>
struct Same {
  using type = T;
};

// Takes the launches of an instruction, in their order.
class Launcher {
 public:
  virtual ~Launcher() = default;
  virtual void take(const Launch& launch) = 0;

  template <class Arguments>
  void launch(void (*kernel)(Arguments), Grid grid, int32_t threads, int32_t sharedBytes,
              const typename Same<Arguments>::type& arguments) {
    static_assert(std::is_trivially_copyable_v<Arguments> && sizeof(Arguments) <= kMaxArgumentBytes);
    take({reinterpret_cast<const void*>(kernel), invokeOf<Arguments>(), grid, threads, sharedBytes,
          &arguments, sizeof(Arguments)});
  }

 private:
  template <class Arguments>
  static constexpr auto invokeOf() -> void (*)(const void*, const void*) {
#if defined(SACCADE_CUDA_EMULATED)
    return [](const void* function, const void* arguments) {
      reinterpret_cast<void (*)(Arguments)>(const_cast<void*>(function))(
          *static_cast<const Arguments*>(arguments));
    };
#else
    return nullptr;
#endif
  }
};

}  // namespace saccade::cuda
