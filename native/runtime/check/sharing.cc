#include "sharing.h"

#include "../error.h"

namespace saccade {
namespace {

// Bytes of a buffer, or of the arena.
struct Extent {
  BufferKind kind;  // input also for inout, as both may be the same input
  int64_t index;    // of the input or output
  int64_t begin, end;
};

Extent extentOf(const Instruction& instruction, int32_t view, const std::vector<Buffer>& buffers) {
  const Buffer& buffer = buffers[static_cast<size_t>(instruction.buffer[view])];
  const View& elements = instruction.call.view[view];
  int64_t last = 0;
  for (int32_t axis = 0; axis < elements.rank; ++axis)
    last += (elements.dim[axis] - 1) * elements.stride[axis];
  const bool isArena = buffer.kind == BufferKind::arena;
  const int64_t begin = (isArena ? buffer.at : 0) + instruction.byteOffset[view];
  return {buffer.kind == BufferKind::inout ? BufferKind::input : buffer.kind, isArena ? 0 : buffer.at, begin,
          begin + (last + 1) * kDTypeBytes[static_cast<int32_t>(elements.dtype)]};
}

bool overlap(const Extent& a, const Extent& b) {
  return a.kind == b.kind && a.index == b.index && a.begin < b.end && b.begin < a.end;
}

// Whether both views have the same elements in the same places. Both are in the same memory.
bool sameElements(const View& a, const View& b, const Extent& placeOfA, const Extent& placeOfB) {
  if (a.dtype != b.dtype || a.rank != b.rank || placeOfA.begin != placeOfB.begin) return false;
  for (int32_t axis = 0; axis < a.rank; ++axis) {
    if (a.dim[axis] != b.dim[axis] || (a.dim[axis] > 1 && a.stride[axis] != b.stride[axis])) return false;
  }
  return true;
}

// Whether the output of an op may be this view itself.
bool mayBeInPlace(Op op, int32_t view) {
  switch (op) {
    case Op::unary:
    case Op::binary:
    case Op::where:
    case Op::softmax:
      return true;
    case Op::gemm:
    case Op::convolution:
      return view == 4;  // the residual
    default:
      return false;
  }
}

}  // namespace

std::string sharingFault(const Instruction& instruction, const std::vector<Buffer>& buffers) {
  const Call& call = instruction.call;
  const Extent output = extentOf(instruction, 0, buffers);
  for (int32_t i = 1; i < call.views; ++i) {
    if (isAbsent(call.view[i])) continue;
    const Extent input = extentOf(instruction, i, buffers);
    if (!overlap(output, input)) continue;
    if (mayBeInPlace(instruction.op, i) && sameElements(call.view[0], call.view[i], output, input)) continue;
    return "shares memory with view " + std::to_string(i) + ", which it reads";
  }
  return "";
}

void checkSharing(const Program& program, const std::vector<std::shared_ptr<Memory>>& inputs) {
  for (const Buffer& buffer : program.buffers) {
    if (buffer.kind != BufferKind::input && buffer.kind != BufferKind::inout) continue;
    const auto at = static_cast<size_t>(buffer.at);
    const auto address = reinterpret_cast<uintptr_t>(inputs[at]->data());
    if (address % static_cast<uintptr_t>(buffer.alignment) != 0) {
      fail("INPUT_INVALID", "input ", at, " begins at an address that is no multiple of ", buffer.alignment);
    }
    if (buffer.kind != BufferKind::inout) continue;
    for (size_t other = 0; other < inputs.size(); ++other) {
      if (other != at && inputs[other] == inputs[at])
        fail("INPUT_INVALID", "input ", at, " is written by the program, but is input ", other, " too");
    }
    for (const auto& constant : program.constants) {
      if (constant == inputs[at])
        fail("INPUT_INVALID", "input ", at, " is written by the program, but is a constant too");
    }
  }
}

}  // namespace saccade
