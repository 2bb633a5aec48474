// The loops that find out what the machine can do: chains of one instruction on registers alone.
#pragma once
#include <stdint.h>

#include <string>

namespace saccade::bench {

struct Loop {
  void (*run)(int64_t steps);
  double operations;    // multiplications and additions of one step
  const char* missing;  // null, or why there is no such loop here
};

// Of an instruction set of the kernels (native/cpu/device/isa.h): generic, avx2, avx512 or avx512bf16.
Loop float32Loop(const std::string& isa);
Loop bfloat16Loop(const std::string& isa);
Loop int8Loop(const std::string& isa);

}  // namespace saccade::bench
