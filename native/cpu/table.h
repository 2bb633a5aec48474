// The kernel tables of this build, for the runtime to choose from. A build for another architecture than
// x86-64 has the generic one alone.
#pragma once
#include "kernel.h"

namespace saccade {

extern const KernelTable table_generic;
#if defined(__x86_64__)
extern const KernelTable table_avx2;
extern const KernelTable table_avx512;
extern const KernelTable table_avx512bf16;  // AVX-512 with products of bfloat16 and of int8 (VNNI)
#endif

}  // namespace saccade
