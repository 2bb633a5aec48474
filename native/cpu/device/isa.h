// The choice of kernels. They are compiled once for each instruction set; the best one that the processor and
// the operating system support is chosen at run time.
#pragma once
#include <vector>

#include "../kernel.h"

namespace saccade {

// Tables that this build has and this machine can run, best first; never empty.
const std::vector<const KernelTable*>& usableTables();

// The table in use: the best, or the one SACCADE_ISA names. Throws OPTION_INVALID, naming those there are.
// The choice is made once a process.
const KernelTable& kernels();

}  // namespace saccade
