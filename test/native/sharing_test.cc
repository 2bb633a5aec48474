// Runs that are under way at the same time: who passes whom, what they share, and their memory.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "encode.h"
#include "submit.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

constexpr double kMiB = 1 << 20;
constexpr double kElements = 16;

std::unique_ptr<Executor> start(int64_t arenaLimit = int64_t{1} << 30) {
  return std::make_unique<Executor>(std::make_unique<CpuDevice>(toy::kTable, arenaLimit));
}

bool ended(const std::future<Outcome>& future) {
  return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

// Waits, and then reads its input: out = in + in; or writes it: in = value.
struct Waiting {
  double tiles = 0;  // of a millisecond each
  double arenaBytes = 4 * kElements;

  Encoder begin() const {
    Encoder encoder;
    encoder.arenaBytes = std::max(arenaBytes, 4 * tiles * toy::kTile);
    const int arena = encoder.buffer(BufferKind::arena, 0, encoder.arenaBytes);
    const auto view = Encoder::view(arena, {tiles * toy::kTile});
    encoder.add(Op::unary, {view, view}, {0, 1});
    return encoder;
  }
  std::shared_ptr<Executable> reader(Device& device) const {
    Encoder encoder = begin();
    encoder.inputs = 1;
    const int in = encoder.buffer(BufferKind::input, 0, 4 * kElements);
    const int out = encoder.buffer(BufferKind::output, 0, 4 * kElements);
    encoder.outputs = {static_cast<double>(out)};
    const auto view = Encoder::view(in, {kElements});
    encoder.add(Op::binary, {Encoder::view(out, {kElements}), view, view}, {0});
    return device.prepare(make(encoder, device));
  }
  std::shared_ptr<Executable> writer(Device& device, double value) const {
    Encoder encoder = begin();
    encoder.inputs = 1;
    const int in = encoder.buffer(BufferKind::inout, 0, 4 * kElements);
    encoder.outputs = {static_cast<double>(in)};
    encoder.add(Op::fill, {Encoder::view(in, {kElements})}, {value});
    return device.prepare(make(encoder, device));
  }
};

std::shared_ptr<Memory> ones(Device& device) {
  return floats(device, std::vector<float>(static_cast<size_t>(kElements), 1));
}

// SACCADE_MEMORY_LIMIT at so much above what is in use.
class MemoryLimit {
 public:
  explicit MemoryLimit(double bytes) {
    set(static_cast<double>(liveBytes(Account::buffers) + liveBytes(Account::arena)) + bytes);
  }
  ~MemoryLimit() { set(9e15); }

 private:
  static void set(double bytes) {
    setenv("SACCADE_MEMORY_LIMIT", std::to_string(bytes).c_str(), 1);
    readMemoryLimit();
    unsetenv("SACCADE_MEMORY_LIMIT");
  }
};

}  // namespace

TEST_CASE("a small run ends before a large one that started earlier, on any number of threads") {
  const auto executor = start();
  Device& device = executor->device();
  for (const int32_t threads : {1, 2, 4}) {
    const auto cancelled = flag();
    auto large = submit(*executor, Waiting{5000}.reader(device), {ones(device)}, threads, cancelled);
    auto second = submit(*executor, Waiting{5000}.reader(device), {ones(device)}, threads, cancelled);
    const auto small = Waiting{3}.reader(device);
    for (int i = 0; i < 10; ++i)
      CHECK(codeOf(submit(*executor, small, {ones(device)}, threads).get()) == "ok");
    CHECK(!ended(large));
    CHECK(!ended(second));
    executor->cancel(cancelled);
    CHECK(codeOf(large.get()) == "ABORTED");
    CHECK(codeOf(second.get()) == "ABORTED");
  }
}

TEST_CASE("a run waits for earlier ones that write what it reads, or read what it writes") {
  const auto executor = start();
  Device& device = executor->device();
  for (int round = 0; round < 5; ++round) {
    const auto memory = ones(device);
    auto slowReader = submit(*executor, Waiting{20}.reader(device), {memory}, 1);
    auto writer = submit(*executor, Waiting{}.writer(device, 5), {memory}, 1);
    auto reader = submit(*executor, Waiting{}.reader(device), {memory}, 1);
    auto slowWriter = submit(*executor, Waiting{20}.writer(device, 7), {memory}, 1);
    auto last = submit(*executor, Waiting{}.reader(device), {memory}, 1);
    CHECK(valuesOf(*slowReader.get().outputs.at(0))[0] == 2);
    CHECK(codeOf(writer.get()) == "ok");
    CHECK(valuesOf(*reader.get().outputs.at(0))[0] == 10);
    CHECK(codeOf(slowWriter.get()) == "ok");
    CHECK(valuesOf(*last.get().outputs.at(0))[0] == 14);
  }
}

TEST_CASE("a constant that a run writes counts as what other runs read") {
  const auto executor = start();
  Device& device = executor->device();
  const auto memory = ones(device);
  Encoder encoder;
  const int constant = encoder.buffer(BufferKind::constant, 0, 4 * kElements);
  const int out = encoder.buffer(BufferKind::output, 0, 4 * kElements);
  encoder.outputs = {static_cast<double>(out)};
  const auto view = Encoder::view(constant, {kElements});
  encoder.add(Op::binary, {Encoder::view(out, {kElements}), view, view}, {0});
  const auto reader = device.prepare(make(encoder, device, {memory}));
  auto writer = submit(*executor, Waiting{20}.writer(device, 3), {memory}, 1);
  CHECK(valuesOf(*submit(*executor, reader, {}, 1).get().outputs.at(0))[0] == 6);
  CHECK(codeOf(writer.get()) == "ok");
}

TEST_CASE("a run that waits for a cancelled one goes on") {
  const auto executor = start();
  Device& device = executor->device();
  const auto memory = ones(device);
  const auto cancelled = flag();
  auto slow = submit(*executor, Waiting{5000}.writer(device, 2), {memory}, 1, cancelled);
  auto waiting = submit(*executor, Waiting{}.writer(device, 3), {memory}, 1, cancelled);
  auto reader = submit(*executor, Waiting{}.reader(device), {memory}, 1);
  CHECK(!ended(reader));
  executor->cancel(cancelled);
  CHECK(codeOf(slow.get()) == "ABORTED");
  CHECK(codeOf(waiting.get()) == "ABORTED");
  CHECK(valuesOf(*reader.get().outputs.at(0))[0] == 2);
}

TEST_CASE("runs of one program follow each other") {
  const auto executor = start();
  Device& device = executor->device();
  const auto program = Waiting{20}.reader(device);
  const auto cancelled = flag();
  auto first = submit(*executor, program, {ones(device)}, 1024, cancelled);
  auto second = submit(*executor, program, {ones(device)}, 1024);
  second.wait();
  CHECK(ended(first));
}

TEST_CASE("arenas of runs under way have a limit, which small runs do not wait for") {
  const auto executor = start(int64_t{64} << 20);
  Device& device = executor->device();
  const int64_t before = liveBytes(Account::arena);
  const auto cancelled = flag();
  auto first = submit(*executor, Waiting{5000, 40 * kMiB}.reader(device), {ones(device)}, 1, cancelled);
  auto second = submit(*executor, Waiting{3, 40 * kMiB}.reader(device), {ones(device)}, 1);
  auto third = submit(*executor, Waiting{3, 10 * kMiB}.reader(device), {ones(device)}, 1);
  const auto small = Waiting{3}.reader(device);
  for (int i = 0; i < 5; ++i) CHECK(codeOf(submit(*executor, small, {ones(device)}, 1).get()) == "ok");
  CHECK(liveBytes(Account::arena) - before < int64_t{45} << 20);
  CHECK(!ended(first));
  CHECK(!ended(second));
  CHECK(!ended(third));
  executor->cancel(cancelled);
  CHECK(codeOf(first.get()) == "ABORTED");
  CHECK(codeOf(second.get()) == "ok");
  CHECK(codeOf(third.get()) == "ok");
  // One that is larger than the limit runs, too.
  CHECK(codeOf(submit(*executor, Waiting{3, 100 * kMiB}.reader(device), {ones(device)}, 1).get()) == "ok");
}

TEST_CASE("a run that has no memory beside another starts after it; one that never fits fails") {
  const auto executor = start();
  Device& device = executor->device();
  const auto large = Waiting{30, 40 * kMiB}.reader(device);
  const auto other = Waiting{3, 41 * kMiB}.reader(device);
  const auto third = Waiting{3, 42 * kMiB}.reader(device);
  const auto in = ones(device);
  const MemoryLimit limit(50 * kMiB);
  for (int round = 0; round < 3; ++round) {
    auto first = submit(*executor, large, {in}, 1);
    auto second = submit(*executor, other, {in}, 1);
    auto last = submit(*executor, third, {in}, 1);
    CHECK(codeOf(first.get()) == "ok");
    CHECK(codeOf(second.get()) == "ok");
    CHECK(codeOf(last.get()) == "ok");
  }
  const Outcome outcome = submit(*executor, Waiting{3, 60 * kMiB}.reader(device), {in}, 1).get();
  CHECK(codeOf(outcome) == "OUT_OF_MEMORY");
  CHECK(std::string(outcome.error->what()).find("SACCADE_MEMORY_LIMIT") != std::string::npos);
  CHECK(codeOf(submit(*executor, large, {in}, 1).get()) == "ok");
}
