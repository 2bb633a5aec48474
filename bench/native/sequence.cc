#include "sequence.h"

#include <string.h>

#include <cmath>
#include <functional>
#include <numeric>

#include "../../native/cpu/device/cpu_device.h"
#include "../../native/cpu/device/isa.h"
#include "steps.h"

namespace saccade::bench {
namespace {

CpuDevice& device() {
  static CpuDevice* const instance = new CpuDevice(kernels());
  return *instance;
}

// A linear congruential generator: millions of numbers are wanted, and nothing depends on how random they
// are.
class Generator {
 public:
  explicit Generator(uint32_t seed) : state_(seed * 2654435761u + 1) {}
  // The sum of four uniform numbers, with mean 0 and variance 1: nearly normal.
  float normal() {
    float sum = 0;
    for (int i = 0; i < 4; ++i) {
      state_ = state_ * 6364136223846793005u + 1442695040888963407u;
      sum += static_cast<float>(state_ >> 40) * 0x1p-24f - 0.5f;
    }
    return sum * std::sqrt(3.0f);
  }

 private:
  uint64_t state_;
};

}  // namespace

void Sequence::add(Op op, const std::vector<Operand>& views, const std::vector<double>& attributes) {
  std::vector<std::vector<double>> encoded;
  for (const Operand& view : views) encoded.push_back(encode(view));
  encoder_.add(op, encoded, attributes);
}

void Sequence::finish() {
  encoder_.inputs = static_cast<double>(memory_.size());
  program_ = testing::make(encoder_, device());
}

void Sequence::run(int32_t threads) const {
  size_t begun = 0;
  const Kernel* kernel = nullptr;
  Call call;
  const auto next = [&]() -> int64_t {
    if (begun == program_->instructions.size()) return 0;
    const Instruction& instruction = program_->instructions[begun++];
    kernel = kernels().kernel[static_cast<int32_t>(instruction.op)];
    call = bind(instruction);
    return kernel->tiles(call);
  };
  const auto runTile = [&](int64_t tile, Block& scratch) {
    const int64_t bytes = kernel->scratch(call);
    if (scratch.bytes() < bytes) scratch = Block(bytes, Account::arena);
    kernel->run(call, tile, scratch.data());
  };
  bench::run({next, runTile}, threads);
}

Call Sequence::bind(const Instruction& instruction) const {
  Call call = instruction.call;
  for (int32_t i = 0; i < call.views; ++i) {
    if (instruction.buffer[i] < 0) continue;
    const Buffer& buffer = program_->buffers[static_cast<size_t>(instruction.buffer[i])];
    call.view[i].data = memory_[static_cast<size_t>(buffer.at)]->data() + instruction.byteOffset[i];
  }
  return call;
}

int Sequence::bufferOf(const std::shared_ptr<Memory>& memory) {
  for (size_t i = 0; i < memory_.size(); ++i) {
    if (memory_[i] == memory) return static_cast<int>(i);
  }
  memory_.push_back(memory);
  return encoder_.buffer(BufferKind::inout, static_cast<double>(memory_.size() - 1),
                         static_cast<double>(memory->bytes()));
}

std::vector<double> Sequence::encode(const Operand& operand) {
  if (!operand.memory) return testing::Encoder::absent();
  std::vector<double> code{static_cast<double>(bufferOf(operand.memory)),
                           static_cast<double>(static_cast<int32_t>(operand.dtype)),
                           static_cast<double>(operand.offset), static_cast<double>(operand.dims.size())};
  std::vector<int64_t> strides = operand.strides;
  if (strides.empty()) {
    strides.assign(operand.dims.size(), 1);
    for (size_t axis = strides.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * operand.dims[axis];
  }
  code.insert(code.end(), operand.dims.begin(), operand.dims.end());
  code.insert(code.end(), strides.begin(), strides.end());
  return code;
}

void runOnce(Op op, const std::vector<Operand>& views, const std::vector<double>& attributes) {
  Sequence sequence;
  sequence.add(op, views, attributes);
  sequence.finish();
  sequence.run(1);
}

int64_t sizeOf(const std::vector<int64_t>& dims) {
  return std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies<int64_t>());
}

std::shared_ptr<Memory> uninitialized(int64_t bytes) {
  return device().allocate(bytes);
}

std::shared_ptr<Memory> normals(int64_t count, uint32_t seed) {
  auto memory = uninitialized(4 * count);
  Generator generator(seed);
  float* out = floatsOf(memory);
  for (int64_t i = 0; i < count; ++i) out[i] = generator.normal();
  return memory;
}

std::shared_ptr<Memory> zeros(int64_t bytes) {
  auto memory = uninitialized(bytes);
  memset(memory->data(), 0, static_cast<size_t>(bytes));
  return memory;
}

std::shared_ptr<Memory> copyOf(const std::shared_ptr<Memory>& memory) {
  auto copy = uninitialized(memory->bytes());
  memcpy(copy->data(), memory->data(), static_cast<size_t>(memory->bytes()));
  return copy;
}

float* floatsOf(const std::shared_ptr<Memory>& memory) {
  return reinterpret_cast<float*>(memory->data());
}

}  // namespace saccade::bench
