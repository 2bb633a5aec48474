// Memory that an instruction or a run uses more than once.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "../../native/cpu/device/isa.h"
#include "../../native/runtime/check/sharing.h"
#include "../../native/runtime/error.h"
#include "encode.h"
#include "submit.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

using Code = std::vector<double>;

// A view of float32 with strides.
Code strided(int buffer, const Code& dims, const Code& strides, double offset = 0) {
  Code code{double(buffer), 0, offset, double(dims.size())};
  code.insert(code.end(), dims.begin(), dims.end());
  code.insert(code.end(), strides.begin(), strides.end());
  return code;
}

// The message for one instruction on an arena of 64 floats (buffer 0), an output of 64 floats (1), an inout
// input (2) and the same input read only (3).
std::string faultOf(Op op, const std::vector<Code>& views, const Code& attributes = {}) {
  CpuDevice device(toy::kTable);
  Encoder encoder;
  encoder.arenaBytes = 512;
  encoder.inputs = 1;
  encoder.buffer(BufferKind::arena, 0, 512);
  encoder.outputs = {double(encoder.buffer(BufferKind::output, 0, 256))};
  encoder.buffer(BufferKind::inout, 0, 256);
  encoder.buffer(BufferKind::input, 0, 256);
  encoder.buffer(BufferKind::arena, 64, 256);
  encoder.add(op, views, attributes);
  try {
    make(encoder, device);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

const std::string kShares = "shares memory with view 1, which it reads";

bool shares(Op op, const std::vector<Code>& views, const Code& attributes = {}) {
  return faultOf(op, views, attributes).find(kShares) != std::string::npos;
}

Code view(int buffer, const Code& dims, double offset = 0) {
  return Encoder::view(buffer, dims, offset);
}

}  // namespace

TEST_CASE("an output must not overlap what the instruction reads") {
  CHECK(shares(Op::copy, {view(0, {8}), view(0, {8})}));
  CHECK(shares(Op::copy, {view(0, {8}), view(0, {8}, 7)}));
  CHECK(faultOf(Op::copy, {view(0, {8}), view(0, {8}, 8)}) == "");
  CHECK(shares(Op::reduce, {view(1, {4}), view(1, {4, 2}, 0)}, {0, 1}));
  CHECK(faultOf(Op::reduce, {view(1, {4}), view(0, {4, 2})}, {0, 1}) == "");
  CHECK(shares(Op::copy, {strided(0, {4}, {2}), strided(0, {4}, {2}, 1)}));
}

TEST_CASE("buffers of the arena overlap where their bytes do") {
  CHECK(shares(Op::copy, {view(0, {17}), view(4, {17})}));
  CHECK(faultOf(Op::copy, {view(0, {16}), view(4, {16})}) == "");
}

TEST_CASE("one input may be two buffers") {
  CHECK(shares(Op::copy, {view(2, {8}), view(3, {8})}));
  CHECK(faultOf(Op::copy, {view(2, {8}), view(3, {8}, 8)}) == "");
}

TEST_CASE("element-wise ops work in place, on the same elements only") {
  CHECK(faultOf(Op::unary, {view(0, {8}), view(0, {8})}, {1, 0}) == "");
  CHECK(faultOf(Op::binary, {view(0, {2, 4}), view(0, {2, 4}), view(0, {2, 4})}, {0}) == "");
  CHECK(shares(Op::unary, {view(0, {8}), view(0, {8}, 1)}, {1, 0}));
  CHECK(shares(Op::unary, {view(0, {4, 4}), strided(0, {4, 4}, {1, 4})}, {1, 0}));
  CHECK(shares(Op::binary, {view(0, {4, 4}), strided(0, {4, 4}, {0, 1}), view(1, {4, 4})}, {0}));
}

TEST_CASE("in place gives the same bits, on each instruction set") {
  constexpr int64_t kRows = 37, kColumns = 83;
  for (const KernelTable* table : usableTables()) {
    Executor executor(std::make_unique<CpuDevice>(*table));
    Device& device = executor.device();
    // The values at the elements of the view that was written, row by row.
    const auto run = [&](Op op, const Code& attributes, bool inPlace, const Code& strides) {
      const double bytes = 4 * kRows * kColumns * 2;
      Encoder encoder;
      encoder.inputs = 2;
      const int in = encoder.buffer(inPlace ? BufferKind::inout : BufferKind::input, 0, bytes);
      const int other = encoder.buffer(BufferKind::input, 1, bytes);
      const int out = inPlace ? in : encoder.buffer(BufferKind::output, 0, bytes);
      encoder.outputs = {double(out)};
      const Code dims{kRows, kColumns};
      std::vector<Code> views{strided(out, dims, strides), strided(in, dims, strides)};
      if (op == Op::binary) views.push_back(strided(other, dims, {1, kRows}));
      encoder.add(op, views, attributes);
      std::vector<float> values(2 * kRows * kColumns);
      for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 101) / 7 - 6;
      const auto executable = device.prepare(make(encoder, device));
      const Outcome outcome =
          submit(executor, executable, {floats(device, values), floats(device, values)}).get();
      REQUIRE(!outcome.error);
      const std::vector<float> all = valuesOf(*outcome.outputs[0]);
      std::vector<float> written;
      for (int64_t row = 0; row < kRows; ++row) {
        for (int64_t column = 0; column < kColumns; ++column)
          written.push_back(all[static_cast<size_t>(static_cast<double>(row) * strides[0] +
                                                    static_cast<double>(column) * strides[1])]);
      }
      return written;
    };
    for (const Code& strides : {Code{kColumns, 1}, Code{1, kRows}, Code{2 * kColumns, 2}}) {
      for (const Code& unary : {Code{0, 0}, Code{2, 0}, Code{11, 0.1}})
        CHECK(run(Op::unary, unary, true, strides) == run(Op::unary, unary, false, strides));
      CHECK(run(Op::binary, {2}, true, strides) == run(Op::binary, {2}, false, strides));
      CHECK(run(Op::softmax, {0}, true, strides) == run(Op::softmax, {0}, false, strides));
      CHECK(run(Op::softmax, {1}, true, strides) == run(Op::softmax, {1}, false, strides));
    }
  }
}

TEST_CASE("a run is not given memory twice if it writes it, nor memory that is not aligned") {
  CpuDevice device(toy::kTable);
  Encoder encoder;
  encoder.inputs = 2;
  const int written = encoder.buffer(BufferKind::inout, 0, 64);
  const int read = encoder.buffer(BufferKind::input, 1, 64);
  const int constant = encoder.buffer(BufferKind::constant, 0, 64);
  encoder.outputs = {double(written)};
  for (const int in : {read, constant}) encoder.add(Op::copy, {view(written, {16}), view(in, {16})});
  const auto a = device.allocate(64), b = device.allocate(64), weights = device.allocate(64);
  const auto program = make(encoder, device, {weights});
  const auto code = [&](const std::vector<std::shared_ptr<Memory>>& inputs) -> std::string {
    try {
      checkSharing(*program, inputs);
    } catch (const Error& error) {
      return error.code();
    }
    return "ok";
  };
  CHECK(code({a, b}) == "ok");
  CHECK(code({a, a}) == "INPUT_INVALID");
  CHECK(code({weights, b}) == "INPUT_INVALID");
  CHECK(code({a, weights}) == "ok");
  const std::string text(128, 'x');
  const auto file = std::make_shared<const Mapping>(text.data(), 128, "key");
  const auto odd = (reinterpret_cast<uintptr_t>(text.data()) + 1) % 2;
  CHECK(code({a, device.load(file, static_cast<int64_t>(odd), 64)}) == "INPUT_INVALID");
}
