#include "program.h"

#include <algorithm>
#include <string>
#include <utility>

#include "check/check.h"
#include "check/rules.h"
#include "check/sharing.h"
#include "device.h"
#include "error.h"
#include "reader.h"

namespace saccade {
namespace {

constexpr int64_t kMagic = 0x5acc;
constexpr int64_t kVersion = 1;
// Every integer below this is exact in a double, and sums of a few of them in an int64.
constexpr int64_t kMaxNumber = int64_t{1} << 53;
constexpr int64_t kMaxIndex = int64_t{1} << 31;  // exclusive: indices are int32
constexpr int64_t kArenaAlignment = 64;

// The instruction and view that a message is about.
struct Location {
  int64_t instruction;
  Op op;
  int32_t view;  // -1: the instruction itself
};

template <class... Parts>
[[noreturn]] void failAt(const Location& at, const Parts&... parts) {
  if (at.view < 0) fail("INTERNAL", "instruction ", at.instruction, " (", opName(at.op), "): ", parts...);
  fail("INTERNAL", "instruction ", at.instruction, " (", opName(at.op), "), view ", at.view, ": ", parts...);
}

// Runs a step, and adds the location to its message if it throws.
template <class Step>
auto located(const Location& at, Step step) {
  try {
    return step();
  } catch (const Error& error) {
    failAt(at, error.what());
  }
}

Buffer readBuffer(Reader& reader, const Program& program, int64_t outputs) {
  Buffer buffer;
  buffer.kind =
      static_cast<BufferKind>(reader.integer("kind", 0, static_cast<int64_t>(BufferKind::count) - 1));
  switch (buffer.kind) {
    case BufferKind::arena:
      buffer.at = reader.integer("arena offset", 0, program.arenaBytes);
      buffer.bytes = reader.integer("bytes", 0, program.arenaBytes - buffer.at);
      if (buffer.at % kArenaAlignment != 0)
        fail("INTERNAL", "arena offset is ", buffer.at, ", expected a multiple of 64");
      break;
    case BufferKind::constant: {
      buffer.at = reader.integer("index", 0, static_cast<int64_t>(program.constants.size()) - 1);
      const int64_t given = program.constants[static_cast<size_t>(buffer.at)]->bytes();
      buffer.bytes = reader.integer("bytes", 0, given);
      break;
    }
    case BufferKind::output:
      buffer.at = reader.integer("index", 0, outputs - 1);
      buffer.bytes = reader.integer("bytes", 0, kMaxNumber);
      break;
    default:  // input, inout
      buffer.at = reader.integer("index", 0, program.inputs - 1);
      buffer.bytes = reader.integer("bytes", 0, kMaxNumber);
  }
  return buffer;
}

void readBuffers(Reader& reader, Program& program, int64_t count, int64_t outputs) {
  program.buffers.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    try {
      program.buffers.push_back(readBuffer(reader, program, outputs));
    } catch (const Error& error) {
      fail("INTERNAL", "buffer ", i, ": ", error.what());
    }
  }
}

// An output is the output buffer of its index, or an inout buffer. Every output buffer must be an output, as
// it would have no memory otherwise.
void readOutputs(Reader& reader, Program& program, int64_t outputs) {
  for (int64_t i = 0; i < outputs; ++i) {
    const auto index =
        reader.integer("buffer of output", 0, static_cast<int64_t>(program.buffers.size()) - 1);
    const Buffer& buffer = program.buffers[static_cast<size_t>(index)];
    const bool own = buffer.kind == BufferKind::output && buffer.at == i;
    if (!own && buffer.kind != BufferKind::inout) {
      fail("INTERNAL", "output ", i, " is buffer ", index,
           ", expected the output buffer of its index, or an inout buffer");
    }
    program.outputs.push_back(static_cast<int32_t>(index));
  }
  for (size_t i = 0; i < program.buffers.size(); ++i) {
    const Buffer& buffer = program.buffers[i];
    if (buffer.kind != BufferKind::output) continue;
    if (program.outputs[static_cast<size_t>(buffer.at)] != static_cast<int32_t>(i)) {
      fail("INTERNAL", "buffer ", i, " is for output ", buffer.at, ", but that output is another buffer");
    }
  }
}

bool isEmpty(const View& view) {
  return std::find(view.dim, view.dim + std::max(view.rank, 0), 0) != view.dim + std::max(view.rank, 0);
}

// Throws unless each element of the view is inside its buffer.
void checkBounds(const View& view, int64_t offset, const Buffer& buffer) {
  const int64_t size = kDTypeBytes[static_cast<int32_t>(view.dtype)];
  const int64_t elements = buffer.bytes / size;
  if (isEmpty(view)) return;
  int64_t last = offset;
  int64_t count = 1;
  for (int32_t axis = 0; axis < view.rank; ++axis) {
    int64_t reach;
    if (__builtin_mul_overflow(view.dim[axis] - 1, view.stride[axis], &reach) ||
        __builtin_add_overflow(last, reach, &last) || last >= kMaxNumber) {
      fail("INTERNAL", "axis ", axis, " reaches past any buffer");
    }
    if (__builtin_mul_overflow(count, view.dim[axis], &count) || count >= kMaxNumber) {
      fail("INTERNAL", "has too many elements");
    }
  }
  if (last >= elements) {
    fail("INTERNAL", "reaches element ", last, " of a buffer with ", elements);
  }
}

bool writable(BufferKind kind) {
  return kind == BufferKind::arena || kind == BufferKind::output || kind == BufferKind::inout;
}

// Elements of a view that is written must not overlap, as tiles would race. The stride of each axis must be
// larger than the extent of all axes of smaller strides, as it is in every slice or permutation of a dense
// array.
void checkOutputView(const View& view, const Buffer& buffer) {
  if (!writable(buffer.kind)) fail("INTERNAL", "is written, but its buffer is read only");
  if (isEmpty(view)) return;
  int32_t axes[kMaxRank];  // those longer than 1, by ascending stride
  int32_t count = 0;
  for (int32_t axis = 0; axis < view.rank; ++axis) {
    if (view.dim[axis] == 1) continue;
    int32_t at = count++;
    for (; at > 0 && view.stride[axes[at - 1]] > view.stride[axis]; --at) axes[at] = axes[at - 1];
    axes[at] = axis;
  }
  int64_t reach = 0;
  for (const int32_t* axis = axes; axis != axes + count; ++axis) {
    if (view.stride[*axis] <= reach) {
      fail("INTERNAL", "is written, but elements along axis ", *axis, " with stride ", view.stride[*axis],
           " overlap others");
    }
    reach += (view.dim[*axis] - 1) * view.stride[*axis];
  }
}

void readView(Reader& reader, const Program& program, Instruction& instruction, int32_t index) {
  View& view = instruction.call.view[index];
  const auto buffers = static_cast<int64_t>(program.buffers.size());
  const auto at = static_cast<int32_t>(reader.integer("buffer", -1, buffers - 1));
  instruction.buffer[index] = at;
  if (at < 0) {
    if (index == 0) fail("INTERNAL", "the output is absent");
    return;
  }
  const Buffer& buffer = program.buffers[static_cast<size_t>(at)];
  view.dtype = static_cast<DType>(reader.integer("dtype", 0, static_cast<int64_t>(DType::count) - 1));
  const int64_t size = kDTypeBytes[static_cast<int32_t>(view.dtype)];
  const int64_t offset = reader.integer("offset", 0, buffer.bytes / size);
  const auto rank = static_cast<int32_t>(reader.integer("rank", 0, kMaxRank));
  for (int32_t axis = 0; axis < rank; ++axis) view.dim[axis] = reader.integer("dim", 0, kMaxNumber);
  for (int32_t axis = 0; axis < rank; ++axis) view.stride[axis] = reader.integer("stride", 0, kMaxNumber);
  view.rank = rank;
  instruction.byteOffset[index] = offset * size;
  checkBounds(view, offset, buffer);
  if (index == 0) checkOutputView(view, buffer);
}

void checkAlignment(Program& program, const Instruction& instruction, int32_t view) {
  if (instruction.buffer[view] < 0) return;
  Buffer& buffer = program.buffers[static_cast<size_t>(instruction.buffer[view])];
  const int64_t alignment = operandAlignment(instruction.op, instruction.call, view);
  auto address = static_cast<uintptr_t>(instruction.byteOffset[view]);
  // Memory is aligned to 64 bytes, unless it is a part of a mapped file: inputs are checked when they are
  // given.
  if (buffer.kind == BufferKind::constant) {
    address += reinterpret_cast<uintptr_t>(program.constants[static_cast<size_t>(buffer.at)]->data());
  }
  if (address % static_cast<uintptr_t>(alignment) != 0)
    fail("INTERNAL", "is not aligned to ", alignment, " bytes");
  buffer.alignment = std::max(buffer.alignment, alignment);
}

// True when the instruction has work to do.
bool readInstruction(Reader& reader, Program& program, int64_t index, Instruction& instruction) {
  instruction = {};
  instruction.position = static_cast<int32_t>(index);
  Location here{index, Op::count, -1};
  try {
    instruction.op = static_cast<Op>(reader.integer("op", 0, static_cast<int64_t>(Op::count) - 1));
  } catch (const Error& error) {
    fail("INTERNAL", "instruction ", index, ": ", error.what());
  }
  here.op = instruction.op;
  Call& call = instruction.call;
  std::fill_n(instruction.buffer, kMaxViews, -1);
  for (View& view : call.view) view.rank = -1;
  call.views =
      static_cast<int32_t>(located(here, [&] { return reader.integer("number of views", 1, kMaxViews); }));
  for (int32_t i = 0; i < call.views; ++i) {
    located({index, instruction.op, i}, [&] { readView(reader, program, instruction, i); });
  }
  located(here, [&] {
    call.attributes = static_cast<int32_t>(reader.integer("number of attributes", 0, kMaxAttributes));
    for (int32_t i = 0; i < call.attributes; ++i) call.attribute[i] = reader.number("an attribute");
  });
  if (std::any_of(call.view, call.view + call.views, isEmpty)) return false;
  const std::string fault = operandFault(instruction.op, call, program.device.formats());
  // Not a bug of the compiler: the shapes of a caller ask for it.
  if (fault == kRepeats) fail("LIMIT_EXCEEDED", opName(instruction.op), ": ", fault);
  if (!fault.empty()) failAt(here, fault);
  for (int32_t i = 0; i < call.views; ++i) {
    located({index, instruction.op, i}, [&] { checkAlignment(program, instruction, i); });
  }
  const std::string shared = sharingFault(instruction, program.buffers);
  if (!shared.empty()) failAt({index, instruction.op, 0}, shared);
  return true;
}

}  // namespace

const char* opName(Op op) {
  static constexpr const char* kNames[] = {
#define SACCADE_TEXT_OF(name, ...) #name,
      SACCADE_OPS(SACCADE_TEXT_OF)
#undef SACCADE_TEXT_OF
  };
  return kNames[static_cast<int32_t>(op)];
}

std::string nameOf(const Instruction& instruction) {
  return "instruction " + std::to_string(instruction.position) + " (" + opName(instruction.op) + ")";
}

void checkDevice(const Memory& memory, const Device& device, const char* what, size_t index) {
  if (&memory.device() == &device) return;
  fail("DEVICE_MISMATCH", what, index, " is on the device '", memory.device().name(),
       "', but the program is for '", device.name(), "'");
}

std::shared_ptr<const Program> Program::create(const double* code, size_t length,
                                               std::vector<std::shared_ptr<Memory>> constants,
                                               const Device& device) {
  auto program = std::make_shared<Program>(device);
  program->constants = std::move(constants);
  for (size_t i = 0; i < program->constants.size(); ++i) {
    checkDevice(*program->constants[i], device, "constant ", i);
    program->files.add(*program->constants[i]);
  }
  Reader reader(code, length);
  reader.integer("magic", kMagic, kMagic);
  reader.integer("version", kVersion, kVersion);
  program->arenaBytes = reader.integer("arena bytes", 0, kMaxNumber);
  const int64_t buffers = reader.count("number of buffers", 3);
  program->inputs = reader.integer("number of inputs", 0, kMaxIndex - 1);
  const int64_t outputs = reader.count("number of outputs", 1);
  const int64_t instructions = reader.count("number of instructions", 7);
  readBuffers(reader, *program, buffers, outputs);
  readOutputs(reader, *program, outputs);
  Instruction instruction;
  for (int64_t i = 0; i < instructions; ++i) {
    if (readInstruction(reader, *program, i, instruction)) program->instructions.push_back(instruction);
  }
  if (!reader.atEnd()) fail("INTERNAL", "the program continues after its last instruction");
  return program;
}

}  // namespace saccade
