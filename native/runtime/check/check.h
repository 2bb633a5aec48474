// Checks that the operands of an instruction are what its op takes (op.h). The same for every device: all
// devices reject the same programs, and their kernels rely on these checks.
#pragma once
#include <string>

#include "../op.h"

namespace saccade {

// What is wrong with the views or attributes, or "" if nothing is. Views must not be empty (have a dim of 0).
// The caller checks that they are inside their buffers.
std::string operandFault(Op op, const Call& call, const Formats& formats);

// Bytes that the address of a view must be a multiple of: the size of its elements; 4 for quantized rows,
// which begin with their scale; 64 for packed matrices.
int64_t operandAlignment(Op op, const Call& call, int32_t view);

}  // namespace saccade
