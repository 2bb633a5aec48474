// Writes programs in the encoding of native/runtime/program.md, for the tests of the runtime; and a table of
// toy kernels, so that these tests stand on the runtime alone.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

#include "../../native/cpu/device/cpu_device.h"
#include "../../native/cpu/kernel.h"
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

// Toy kernels over contiguous float32, a tile for each kTile elements of the output.
//   fill    out = attribute 0
//   binary  out = a + b, whatever the kind
//   unary   waits `parameter` milliseconds on every tile
//   gather  Status::indexOutOfRange
// The other ops do nothing.
namespace toy {

constexpr int64_t kTile = 16;

inline int64_t elements(const Call& call) {
  const View& out = call.view[0];
  return std::accumulate(out.dim, out.dim + out.rank, int64_t{1}, std::multiplies<int64_t>());
}

inline int64_t tiles(const Call& call) {
  return (elements(call) + kTile - 1) / kTile;
}
inline int64_t scratch(const Call&) {
  return 100;
}

template <class Element>
Status each(const Call& call, int64_t tile, char* scratch, Element element) {
  for (int i = 0; i < 100; ++i) scratch[i] = static_cast<char>(tile);  // must be the thread's own
  const int64_t end = std::min((tile + 1) * kTile, elements(call));
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
inline Status unary(const Call& call, int64_t, char*) {
  std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(call.attribute[1]));
  return Status::ok;
}
inline Status gather(const Call&, int64_t, char*) {
  return Status::indexOutOfRange;
}
inline int64_t noTiles(const Call&) {
  return 0;
}

inline const Kernel kFill{tiles, scratch, fill};
inline const Kernel kBinary{tiles, scratch, binary};
inline const Kernel kUnary{tiles, scratch, unary};
inline const Kernel kGather{tiles, scratch, gather};
inline const Kernel kNothing{noTiles, scratch, fill};

inline KernelTable makeTable() {
  KernelTable table{"toy",
                    {},
                    {[](Op, DType) { return false; },
                     [](int64_t batch, int64_t k, int64_t n, Precision) { return 4 * batch * k * n; },
                     [](int64_t k) { return 64 + k; }}};
  for (auto& kernel : table.kernel) kernel = &kNothing;
  const auto set = [&](Op op, const Kernel& kernel) { table.kernel[static_cast<int32_t>(op)] = &kernel; };
  set(Op::fill, kFill);
  set(Op::binary, kBinary);
  set(Op::unary, kUnary);
  set(Op::gather, kGather);
  return table;
}

inline const KernelTable kTable = makeTable();

}  // namespace toy

inline std::shared_ptr<const Program> make(const Encoder& encoder, Device& device,
                                           std::vector<std::shared_ptr<Memory>> constants = {}) {
  const std::vector<double> code = encoder.code();
  return Program::create(code.data(), code.size(), std::move(constants), device);
}

inline std::shared_ptr<Memory> floats(Device& device, const std::vector<float>& values) {
  const auto bytes = static_cast<int64_t>(values.size() * sizeof(float));
  auto memory = device.allocate(bytes);
  device.upload(*memory, 0, values.data(), bytes);
  return memory;
}

inline std::vector<float> valuesOf(const Memory& memory) {
  std::vector<float> values(static_cast<size_t>(memory.bytes()) / sizeof(float));
  memory.device().download(values.data(), memory, 0, memory.bytes());
  return values;
}

}  // namespace saccade::testing
