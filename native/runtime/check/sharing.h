// Which memory an instruction, or a run, may use more than once.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "../program.h"

namespace saccade {

// "" unless the output shares memory with another view: kernels read their inputs after they have begun to
// write. Views share memory if the ranges from the first to the last element of both overlap. The output may
// be another view of the same elements in unary, binary, where and softmax, and as the residual of gemm and
// convolution.
std::string sharingFault(const Instruction& instruction, const std::vector<Buffer>& buffers);

// Throws INPUT_INVALID if a run is given memory that the program writes in place a second time, as another
// input or as a constant; or memory (a part of a mapped file) that is not aligned to its elements. The number
// of inputs must be right.
void checkSharing(const Program& program, const std::vector<std::shared_ptr<Memory>>& inputs);

}  // namespace saccade
