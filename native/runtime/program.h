// A program, decoded from the numbers the compiler wrote (program.md) and checked completely: what this class
// holds can be run without looking at it again.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include <memory>
#include <vector>

#include "kernel.h"
#include "memory.h"

namespace saccade {

enum class BufferKind : int32_t { arena, constant, input, output, inout, count };

struct Buffer {
  BufferKind kind;
  int64_t at;  // arena: offset; else: index into the constants, inputs or outputs
  int64_t bytes;
};

struct Instruction {
  Op op;
  int32_t position;  // in the code, for messages: instructions that do nothing are left out
  const Kernel* kernel;
  int64_t tiles;
  int64_t scratch;                // bytes a thread needs
  Call call;                      // `data` of every view is null
  int32_t buffer[kMaxViews];      // of each view; -1: absent
  int64_t byteOffset[kMaxViews];  // of each view in its buffer
};

class Program {
 public:
  // Throws INTERNAL, naming the instruction and view at fault. The constants are kept alive.
  static std::shared_ptr<const Program> create(const double* code, size_t length,
                                               std::vector<std::shared_ptr<Memory>> constants,
                                               const KernelTable& table);

  int64_t arenaBytes = 0;
  int64_t scratchBytes = 0;  // the most that any instruction needs
  int64_t inputs = 0;
  std::vector<Buffer> buffers;
  std::vector<int32_t> outputs;  // the buffer each output is
  std::vector<Instruction> instructions;
  std::vector<std::shared_ptr<Memory>> constants;
};

// The name of an op, as in kernel.h.
const char* opName(Op op);

}  // namespace saccade
