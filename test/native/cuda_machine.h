// Runs single instructions on the CUDA device, by way of a program, as the runtime does: in the emulation, or
// on a GPU where the tests are linked with it.
#pragma once
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "../../native/cuda/cuda.h"
#include "../../native/runtime/executor.h"
#include "../../native/runtime/half.h"
#include "encode.h"
#include "submit.h"

namespace saccade::testing {

using Dims = std::vector<int64_t>;

inline Dims denseStrides(const Dims& dims) {
  Dims strides(dims.size(), 1);
  for (size_t axis = dims.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * dims[axis];
  return strides;
}

// A strided array on the host. Bytes that no element covers have the value of kHole.
class Operand {
 public:
  static constexpr char kHole = 0x5a;

  static Operand absent() { return Operand(); }
  // Of a float type, or int32, uint8 or bool; element i in row-major order is value(i), as a float rounded to
  // the dtype.
  Operand(DType dtype, Dims dims, const std::function<double(int64_t)>& value)
      : Operand(dtype, dims, denseStrides(dims), value) {}
  Operand(DType dtype, Dims dims, Dims strides, const std::function<double(int64_t)>& value)
      : Operand(dtype, dims, strides) {
    for (int64_t i = 0; i < size(); ++i) set(i, value(i));
  }
  // Full of holes: an output.
  Operand(DType dtype, Dims dims) : Operand(dtype, dims, denseStrides(dims)) {}
  Operand(DType dtype, Dims dims, Dims strides)
      : dtype(dtype), dims(std::move(dims)), strides(std::move(strides)) {
    int64_t last = 0;
    for (size_t axis = 0; axis < this->dims.size(); ++axis)
      last += (this->dims[axis] - 1) * this->strides[axis];
    bytes.assign(static_cast<size_t>((last + 1) * itemBytes()), kHole);
  }

  bool isAbsent() const { return bytes.empty(); }
  int64_t itemBytes() const { return kDTypeBytes[static_cast<int32_t>(dtype)]; }
  int64_t size() const {
    int64_t elements = 1;
    for (const int64_t dim : dims) elements *= dim;
    return elements;
  }
  int64_t offset(int64_t i) const {
    int64_t place = 0;
    for (size_t axis = dims.size(); axis-- > 0;) {
      place += i % dims[axis] * strides[axis];
      i /= dims[axis];
    }
    return place;
  }
  double operator[](int64_t i) const { return get(offset(i)); }
  double at(const Dims& index) const {
    int64_t place = 0;
    for (size_t axis = 0; axis < dims.size(); ++axis) place += index[axis] * strides[axis];
    return get(place);
  }
  void set(int64_t i, double value) {
    char* const to = bytes.data() + offset(i) * itemBytes();
    const auto put = [&](auto stored) { std::memcpy(to, &stored, sizeof stored); };
    switch (dtype) {
      case DType::float32:
        return put(static_cast<float>(value));
      case DType::float16:
        return put(floatToFloat16(static_cast<float>(value)));
      case DType::bfloat16:
        return put(floatToBfloat16(static_cast<float>(value)));
      case DType::int64:
        return put(static_cast<int64_t>(value));
      case DType::int32:
        return put(static_cast<int32_t>(value));
      default:
        return put(static_cast<uint8_t>(value));
    }
  }
  // Whether the bytes that no element covers are still holes.
  bool intact() const {
    std::vector<bool> covered(bytes.size());
    for (int64_t i = 0; i < size(); ++i) {
      for (int64_t byte = 0; byte < itemBytes(); ++byte)
        covered[static_cast<size_t>(offset(i) * itemBytes() + byte)] = true;
    }
    for (size_t i = 0; i < bytes.size(); ++i) {
      if (!covered[i] && bytes[i] != kHole) return false;
    }
    return true;
  }

  DType dtype = DType::float32;
  Dims dims, strides;
  std::vector<char> bytes;

 private:
  Operand() = default;
  double get(int64_t place) const {
    const char* const from = bytes.data() + place * itemBytes();
    const auto read = [&](auto stored) {
      std::memcpy(&stored, from, sizeof stored);
      return stored;
    };
    switch (dtype) {
      case DType::float32:
        return read(float{});
      case DType::float16:
        return float16ToFloat(read(uint16_t{}));
      case DType::bfloat16:
        return bfloat16ToFloat(read(uint16_t{}));
      case DType::int64:
        return static_cast<double>(read(int64_t{}));
      case DType::int32:
        return read(int32_t{});
      default:
        return read(uint8_t{});
    }
  }
};

// Random numbers, the same in every run.
class Numbers {
 public:
  explicit Numbers(uint32_t seed) : engine_(seed) {}
  double normal() { return normal_(engine_); }
  double below(int64_t n) { return static_cast<double>(engine_() % static_cast<uint64_t>(n)); }
  std::function<double(int64_t)> normals() {
    return [this](int64_t) { return normal(); };
  }
  std::function<double(int64_t)> integers(int64_t n) {
    return [this, n](int64_t) { return below(n); };
  }

 private:
  std::mt19937 engine_;
  std::normal_distribution<double> normal_;
};

inline double code(auto kind) {
  return static_cast<double>(kind);
}

// A device that computes single instructions.
class Machine {
 public:
  explicit Machine(std::unique_ptr<Device> device) : executor_(std::move(device)) {}

  Device& device() { return executor_.device(); }

  // The output, the first operand, after the instruction has run. It runs three times, each on memory of its
  // own: by single launches, as a graph, and as a graph with other addresses; all must give the same bits.
  Operand run(Op op, std::vector<Operand> operands, const std::vector<double>& attributes) {
    const auto executable = prepare(op, operands, attributes);
    Operand result = start(executable, operands);
    for (int again = 0; again < 2; ++again) CHECK(start(executable, operands).bytes == result.bytes);
    CHECK(result.intact());
    return result;
  }

  // The code of the error that a run ends with.
  std::string failureOf(Op op, std::vector<Operand> operands, const std::vector<double>& attributes) {
    return codeOf(submit(executor_, prepare(op, operands, attributes), upload(operands)).get());
  }

  Operand pack(const Operand& b, Precision precision) {
    Operand packed(DType::packed,
                   {device().formats().packedBytes(b.dims[0], b.dims[1], b.dims[2], precision)});
    return run(Op::pack, {packed, b}, {code(precision)});
  }

 private:
  std::shared_ptr<Executable> prepare(Op op, const std::vector<Operand>& operands,
                                      const std::vector<double>& attributes) {
    Encoder encoder;
    std::vector<std::vector<double>> views;
    for (const Operand& operand : operands) {
      if (operand.isAbsent()) {
        views.push_back(Encoder::absent());
        continue;
      }
      const int buffer = encoder.buffer(views.empty() ? BufferKind::inout : BufferKind::input, encoder.inputs,
                                        static_cast<double>(operand.bytes.size()));
      encoder.inputs += 1;
      std::vector<double> view{double(buffer), code(operand.dtype), 0, double(operand.dims.size())};
      view.insert(view.end(), operand.dims.begin(), operand.dims.end());
      view.insert(view.end(), operand.strides.begin(), operand.strides.end());
      views.push_back(std::move(view));
    }
    encoder.outputs = {0};
    encoder.add(op, views, attributes);
    return device().prepare(make(encoder, device()));
  }

  std::vector<std::shared_ptr<Memory>> upload(const std::vector<Operand>& operands) {
    std::vector<std::shared_ptr<Memory>> memory;
    for (const Operand& operand : operands) {
      if (operand.isAbsent()) continue;
      const auto bytes = static_cast<int64_t>(operand.bytes.size());
      memory.push_back(device().allocate(bytes));
      device().upload(*memory.back(), 0, operand.bytes.data(), bytes);
    }
    return memory;
  }

  Operand start(const std::shared_ptr<Executable>& executable, const std::vector<Operand>& operands) {
    const auto inputs = upload(operands);
    const Outcome outcome = submit(executor_, executable, inputs).get();
    const std::string failure = outcome.error ? outcome.error->what() : "";
    INFO(failure);
    REQUIRE(!outcome.error);
    Operand result = operands[0];
    device().download(result.bytes.data(), *outcome.outputs[0], 0, static_cast<int64_t>(result.bytes.size()));
    return result;
  }

  Executor executor_;
};

inline Machine& cuda() {
  static auto* const machine = new Machine(openCuda());
  return *machine;
}

// The relative size of a rounding to a dtype.
inline double epsilonOf(DType dtype) {
  return dtype == DType::float16 ? 0x1p-11 : dtype == DType::bfloat16 ? 0x1p-8 : 0x1p-23;
}

constexpr DType kFloats[] = {DType::float32, DType::float16, DType::bfloat16};

// Whether each element is expected(i), within `bound(i)` and a rounding to the dtype; NaN equals NaN.
inline void checkAll(const Operand& result, const std::function<double(int64_t)>& expected,
                     const std::function<double(int64_t)>& bound) {
  int64_t wrong = -1;
  double difference = 0;
  for (int64_t i = 0; i < result.size(); ++i) {
    const double want = expected(i), got = result[i];
    if ((std::isnan(want) && std::isnan(got)) || want == got) continue;
    const double off = std::abs(want - got);
    if (off <= bound(i) + std::abs(want) * epsilonOf(result.dtype)) continue;
    wrong = i;
    difference = off;
    break;
  }
  INFO("element ", wrong, " is off by ", difference);
  CHECK(wrong == -1);
}

}  // namespace saccade::testing
