// Allocations of emulated device memory, and bounds of accesses to it.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace saccade::emulation {

struct Bounds {
  const char* begin = nullptr;
  const char* end = nullptr;
};

// Full of 0xff, which is NaN as any float. Null if there is no memory.
char* allocateGlobal(int64_t bytes);
void freeGlobal(char* data);

// The allocation that an address is in; empty bounds if it is in none.
Bounds allocationOf(const void* data);
// The bytes from `data` on. Ends the kernel if they are not all in one allocation.
Bounds boundsOf(const void* data, int64_t bytes);
// Ends the kernel unless the access is within the bounds, and aligned to its size.
void checkGlobal(const Bounds& bounds, const char* at, size_t bytes, const char* what);

}  // namespace saccade::emulation
