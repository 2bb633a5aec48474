// The kernel tables of this build, for the runtime to choose from. A build for another architecture than
// x86-64 has the generic one alone.
#pragma once
#include "../runtime/kernel.h"

namespace saccade {

extern const KernelTable table_generic;
#if defined(__x86_64__)
extern const KernelTable table_avx2;
extern const KernelTable table_avx512;
#endif

}  // namespace saccade
