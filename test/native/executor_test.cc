// Runs: results, order, errors, aborts and the end of an executor.
#include "../../native/runtime/executor.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <future>
#include <string>
#include <vector>

#include "encode.h"
#include "submit.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

using Clock = std::chrono::steady_clock;

std::unique_ptr<Executor> start() {
  return std::make_unique<Executor>(std::make_unique<CpuDevice>(toy::kTable));
}

std::shared_ptr<Executable> prepare(Executor& executor, const Encoder& encoder) {
  return executor.device().prepare(make(encoder, executor.device()));
}

// out = in + in, by way of the arena.
std::shared_ptr<Executable> doubling(Executor& executor, double n) {
  Encoder encoder;
  encoder.inputs = 1;
  encoder.arenaBytes = 4096 * 64;
  const int in = encoder.buffer(BufferKind::input, 0, 4 * n);
  const int between = encoder.buffer(BufferKind::arena, 0, 4 * n);
  const int out = encoder.buffer(BufferKind::output, 0, 4 * n);
  encoder.outputs = {static_cast<double>(out)};
  encoder.add(Op::binary, {Encoder::view(between, {n}), Encoder::view(in, {n}), Encoder::view(in, {n})}, {0});
  encoder.add(Op::fill, {Encoder::view(out, {n})}, {0});
  encoder.add(Op::binary, {Encoder::view(out, {n}), Encoder::view(out, {n}), Encoder::view(between, {n})},
              {0});
  return prepare(executor, encoder);
}

// Fills the input, in place.
std::shared_ptr<Executable> filling(Executor& executor, double n, double value) {
  Encoder encoder;
  encoder.inputs = 1;
  const int in = encoder.buffer(BufferKind::inout, 0, 4 * n);
  encoder.outputs = {static_cast<double>(in)};
  encoder.add(Op::fill, {Encoder::view(in, {n})}, {value});
  return prepare(executor, encoder);
}

// 1000 tiles of a millisecond, without input.
std::shared_ptr<Executable> slow(Executor& executor) {
  Encoder encoder;
  encoder.arenaBytes = 4 * 16000;
  const int out = encoder.buffer(BufferKind::arena, 0, 4 * 16000);
  const auto view = Encoder::view(out, {16000});
  encoder.add(Op::unary, {view, view}, {0, 1});
  return prepare(executor, encoder);
}

double elapsed(Clock::time_point since) {
  return std::chrono::duration<double, std::milli>(Clock::now() - since).count();
}

}  // namespace

TEST_CASE("a program gives the same result on any number of threads, again and again") {
  const auto executor = start();
  const auto program = doubling(*executor, 1000);
  std::vector<float> values(1000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) * 0.3f;
  const auto in = floats(executor->device(), values);
  for (int round = 0; round < 200; ++round) {
    const Outcome outcome = submit(*executor, program, {in}, 1 + round % 4).get();
    REQUIRE(!outcome.error);
    REQUIRE(outcome.outputs.size() == 1);
    const std::vector<float> result = valuesOf(*outcome.outputs[0]);
    for (size_t i = 0; i < values.size(); ++i) REQUIRE(result[i] == values[i] + values[i]);
  }
}

TEST_CASE("an output that is in place is the same memory") {
  const auto executor = start();
  const auto memory = floats(executor->device(), std::vector<float>(40, 1));
  const auto program = filling(*executor, 40, 7);
  const Outcome outcome = submit(*executor, program, {memory}).get();
  CHECK(outcome.outputs.at(0) == memory);
  CHECK(valuesOf(*memory) == std::vector<float>(40, 7));
}

TEST_CASE("what a run is given is checked") {
  const auto executor = start();
  CHECK(codeOf(submit(*executor, doubling(*executor, 4), {}).get()) == "SHAPE_MISMATCH");
  const Outcome outcome =
      submit(*executor, doubling(*executor, 4), {floats(executor->device(), {1, 2, 3})}).get();
  CHECK(codeOf(outcome) == "SHAPE_MISMATCH");
  CHECK(std::string(outcome.error->what()) == "input 0 has 12 bytes, expected 16");
  const char text[16] = {};
  const auto file = std::make_shared<const Mapping>(text, 0, "key");
  const auto mapped = executor->device().load(file, 0, 16);
  const Outcome written = submit(*executor, filling(*executor, 4, 1), {mapped}).get();
  CHECK(codeOf(written) == "INPUT_INVALID");
  CHECK(std::string(written.error->what()).find("input 0 is written by the program") == 0);
  CHECK(codeOf(submit(*executor, doubling(*executor, 4), {mapped}).get()) == "ok");
}

TEST_CASE("an index out of range names its instruction") {
  const auto executor = start();
  Encoder encoder;
  encoder.inputs = 1;
  const int out = encoder.buffer(BufferKind::output, 0, 400);
  const int in = encoder.buffer(BufferKind::input, 0, 400);
  encoder.outputs = {static_cast<double>(out)};
  encoder.add(Op::gather, {Encoder::view(out, {1, 100, 1}), Encoder::view(in, {1, 100, 1}),
                           Encoder::view(in, {100}, 0, DType::int32)});
  const auto input = floats(executor->device(), std::vector<float>(100, 1));
  const Outcome outcome = submit(*executor, prepare(*executor, encoder), {input}).get();
  REQUIRE(outcome.error);
  CHECK(std::string(outcome.error->code()) == "INDEX_OUT_OF_RANGE");
  CHECK(std::string(outcome.error->what()).find("instruction 0 (gather)") == 0);
}

TEST_CASE("memory that cannot be had is an error, and the next run works") {
  const auto executor = start();
  Encoder encoder;
  encoder.arenaBytes = 64.0 * (int64_t{1} << 44);
  const int out = encoder.buffer(BufferKind::output, 0, 64);
  encoder.outputs = {static_cast<double>(out)};
  encoder.add(Op::fill, {Encoder::view(out, {16})}, {1});
  const Outcome outcome = submit(*executor, prepare(*executor, encoder), {}).get();
  REQUIRE(outcome.error);
  CHECK(std::string(outcome.error->code()) == "OUT_OF_MEMORY");
  encoder.arenaBytes = 0;
  CHECK(!submit(*executor, prepare(*executor, encoder), {}).get().error);
}

TEST_CASE("a running program stops soon when it is cancelled, and runs again") {
  const auto executor = start();
  for (const int32_t threads : {1, 3}) {
    const auto cancelled = flag();
    auto future = submit(*executor, slow(*executor), {}, threads, cancelled);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const auto since = Clock::now();
    executor->cancel(cancelled);
    const Outcome outcome = future.get();
    CHECK(elapsed(since) < 50);
    REQUIRE(outcome.error);
    CHECK(std::string(outcome.error->code()) == "ABORTED");
  }
  CHECK(!submit(*executor, doubling(*executor, 4), {floats(executor->device(), {1, 2, 3, 4})}).get().error);
}

TEST_CASE("a waiting program is dropped at once when it is cancelled, and others keep their turn") {
  const auto executor = start();
  const auto first = flag();
  const auto second = flag();
  auto running = submit(*executor, slow(*executor), {}, 1, first);
  auto waiting = submit(*executor, slow(*executor), {}, 1, second);
  auto third = submit(*executor, doubling(*executor, 4), {floats(executor->device(), {1, 2, 3, 4})});
  const auto since = Clock::now();
  executor->cancel(second);
  CHECK(std::string(waiting.get().error->code()) == "ABORTED");
  CHECK(elapsed(since) < 50);
  CHECK(running.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  executor->cancel(first);
  CHECK(std::string(running.get().error->code()) == "ABORTED");
  CHECK(!third.get().error);
}

TEST_CASE("a program cancelled before it starts does not start") {
  const auto executor = start();
  const auto cancelled = std::make_shared<Cancelled>(true);
  const Outcome outcome =
      submit(*executor, doubling(*executor, 4), {floats(executor->device(), {1, 2, 3, 4})}, 1, cancelled)
          .get();
  CHECK(std::string(outcome.error->code()) == "ABORTED");
}

TEST_CASE("an executor that ends aborts what it holds") {
  auto executor = start();
  auto running = submit(*executor, slow(*executor), {});
  auto waiting = submit(*executor, slow(*executor), {});
  executor.reset();
  CHECK(std::string(running.get().error->code()) == "ABORTED");
  CHECK(std::string(waiting.get().error->code()) == "ABORTED");
}

TEST_CASE("many threads may submit and cancel at once") {
  const auto executor = start();
  const auto program = doubling(*executor, 100);
  const auto in = floats(executor->device(), std::vector<float>(100, 1));
  std::vector<std::thread> threads;
  std::atomic<int> ended{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < 200; ++round) {
        const auto cancelled = flag();
        auto future = submit(*executor, program, {in}, 1 + t, cancelled);
        if (round % 3 == 0) executor->cancel(cancelled);
        const Outcome outcome = future.get();
        if (!outcome.error || std::string(outcome.error->code()) == "ABORTED") ++ended;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(ended == 800);
}

TEST_CASE("an idle executor gives its arena back") {
  const auto executor = start();
  CHECK(!submit(*executor, doubling(*executor, 100), {floats(executor->device(), std::vector<float>(100, 1))})
             .get()
             .error);
  CHECK(liveBytes(Account::arena) >= 4096 * 64);
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  CHECK(liveBytes(Account::arena) < 4096 * 64);
  CHECK(!submit(*executor, doubling(*executor, 100), {floats(executor->device(), std::vector<float>(100, 1))})
             .get()
             .error);
}
