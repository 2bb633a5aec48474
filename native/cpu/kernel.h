// What a kernel of the CPU is. Only the CPU knows of tiles, threads and scratch.
#pragma once
#include "../runtime/op.h"

namespace saccade {

enum class Status : int32_t { ok, indexOutOfRange };

// A kernel splits its work into tiles that any threads may run in any order. The split depends on shapes
// alone, never on the number of threads, so the result has the same bits for any of them. Its operands were
// checked (runtime/check/) before any of these functions is called.
struct Kernel {
  int64_t (*tiles)(const Call&);
  // Bytes of private scratch a thread needs for a tile; given 64-byte aligned, content undefined.
  int64_t (*scratch)(const Call&);
  Status (*run)(const Call&, int64_t tile, char* scratch);
};

// All kernels of one instruction set, in the order of Op.
struct KernelTable {
  const char* isa;
  const Kernel* kernel[static_cast<int32_t>(Op::count)];
  Formats formats;
};

}  // namespace saccade
