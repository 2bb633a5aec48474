// The CUDA device, on the emulated driver: memory, runs, their errors and their end.
#include "../../native/cuda/host/cuda_device.h"

#include <chrono>

#include "../../native/cuda/emulation/driver.h"
#include "../../native/runtime/mapping.h"
#include "cuda_machine.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

std::unique_ptr<cuda::CudaDevice> deviceOf(int64_t memory) {
  return std::make_unique<cuda::CudaDevice>(emulation::createDriver(memory));
}

std::string failureOf(const std::function<void()>& step) {
  try {
    step();
    return "";
  } catch (const Error& error) {
    return std::string(error.code()) + ": " + error.what();
  }
}

// `count` additions of 1 to 16 numbers, each reading what the one before wrote, by way of the arena.
Encoder additions(int count) {
  Encoder encoder;
  encoder.inputs = 2;
  encoder.arenaBytes = 128;
  const int in = encoder.buffer(BufferKind::input, 0, 64), one = encoder.buffer(BufferKind::input, 1, 64);
  const int places[] = {encoder.buffer(BufferKind::arena, 0, 64), encoder.buffer(BufferKind::arena, 64, 64)};
  const int out = encoder.buffer(BufferKind::output, 0, 64);
  encoder.outputs = {double(out)};
  for (int i = 0; i < count; ++i) {
    const auto view = [](int buffer) { return Encoder::view(buffer, {16}); };
    encoder.add(
        Op::binary,
        {view(i == count - 1 ? out : places[i % 2]), view(i == 0 ? in : places[(i + 1) % 2]), view(one)},
        {0});
  }
  return encoder;
}

}  // namespace

TEST_CASE("memory larger than the staging buffers comes back as it was, from any offset") {
  const auto device = deviceOf(int64_t{1} << 28);
  std::vector<char> bytes((size_t{5} << 20) + 12345);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
  const auto size = static_cast<int64_t>(bytes.size());
  const auto memory = device->allocate(size);
  device->upload(*memory, 0, bytes.data(), size);
  std::vector<char> back(bytes.size() - 999);
  device->download(back.data(), *memory, 999, size - 999);
  CHECK(std::equal(back.begin(), back.end(), bytes.begin() + 999));
  const char text[] = "0123456789";
  const auto part = device->load(std::make_shared<const Mapping>(text, 0, "key"), 3, 4);
  char four[4];
  device->download(four, *part, 0, 4);
  CHECK(std::string(four, 4) == "3456");
  CHECK(!part->mapped());
}

TEST_CASE("an allocation that does not fit says what there is, and smaller ones still work") {
  const auto device = deviceOf(int64_t{16} << 20);
  auto kept = device->allocate(int64_t{6} << 20);
  const std::string failure = failureOf([&] { device->allocate(int64_t{12} << 20); });
  CHECK(
      failure.starts_with("OUT_OF_MEMORY: cannot allocate 12582912 bytes on the device 'cuda': it has "
                          "16777216 bytes, of which "));
  // What was given back is kept, and taken from there when there is no other memory.
  kept = nullptr;
  CHECK(failureOf([&] { device->allocate(int64_t{12} << 20); }) == "");
  CHECK(failureOf([&] { device->allocate(1000); }) == "");
}

TEST_CASE("a run whose arena does not fit ends with OUT_OF_MEMORY, and the next one works") {
  Executor executor(deviceOf(int64_t{8} << 20));
  Encoder large = additions(2);
  large.arenaBytes = int64_t{64} << 20;
  Device& device = executor.device();
  const auto inputs = [&] {
    return std::vector{floats(device, std::vector<float>(16, 1)), floats(device, std::vector<float>(16, 1))};
  };
  CHECK(codeOf(submit(executor, device.prepare(make(large, device)), inputs()).get()) == "OUT_OF_MEMORY");
  const Outcome outcome = submit(executor, device.prepare(make(additions(2), device)), inputs()).get();
  REQUIRE(!outcome.error);
  CHECK(valuesOf(*outcome.outputs[0])[15] == 3);
}

TEST_CASE("a program of many segments gives the same result by launches, as graphs, and with other memory") {
  Executor executor(deviceOf(int64_t{1} << 28));
  Device& device = executor.device();
  const auto executable = device.prepare(make(additions(300), device));
  const auto other = device.prepare(make(
      [] {
        Encoder encoder = additions(3);
        encoder.arenaBytes = 1 << 20;  // the arena moves
        return encoder;
      }(),
      device));
  std::vector<std::shared_ptr<Memory>> held;
  for (float round = 0; round < 5; ++round) {
    held.push_back(floats(device, std::vector<float>(16, round)));
    const auto one = floats(device, std::vector<float>(16, 1));
    const Outcome outcome = submit(executor, executable, {held.back(), one}).get();
    REQUIRE(!outcome.error);
    CHECK(valuesOf(*outcome.outputs[0]) == std::vector<float>(16, 300 + round));
    held.push_back(outcome.outputs[0]);
    if (round == 2) CHECK(!submit(executor, other, {held.front(), one}).get().error);
  }
}

TEST_CASE("a bad index ends the run with the first instruction that had one, and the next run works") {
  Executor executor(deviceOf(int64_t{1} << 28));
  Device& device = executor.device();
  Encoder encoder;
  encoder.inputs = 2;
  const int table = encoder.buffer(BufferKind::input, 0, 16), index = encoder.buffer(BufferKind::input, 1, 8);
  const int out = encoder.buffer(BufferKind::output, 0, 8), second = encoder.buffer(BufferKind::output, 1, 8);
  encoder.outputs = {double(out), double(second)};
  for (const int to : {out, second}) {
    encoder.add(Op::gather, {Encoder::view(to, {1, 2, 1}), Encoder::view(table, {1, 4, 1}),
                             Encoder::view(index, {2}, 0, DType::int32)});
  }
  const auto executable = device.prepare(make(encoder, device));
  const auto run = [&](std::vector<int32_t> indices) {
    auto memory = device.allocate(8);
    device.upload(*memory, 0, indices.data(), 8);
    return submit(executor, executable, {floats(device, {5, 6, 7, 8}), memory}).get();
  };
  for (int round = 0; round < 3; ++round) {
    const Outcome bad = run({1, 4});
    REQUIRE(bad.error);
    CHECK(std::string(bad.error->code()) == "INDEX_OUT_OF_RANGE");
    CHECK(std::string(bad.error->what()) == "instruction 0 (gather): an index is past the end of its axis");
    const Outcome good = run({1, 3});
    REQUIRE(!good.error);
    CHECK(valuesOf(*good.outputs[0]) == std::vector<float>{6, 8});
  }
}

TEST_CASE("a run that is cancelled ends with ABORTED, before it starts or on its way, and others go on") {
  Executor executor(deviceOf(int64_t{1} << 28));
  Device& device = executor.device();
  const auto executable = device.prepare(make(additions(6000), device));
  const auto inputs =
      std::vector{floats(device, std::vector<float>(16, 1)), floats(device, std::vector<float>(16, 1))};
  for (int round = 0; round < 3; ++round) {
    const auto cancelled = flag();
    auto running = submit(executor, executable, inputs, 1, cancelled);
    auto waiting = submit(executor, executable, inputs, 1, cancelled);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    executor.cancel(cancelled);
    CHECK(codeOf(running.get()) == "ABORTED");
    CHECK(codeOf(waiting.get()) == "ABORTED");
  }
  const Outcome outcome = submit(executor, executable, inputs).get();
  REQUIRE(!outcome.error);
  CHECK(valuesOf(*outcome.outputs[0])[0] == 6001);
}
