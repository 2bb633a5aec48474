// Whether the operands of an instruction are those that its op takes (op.h). Compiled once, for every device:
// all devices refuse the same programs, and their kernels rely on what is checked here.
#pragma once
#include <string>

#include "../op.h"

namespace saccade {

// What is wrong with the views or attributes, or "" if nothing is. No view may be empty (have a dim of 0).
// That views lie inside their buffers is for the caller to check.
std::string operandFault(Op op, const Call& call, const Formats& formats);

}  // namespace saccade
