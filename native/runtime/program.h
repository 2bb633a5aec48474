// A program, decoded from the numbers the compiler wrote (program.md) and checked for a device: bounds and
// operands of each instruction are right. How it runs is the device's own (device.h).
#pragma once
#include <stddef.h>
#include <stdint.h>

#include <memory>
#include <string>
#include <vector>

#include "files.h"
#include "memory.h"
#include "op.h"

namespace saccade {

enum class BufferKind : int32_t { arena, constant, input, output, inout, count };

struct Buffer {
  BufferKind kind;
  int64_t at;  // arena: offset; else: index into the constants, inputs or outputs
  int64_t bytes;
};

struct Instruction {
  Op op;
  int32_t position;               // in the code, for messages: instructions that do nothing are left out
  Call call;                      // `data` of every view is null
  int32_t buffer[kMaxViews];      // of each view; -1: absent
  int64_t byteOffset[kMaxViews];  // of each view in its buffer
};

class Program {
 public:
  // Throws INTERNAL, naming the instruction and view at fault; DEVICE_MISMATCH if a constant is memory of
  // another device. The constants are kept alive. The device outlives the program.
  static std::shared_ptr<const Program> create(const double* code, size_t length,
                                               std::vector<std::shared_ptr<Memory>> constants,
                                               const Device& device);

  explicit Program(const Device& checkedFor) : device(checkedFor) {}

  const Device& device;
  int64_t arenaBytes = 0;
  int64_t inputs = 0;
  std::vector<Buffer> buffers;
  std::vector<int32_t> outputs;  // the buffer each output is
  std::vector<Instruction> instructions;
  std::vector<std::shared_ptr<Memory>> constants;
  Files files;  // of the constants
};

// The name of an op, as in op.h.
const char* opName(Op op);

// Throws DEVICE_MISMATCH, naming both devices, unless the memory is the device's.
void checkDevice(const Memory& memory, const Device& device, const char* what, size_t index);

// Which instruction a message is about: "instruction 3 (gemm)".
std::string nameOf(const Instruction& instruction);

}  // namespace saccade
