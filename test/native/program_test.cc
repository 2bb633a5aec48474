// Programs: what is accepted, what is refused and with which words, and that no malformed program does harm.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>

#include "../../native/cpu/device/cpu_device.h"
#include "../../native/cpu/device/cpu_executable.h"
#include "../../native/cpu/device/isa.h"
#include "../../native/runtime/error.h"
#include "encode.h"
#include "submit.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

// out = (a + b) + constant, by way of the arena.
Encoder sum(double n) {
  Encoder encoder;
  encoder.inputs = 2;
  encoder.arenaBytes = 64 * std::ceil(n / 16);
  const int a = encoder.buffer(BufferKind::input, 0, 4 * n);
  const int b = encoder.buffer(BufferKind::input, 1, 4 * n);
  const int constant = encoder.buffer(BufferKind::constant, 0, 4 * n);
  const int between = encoder.buffer(BufferKind::arena, 0, 4 * n);
  const int out = encoder.buffer(BufferKind::output, 0, 4 * n);
  encoder.outputs = {static_cast<double>(out)};
  encoder.add(Op::binary, {Encoder::view(between, {n}), Encoder::view(a, {n}), Encoder::view(b, {n})}, {0});
  encoder.add(Op::binary,
              {Encoder::view(out, {n}), Encoder::view(between, {n}), Encoder::view(constant, {n})}, {0});
  return encoder;
}

CpuDevice toyDevice(toy::kTable);

std::shared_ptr<Memory> fourFloats() {
  return floats(toyDevice, {1, 2, 3, 4});
}

std::string refusal(const std::vector<double>& code, std::vector<std::shared_ptr<Memory>> constants,
                    Device& device = toyDevice) {
  try {
    Program::create(code.data(), code.size(), std::move(constants), device);
  } catch (const Error& error) {
    CHECK(std::string(error.code()) == "INTERNAL");
    return error.what();
  }
  return "accepted";
}

std::string refusal(const Encoder& encoder) {
  return refusal(encoder.code(), {fourFloats()});
}

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// One view of `dims` and `strides` into an input of `bytes`, copied to a view of other dims.
std::string refusalOfView(double bytes, double offset, std::vector<double> dims, std::vector<double> strides,
                          DType dtype = DType::float32) {
  Encoder encoder;
  encoder.inputs = 1;
  encoder.arenaBytes = 64;
  const int in = encoder.buffer(BufferKind::input, 0, bytes);
  const int out = encoder.buffer(BufferKind::arena, 0, 64);
  std::vector<double> view = Encoder::view(in, dims, offset, dtype);
  std::copy(strides.begin(), strides.end(), view.end() - static_cast<std::ptrdiff_t>(strides.size()));
  encoder.add(Op::copy, {Encoder::view(out, {2, 2, 2}), view});
  return refusal(encoder);
}

}  // namespace

TEST_CASE("a program is decoded") {
  const auto program = make(sum(4), toyDevice, {fourFloats()});
  CHECK(program->instructions.size() == 2);
  CHECK(program->arenaBytes == 64);
  CHECK(program->inputs == 2);
  CHECK(program->outputs == std::vector<int32_t>{4});
  CHECK(&program->device == &toyDevice);
  CHECK(program->instructions[1].call.view[3].rank == -1);
}

TEST_CASE("an instruction on nothing is left out") {
  Encoder encoder = sum(4);
  encoder.add(Op::binary, {Encoder::view(4, {0}), Encoder::view(0, {0}), Encoder::view(1, {0}, 4)}, {0});
  CHECK(make(encoder, toyDevice, {fourFloats()})->instructions.size() == 2);
}

TEST_CASE("views are held to their buffers") {
  // A view that is in order is refused for its dims, after its bounds.
  const std::string fine = "instruction 0 (copy): dims must be equal";
  CHECK(refusalOfView(16, 0, {4}, {1}) == fine);
  CHECK(refusalOfView(16, 0, {2, 2}, {1, 2}) == fine);
  CHECK(refusalOfView(16, 3, {1}, {100}) == fine);
  CHECK(refusalOfView(16, 3, {5}, {0}) == fine);
  CHECK(refusalOfView(16, 3, {}, {}) == fine);
  CHECK(refusalOfView(16, 0, {2}, {1}, DType::int64) == fine);
  CHECK(refusalOfView(16, 4, {0}, {1}) == "accepted");
  CHECK(refusalOfView(16, 0, {5}, {1}) ==
        "instruction 0 (copy), view 1: reaches element 4 of a buffer with 4");
  CHECK(mentions(refusalOfView(16, 4, {}, {}), "reaches element 4"));
  CHECK(mentions(refusalOfView(16, 5, {0}, {1}), "offset is 5, expected an integer from 0 to 4"));
  CHECK(mentions(refusalOfView(16, 1, {2, 2}, {1, 2}), "reaches element 4"));
  CHECK(mentions(refusalOfView(16, 0, {3}, {1}, DType::int64), "reaches element 2"));
  CHECK(mentions(refusalOfView(16, 0, {9007199254740992, 9007199254740992}, {0, 0}), "too many elements"));
  CHECK(mentions(refusalOfView(16, 0, {9007199254740992, 2}, {9007199254740992, 1}), "past any buffer"));
  CHECK(mentions(refusalOfView(16, 0, {1.5}, {1}), "dim is 1.5"));
  CHECK(mentions(refusalOfView(16, 0, {std::nan("")}, {1}), "dim is nan"));
  CHECK(mentions(refusalOfView(16, 0, {std::numeric_limits<double>::infinity()}, {1}), "dim is inf"));
  CHECK(mentions(refusalOfView(16, 0, {-1}, {1}), "dim is -1"));
  CHECK(mentions(refusalOfView(16, 0, {1}, {-1}), "stride is -1"));
  CHECK(mentions(refusalOfView(16, 0, {1, 1, 1, 1, 1, 1, 1, 1, 1}, {}), "rank is 9"));
}

TEST_CASE("operands must fit their op") {
  Encoder encoder = sum(4);
  SUBCASE("in their number") {
    encoder.add(Op::binary, {Encoder::view(4, {4}), Encoder::view(0, {4})}, {0});
    CHECK(refusal(encoder) == "instruction 2 (binary): takes 3 views, got 2");
  }
  SUBCASE("in the number of attributes") {
    encoder.add(Op::fill, {Encoder::view(4, {4})});
    CHECK(refusal(encoder) == "instruction 2 (fill): takes 1 attributes, got 0");
  }
  SUBCASE("in what they are") {
    encoder.add(Op::unary, {Encoder::view(4, {4}), Encoder::view(0, {2, 2})}, {0, 0});
    CHECK(refusal(encoder) == "instruction 2 (unary): dims must be equal");
  }
  SUBCASE("quantized rows in their alignment, as they begin with a scale") {
    const auto rows = [](double offset) { return Encoder::view(5, {1, 1, 68}, offset, DType::uint8); };
    const auto in = Encoder::view(0, {1, 1, 4});
    encoder.arenaBytes = 256;
    encoder.buffer(BufferKind::arena, 64, 128);
    encoder.add(Op::quantize, {rows(4), in});
    CHECK(refusal(encoder) == "accepted");
    encoder.add(Op::quantize, {rows(6), in});
    CHECK(refusal(encoder) == "instruction 3 (quantize), view 0: is not aligned to 4 bytes");
  }
  SUBCASE("packed matrices in their alignment, and in their size, which could overflow") {
    const auto view = Encoder::view(4, {1, 1, 4});
    const int arena = encoder.buffer(BufferKind::arena, 0, 64);
    encoder.add(Op::pack, {Encoder::view(arena, {16}, 16, DType::packed), view}, {0});
    CHECK(refusal(encoder) == "instruction 2 (pack), view 0: is not aligned to 64 bytes");
    encoder = sum(4);
    encoder.add(Op::pack, {Encoder::view(4, {15}, 0, DType::packed), view}, {0});
    CHECK(mentions(refusal(encoder), "instruction 2 (pack): the output must be packed bytes"));
    const double large = 2147483648;
    encoder = sum(4);
    encoder.arenaBytes = 4 * large;
    auto a = Encoder::view(0, {1, 1, large});
    a.back() = 0;
    const int out = encoder.buffer(BufferKind::arena, 0, 4 * large);
    encoder.add(Op::gemm,
                {Encoder::view(out, {1, 1, large}), a, Encoder::view(2, {16}, 0, DType::packed),
                 Encoder::absent(), Encoder::absent()},
                {large, large, 1, 0, 0, 1});
    CHECK(mentions(refusal(encoder), "instruction 2 (gemm): b must be packed bytes"));
  }
}

TEST_CASE("only memory of the run is written") {
  Encoder encoder = sum(4);
  SUBCASE("not an input") {
    encoder.add(Op::fill, {Encoder::view(0, {4})}, {1});
  }
  SUBCASE("not a constant") {
    encoder.add(Op::fill, {Encoder::view(2, {4})}, {1});
  }
  CHECK(refusal(encoder) == "instruction 2 (fill), view 0: is written, but its buffer is read only");
}

TEST_CASE("elements of an output do not overlap") {
  const auto refusalOfOutput = [](std::vector<double> dims, std::vector<double> strides) {
    Encoder encoder;
    encoder.arenaBytes = 1024;
    auto view = Encoder::view(encoder.buffer(BufferKind::arena, 0, 1024), std::move(dims));
    std::copy(strides.begin(), strides.end(), view.end() - static_cast<std::ptrdiff_t>(strides.size()));
    encoder.add(Op::fill, {view}, {0});
    return refusal(encoder);
  };
  const std::string fine = "accepted";
  CHECK(refusalOfOutput({2, 3, 4}, {12, 4, 1}) == fine);
  CHECK(refusalOfOutput({4, 2, 3}, {1, 12, 4}) == fine);
  CHECK(refusalOfOutput({2, 3, 4}, {20, 5, 1}) == fine);
  CHECK(refusalOfOutput({2, 1, 4}, {4, 0, 1}) == fine);
  CHECK(refusalOfOutput({4}, {0}) ==
        "instruction 0 (fill), view 0: is written, but elements along axis 0 with stride 0 overlap others");
  CHECK(mentions(refusalOfOutput({2, 4}, {3, 1}), "axis 0 with stride 3"));
  CHECK(mentions(refusalOfOutput({2, 2}, {1, 1}), "with stride 1"));
  CHECK(mentions(refusalOfOutput({2, 3, 4}, {11, 4, 1}), "axis 0 with stride 11"));
}

TEST_CASE("buffers and outputs must fit together") {
  Encoder encoder = sum(4);
  SUBCASE("an output that is an input") {
    encoder.outputs = {0};
    CHECK(mentions(refusal(encoder), "output 0 is buffer 0, expected the output buffer of its index"));
  }
  SUBCASE("an output buffer of another output") {
    encoder.buffer(BufferKind::output, 0, 16);
    CHECK(mentions(refusal(encoder), "buffer 5 is for output 0, but that output is another buffer"));
  }
  SUBCASE("an output that is in place") {
    encoder.outputs = {4, static_cast<double>(encoder.buffer(BufferKind::inout, 1, 16))};
    CHECK(refusal(encoder) == "accepted");
  }
  SUBCASE("an arena buffer past the arena") {
    encoder.buffer(BufferKind::arena, 64, 1);
    CHECK(mentions(refusal(encoder), "buffer 5: bytes is 1, expected an integer from 0 to 0"));
  }
  SUBCASE("an arena buffer in between") {
    encoder.buffer(BufferKind::arena, 32, 1);
    CHECK(mentions(refusal(encoder), "arena offset is 32, expected a multiple of 64"));
  }
  SUBCASE("a constant longer than its memory") {
    encoder.buffer(BufferKind::constant, 0, 17);
    CHECK(mentions(refusal(encoder), "bytes is 17, expected an integer from 0 to 16"));
  }
  SUBCASE("a constant that was not given") {
    encoder.buffer(BufferKind::constant, 1, 4);
    CHECK(mentions(refusal(encoder), "buffer 5: index is 1"));
  }
}

TEST_CASE("every shortened or lengthened program is refused") {
  const std::vector<double> code = sum(4).code();
  for (size_t length = 0; length < code.size(); ++length) {
    const std::vector<double> part(code.begin(), code.begin() + static_cast<std::ptrdiff_t>(length));
    CHECK(refusal(part, {fourFloats()}) != "accepted");
  }
  std::vector<double> longer = code;
  longer.push_back(0);
  CHECK(mentions(refusal(longer, {fourFloats()}), "continues after its last instruction"));
}

namespace {

constexpr int kInts = 6;

// One instruction of every op of the real kernels, small, in an order that gives each something to read.
Encoder everyOp(const KernelTable& table) {
  Encoder e;
  e.inputs = 3;
  const double packedGemm = static_cast<double>(table.formats.packedBytes(1, 6, 10, Precision::float32));
  const double packedConv = static_cast<double>(table.formats.packedBytes(2, 12, 4, Precision::int8));
  const double packedInt8 = static_cast<double>(table.formats.packedBytes(1, 12, 4, Precision::int8));
  const int x = e.buffer(BufferKind::input, 0, 4 * 960);
  const int bytes = e.buffer(BufferKind::input, 1, 960);
  const int ints = e.buffer(BufferKind::input, 2, 4 * kInts);
  const int cache = e.buffer(BufferKind::arena, 0, 4 * 960);
  const int truth = e.buffer(BufferKind::arena, 3840, 960);
  const int weights = e.buffer(BufferKind::arena, 3840 + 960, packedGemm);
  const double convAt = 3840 + 960 + std::ceil(packedGemm / 64) * 64;
  const int filters = e.buffer(BufferKind::arena, convAt, packedConv);
  e.arenaBytes = convAt + packedConv;
  const int out = e.buffer(BufferKind::output, 0, 4 * 960);
  e.outputs = {static_cast<double>(out)};
  const auto v = [](int buffer, std::vector<double> dims, double offset = 0, DType dtype = DType::float32) {
    return Encoder::view(buffer, std::move(dims), offset, dtype);
  };
  e.add(Op::copy, {v(cache, {960}), v(x, {960})});
  e.add(Op::fill, {v(out, {960})}, {0.5});
  e.add(Op::unary, {v(out, {10, 10}), v(x, {10, 10})}, {static_cast<double>(Unary::gelu), 0});
  e.add(Op::binary, {v(truth, {100}, 0, DType::bool_), v(x, {100}), v(out, {100})},
        {static_cast<double>(Binary::less)});
  e.add(Op::where, {v(out, {100}), v(truth, {100}, 0, DType::bool_), v(x, {100}), v(cache, {100})});
  e.add(Op::reduce, {v(out, {10}), v(x, {10, 4, 5})}, {static_cast<double>(Reduce::mean), 2});
  e.add(Op::softmax, {v(out, {10, 10}), v(x, {10, 10})}, {0});
  e.add(Op::norm, {v(out, {2, 3, 2, 5}), v(x, {2, 3, 2, 5}), v(cache, {2, 5}), v(cache, {2, 5}, 10)},
        {0, 1e-5});
  e.add(Op::pack, {v(weights, {packedGemm}, 0, DType::packed), v(x, {1, 6, 10})},
        {static_cast<double>(Precision::float32)});
  e.add(Op::gemm,
        {v(out, {1, 5, 10}), v(x, {1, 5, 6}), v(weights, {packedGemm}, 0, DType::packed), v(cache, {10}),
         v(cache, {1, 5, 10}, 100)},
        {6, 10, 1, static_cast<double>(Unary::relu), static_cast<double>(Precision::float32), 1});
  e.add(Op::pack, {v(filters, {packedInt8}, 0, DType::packed), v(x, {1, 12, 4})},
        {static_cast<double>(Precision::int8)});
  e.add(Op::quantize, {v(truth, {1, 5, 128}, 0, DType::uint8), v(x, {1, 5, 12})});
  e.add(Op::gemm,
        {v(out, {1, 5, 4}), v(truth, {1, 5, 128}, 0, DType::uint8),
         v(filters, {packedInt8}, 0, DType::packed), Encoder::absent(), Encoder::absent()},
        {12, 4, 1, static_cast<double>(Unary::identity), static_cast<double>(Precision::int8), 1});
  e.add(Op::attention,
        {v(out, {1, 2, 4, 8}), v(x, {1, 2, 4, 8}), v(cache, {1, 2, 5, 8}), v(cache, {1, 2, 5, 8}, 100),
         Encoder::absent(), v(ints, {1}, 1, DType::int32)},
        {0.3, 1, 0});
  e.add(Op::attentionWeights,
        {v(out, {1, 2, 3, 5}), v(x, {1, 2, 3, 8}), v(cache, {1, 2, 5, 8}), Encoder::absent(),
         Encoder::absent()},
        {0.3, 0, 2, 1, 4});
  e.add(Op::pack, {v(filters, {packedConv}, 0, DType::packed), v(x, {2, 12, 4})},
        {static_cast<double>(Precision::int8)});
  e.add(Op::convolution,
        {v(out, {1, 5, 5, 8}), v(x, {1, 6, 6, 6}), v(filters, {packedConv}, 0, DType::packed), v(cache, {8}),
         Encoder::absent()},
        {2, 2, 1, 1, 0, 0, 1, 1, 2, static_cast<double>(Unary::identity),
         static_cast<double>(Precision::int8)});
  e.add(Op::depthwise, {v(out, {1, 6, 6, 4}), v(x, {1, 6, 6, 4}), v(cache, {3, 3, 4}), v(cache, {4})},
        {3, 3, 1, 1, 1, 1, 1, 1, 0});
  e.add(Op::pool, {v(out, {1, 3, 3, 4}), v(x, {1, 6, 6, 4})}, {1, 2, 2, 2, 2, 0, 0, 1, 1, 0, 0, 0});
  e.add(Op::gather, {v(out, {2, kInts, 4}), v(x, {2, 10, 4}), v(ints, {kInts}, 0, DType::int32)});
  e.add(Op::update, {v(cache, {2, 10, 4}), v(x, {2, 3, 4}), v(ints, {1}, 2, DType::int32)});
  e.add(Op::resample, {v(truth, {3, 7, 3}, 0, DType::uint8), v(bytes, {3, 20, 3}, 0, DType::uint8)},
        {4, 24, 2, 14, 5});
  return e;
}

// Numbers that are likely to break something.
double strange(std::mt19937& random, double old) {
  static const double kValues[] = {-1,
                                   0,
                                   1,
                                   2,
                                   3,
                                   7,
                                   8,
                                   9,
                                   64,
                                   1000,
                                   65536,
                                   2147483647,
                                   2147483648.0,
                                   4294967296.0,
                                   9007199254740991.0,
                                   9007199254740992.0,
                                   1e300,
                                   -1e300,
                                   0.5};
  switch (random() % 8) {
    case 0:
      return old + 1;
    case 1:
      return old - 1;
    case 2:
      return old * 2;
    case 3:
      return random() % 4 == 0 ? std::nan("") : std::numeric_limits<double>::infinity();
    default:
      return kValues[random() % (sizeof(kValues) / sizeof(*kValues))];
  }
}

// Programs that would run for long, or use much memory, prove nothing more.
bool small(const Program& program) {
  if (program.arenaBytes > 1 << 22 || program.inputs > 100) return false;
  for (const Buffer& buffer : program.buffers) {
    if (buffer.bytes > 1 << 22) return false;
  }
  double work = 0;
  for (const Instruction& instruction : program.instructions) {
    double elements = 1;
    for (int32_t i = 0; i < instruction.call.views; ++i) {
      const View& view = instruction.call.view[i];
      double count = 1;
      for (int32_t axis = 0; axis < view.rank; ++axis) count *= static_cast<double>(view.dim[axis]);
      elements *= std::max(count, 1.0);
    }
    work += std::min(elements, 1e12);
    for (int32_t i = 0; i < instruction.call.attributes; ++i) {
      if (std::fabs(instruction.call.attribute[i]) > 1e4) return false;
    }
  }
  return work < 1e12;
}

// A mutated program may read what it writes, which is its own affair but a race.
#ifdef __SANITIZE_THREAD__
constexpr int32_t kThreads = 1;
#else
constexpr int32_t kThreads = 2;
#endif

// Floats, bytes and indices at once: noise, or whole numbers that are mostly in range.
void fillInput(Memory& memory, std::mt19937& random) {
  const bool noise = random() % 2 == 0;
  for (int64_t at = 0; at + 4 <= memory.bytes(); at += 4) {
    const uint32_t value = noise ? static_cast<uint32_t>(random()) : random() % 7;
    memcpy(memory.data() + at, &value, 4);
  }
}

void runOn(Executor& executor, const std::shared_ptr<Executable>& executable, std::mt19937& random) {
  const Program& program = executable->program();
  Device& device = executor.device();
  std::vector<std::shared_ptr<Memory>> inputs(static_cast<size_t>(program.inputs));
  for (auto& input : inputs) input = device.allocate(0);
  for (const Buffer& buffer : program.buffers) {
    if (buffer.kind != BufferKind::input && buffer.kind != BufferKind::inout) continue;
    auto& input = inputs[static_cast<size_t>(buffer.at)];
    // Two buffers of one index and different sizes cannot both be met; the executor refuses such a run.
    if (input->bytes() != 0 && input->bytes() != buffer.bytes) return;
    input = device.allocate(buffer.bytes);
    fillInput(*input, random);
  }
  const std::string code = codeOf(submit(executor, executable, inputs, kThreads).get());
  CHECK((code == "ok" || code == "INDEX_OUT_OF_RANGE"));
}

}  // namespace

// Run under AddressSanitizer (scripts/test-native.mjs --sanitize=address,undefined) this shows that no
// program the checks let through reads or writes past its memory.
TEST_CASE("mutated programs are refused or run, and never crash") {
  for (const KernelTable* table : usableTables()) {
    Executor executor(std::make_unique<CpuDevice>(*table));
    Device& device = executor.device();
    const std::vector<double> code = everyOp(*table).code();
    REQUIRE(refusal(code, {}, device) == "accepted");
    std::mt19937 random(20);
    int refused = 0;
    int ran = 0;
    for (int round = 0; round < 20000; ++round) {
      std::vector<double> mutated = code;
      for (uint32_t changes = 1 + random() % 3; changes > 0; --changes) {
        double& number = mutated[random() % mutated.size()];
        number = strange(random, number);
      }
      if (random() % 10 == 0) mutated.resize(random() % mutated.size());
      try {
        auto program = Program::create(mutated.data(), mutated.size(), {}, device);
        if (!small(*program)) continue;
        const auto executable = std::dynamic_pointer_cast<CpuExecutable>(device.prepare(std::move(program)));
        REQUIRE(executable != nullptr);
        if (executable->scratchBytes() > 1 << 26) continue;
        ++ran;
        runOn(executor, executable, random);
      } catch (const Error& error) {
        CHECK(std::string(error.code()) == "INTERNAL");
        ++refused;
      }
    }
    CHECK(refused > 1000);
    CHECK(ran > 1000);
  }
}
