// Writes programs in the encoding of native/runtime/program.md, for the tests of the runtime; and a table of
// toy kernels, so that these tests stand on the runtime alone.
#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include "../../native/runtime/cpu_device.h"
#include "../../native/runtime/kernel.h"
#include "../../native/runtime/program.h"

namespace saccade::testing {

struct Encoder {
  std::vector<double> buffers;
  std::vector<double> outputs;
  std::vector<double> instructions;
  double arenaBytes = 0;
  double inputs = 0;
  int count = 0;

  int buffer(BufferKind kind, double at, double bytes) {
    for (const double number : {double(static_cast<int>(kind)), at, bytes}) buffers.push_back(number);
    return static_cast<int>(buffers.size() / 3) - 1;
  }

  static std::vector<double> absent() { return {-1}; }

  // A contiguous view of float32, or of the dtype given.
  static std::vector<double> view(int buffer, std::vector<double> dims, double offset = 0,
                                  DType dtype = DType::float32) {
    std::vector<double> code;
    for (const double number :
         {double(buffer), double(static_cast<int>(dtype)), offset, double(dims.size())}) {
      code.push_back(number);
    }
    std::vector<double> strides(dims.size(), 1);
    for (size_t axis = dims.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * dims[axis];
    code.insert(code.end(), dims.begin(), dims.end());
    code.insert(code.end(), strides.begin(), strides.end());
    return code;
  }

  void add(Op op, const std::vector<std::vector<double>>& views, const std::vector<double>& attributes = {}) {
    instructions.push_back(static_cast<double>(op));
    instructions.push_back(static_cast<double>(views.size()));
    for (const auto& view : views) instructions.insert(instructions.end(), view.begin(), view.end());
    instructions.push_back(static_cast<double>(attributes.size()));
    instructions.insert(instructions.end(), attributes.begin(), attributes.end());
    ++count;
  }

  std::vector<double> code() const {
    std::vector<double> all{0x5acc,
                            1,
                            arenaBytes,
                            static_cast<double>(buffers.size() / 3),
                            inputs,
                            static_cast<double>(outputs.size()),
                            static_cast<double>(count)};
    for (const auto* part : {&buffers, &outputs, &instructions})
      all.insert(all.end(), part->begin(), part->end());
    return all;
  }
};

// Toy kernels over one contiguous axis of float32, a tile for each kTile elements.
//   fill    out = attribute 0
//   binary  out = a + b
//   gather  out = in, and Status::indexOutOfRange
//   reduce  waits attribute 0 milliseconds on every tile
namespace toy {

constexpr int64_t kTile = 16;

inline int64_t tiles(const Call& call) {
  return (call.view[0].dim[0] + kTile - 1) / kTile;
}
inline int64_t scratch(const Call&) {
  return 100;
}

inline const char* check(const Call& call) {
  for (int32_t i = 0; i < call.views; ++i) {
    const View& view = call.view[i];
    if (view.rank != 1 || view.stride[0] != 1 || view.dim[0] != call.view[0].dim[0]) return "views differ";
    if (view.dtype != DType::float32) return "takes float32";
  }
  return nullptr;
}

template <class Element>
Status each(const Call& call, int64_t tile, char* scratch, Element element) {
  for (int i = 0; i < 100; ++i) scratch[i] = static_cast<char>(tile);  // must be the thread's own
  const int64_t end = std::min((tile + 1) * kTile, call.view[0].dim[0]);
  for (int64_t i = tile * kTile; i < end; ++i) reinterpret_cast<float*>(call.view[0].data)[i] = element(i);
  return Status::ok;
}

inline float at(const View& view, int64_t i) {
  return reinterpret_cast<const float*>(view.data)[i];
}

inline Status fill(const Call& call, int64_t tile, char* scratch) {
  return each(call, tile, scratch, [&](int64_t) { return static_cast<float>(call.attribute[0]); });
}
inline Status binary(const Call& call, int64_t tile, char* scratch) {
  return each(call, tile, scratch, [&](int64_t i) { return at(call.view[1], i) + at(call.view[2], i); });
}
inline Status gather(const Call& call, int64_t tile, char* scratch) {
  each(call, tile, scratch, [&](int64_t i) { return at(call.view[1], i); });
  return Status::indexOutOfRange;
}
inline Status reduce(const Call& call, int64_t, char*) {
  std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(call.attribute[0]));
  return Status::ok;
}
inline const char* refuse(const Call&) {
  return "not a toy";
}

inline const Kernel kFill{check, tiles, scratch, fill};
inline const Kernel kBinary{check, tiles, scratch, binary};
inline const Kernel kGather{check, tiles, scratch, gather};
inline const Kernel kReduce{check, tiles, scratch, reduce};
inline const Kernel kRefuse{refuse, tiles, scratch, fill};

inline KernelTable makeTable() {
  KernelTable table{"toy", {}, nullptr};
  for (auto& kernel : table.kernel) kernel = &kRefuse;
  const auto set = [&](Op op, const Kernel& kernel) { table.kernel[static_cast<int32_t>(op)] = &kernel; };
  set(Op::fill, kFill);
  set(Op::binary, kBinary);
  set(Op::gather, kGather);
  set(Op::reduce, kReduce);
  return table;
}

inline const KernelTable kTable = makeTable();

}  // namespace toy

inline std::shared_ptr<const Program> make(const Encoder& encoder,
                                           std::vector<std::shared_ptr<Memory>> constants = {},
                                           const KernelTable& table = toy::kTable) {
  const std::vector<double> code = encoder.code();
  return Program::create(code.data(), code.size(), std::move(constants), table);
}

inline std::shared_ptr<Memory> floats(const std::vector<float>& values) {
  auto memory = Memory::allocate(static_cast<int64_t>(values.size() * sizeof(float)));
  std::copy(values.begin(), values.end(), reinterpret_cast<float*>(memory->data()));
  return memory;
}

inline std::vector<float> valuesOf(const Memory& memory) {
  const auto* data = reinterpret_cast<const float*>(memory.data());
  return {data, data + memory.bytes() / static_cast<int64_t>(sizeof(float))};
}

}  // namespace saccade::testing
