// A program written by hand: a few instructions on memory of one's own. Its tiles run as those of the
// compiler's programs do.
#pragma once
#include <stdint.h>

#include <memory>
#include <vector>

#include "../../native/runtime/device.h"
#include "../../native/runtime/op.h"
#include "../../test/native/encode.h"

namespace saccade::bench {

// A strided view of memory; no memory: an operand that is absent.
struct Operand {
  std::shared_ptr<Memory> memory;
  std::vector<int64_t> dims;
  DType dtype = DType::float32;
  std::vector<int64_t> strides = {};  // in elements; empty: contiguous
  int64_t offset = 0;
};

class Sequence {
 public:
  void add(Op op, const std::vector<Operand>& views, const std::vector<double>& attributes);
  // Checks what was added, so that it can run.
  void finish();
  void run(int32_t threads) const;

 private:
  int bufferOf(const std::shared_ptr<Memory>& memory);
  std::vector<double> encode(const Operand& operand);

  Call bind(const Instruction& instruction) const;

  testing::Encoder encoder_;
  std::vector<std::shared_ptr<Memory>> memory_;  // the program's inputs
  std::shared_ptr<const Program> program_;
};

// Runs one instruction on one thread: to make what is not measured.
void runOnce(Op op, const std::vector<Operand>& views, const std::vector<double>& attributes);

int64_t sizeOf(const std::vector<int64_t>& dims);

std::shared_ptr<Memory> uninitialized(int64_t bytes);
// Normally distributed numbers, the same for the same seed.
std::shared_ptr<Memory> normals(int64_t count, uint32_t seed);
std::shared_ptr<Memory> zeros(int64_t bytes);
std::shared_ptr<Memory> copyOf(const std::shared_ptr<Memory>& memory);
float* floatsOf(const std::shared_ptr<Memory>& memory);

}  // namespace saccade::bench
