// What a kernel's file offers to the runtime: for each op, a function of the host that launches it.
#pragma once
#include <stdint.h>

#include "../runtime/op.h"
#include "launch.h"

namespace saccade::cuda {

// Where kernels report an index outside its axis.
struct Fault {
  int32_t* first;       // in device memory: the least position of an instruction with a fault
  int32_t instruction;  // the position of this one
};

// Gives the launches that compute an instruction. Their number, grids and shared memory depend on shapes and
// attributes alone, never on addresses. It is called when a program is prepared, too, with null for all
// memory; then it throws INTERNAL if it cannot compute the instruction. Operands were checked
// (../runtime/check/).
using Kernel = void (*)(const Call& call, const Fault& fault, Launcher& launcher);

#define SACCADE_DECLARE(name, ...) void launch_##name(const Call&, const Fault&, Launcher&);
SACCADE_OPS(SACCADE_DECLARE)
#undef SACCADE_DECLARE

// In the order of Op.
extern const Kernel kKernels[static_cast<int32_t>(Op::count)];
extern const Formats kFormats;

}  // namespace saccade::cuda
