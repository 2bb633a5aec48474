// Runs: results, order, errors, aborts and the end of an executor.
#include "../../native/runtime/executor.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <future>
#include <string>
#include <vector>

#include "encode.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

using Clock = std::chrono::steady_clock;

std::unique_ptr<Executor> start() {
  return std::make_unique<Executor>(std::make_unique<CpuDevice>(toy::kTable));
}

std::shared_ptr<Cancelled> flag() {
  return std::make_shared<Cancelled>(false);
}

std::future<Outcome> submit(Executor& executor, std::shared_ptr<const Program> program,
                            std::vector<std::shared_ptr<Memory>> inputs, int32_t threads = 2,
                            std::shared_ptr<Cancelled> cancelled = flag()) {
  auto promise = std::make_shared<std::promise<Outcome>>();
  auto future = promise->get_future();
  executor.submit({std::move(program), std::move(inputs), threads, std::move(cancelled),
                   [promise](Outcome outcome) { promise->set_value(std::move(outcome)); }});
  return future;
}

// out = in + in, by way of the arena, `times` times over.
std::shared_ptr<const Program> doubling(double n) {
  Encoder encoder;
  encoder.inputs = 1;
  encoder.arenaBytes = 4096 * 64;
  const int in = encoder.buffer(BufferKind::input, 0, 4 * n);
  const int between = encoder.buffer(BufferKind::arena, 0, 4 * n);
  const int out = encoder.buffer(BufferKind::output, 0, 4 * n);
  encoder.outputs = {static_cast<double>(out)};
  encoder.add(Op::binary, {Encoder::view(between, {n}), Encoder::view(in, {n}), Encoder::view(in, {n})});
  encoder.add(Op::fill, {Encoder::view(out, {n})}, {0});
  encoder.add(Op::binary, {Encoder::view(out, {n}), Encoder::view(out, {n}), Encoder::view(between, {n})});
  return make(encoder);
}

// One instruction on the input alone.
std::shared_ptr<const Program> single(Op op, BufferKind kind, double n, std::vector<double> attributes) {
  Encoder encoder;
  encoder.inputs = 1;
  encoder.arenaBytes = 64 * std::ceil(n / 16);
  const int in = encoder.buffer(kind, 0, 4 * n);
  const int out = kind == BufferKind::inout ? in : encoder.buffer(BufferKind::arena, 0, 4 * n);
  if (kind == BufferKind::inout) encoder.outputs = {static_cast<double>(in)};
  encoder.add(op, {Encoder::view(out, {n}), Encoder::view(in, {n})}, attributes);
  return make(encoder);
}

// 1000 tiles of a millisecond.
std::shared_ptr<const Program> slow() {
  return single(Op::reduce, BufferKind::input, 16 * 1000, {1});
}

double elapsed(Clock::time_point since) {
  return std::chrono::duration<double, std::milli>(Clock::now() - since).count();
}

}  // namespace

TEST_CASE("a program gives the same result on any number of threads, again and again") {
  const auto executor = start();
  const auto program = doubling(1000);
  std::vector<float> values(1000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) * 0.3f;
  const auto in = floats(values);
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
  const auto memory = floats(std::vector<float>(40, 1));
  const auto program = single(Op::fill, BufferKind::inout, 40, {7});
  const Outcome outcome = submit(*executor, program, {memory}).get();
  CHECK(outcome.outputs.at(0) == memory);
  CHECK(valuesOf(*memory) == std::vector<float>(40, 7));
}

TEST_CASE("what a run is given is checked") {
  const auto executor = start();
  const auto code = [](const Outcome& outcome) {
    return std::string(outcome.error ? outcome.error->code() : "ok");
  };
  CHECK(code(submit(*executor, doubling(4), {}).get()) == "SHAPE_MISMATCH");
  const Outcome outcome = submit(*executor, doubling(4), {floats({1, 2, 3})}).get();
  CHECK(code(outcome) == "SHAPE_MISMATCH");
  CHECK(std::string(outcome.error->what()) == "input 0 has 12 bytes, expected 16");
  const auto source = floats({1, 2, 3, 4});
  const auto borrowed = Memory::borrow(source, source->data(), 16);
  CHECK(code(submit(*executor, single(Op::fill, BufferKind::inout, 4, {1}), {borrowed}).get()) ==
        "INPUT_INVALID");
  CHECK(code(submit(*executor, doubling(4), {borrowed}).get()) == "ok");
}

TEST_CASE("a kernel's complaint names its instruction") {
  const auto executor = start();
  const Outcome outcome =
      submit(*executor, single(Op::gather, BufferKind::input, 100, {}), {floats(std::vector<float>(100, 1))})
          .get();
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
  const Outcome outcome = submit(*executor, make(encoder), {}).get();
  REQUIRE(outcome.error);
  CHECK(std::string(outcome.error->code()) == "OUT_OF_MEMORY");
  encoder.arenaBytes = 0;
  CHECK(!submit(*executor, make(encoder), {}).get().error);
}

TEST_CASE("a running program stops soon when it is cancelled, and runs again") {
  const auto executor = start();
  const auto in = floats(std::vector<float>(16000, 1));
  for (const int32_t threads : {1, 3}) {
    const auto cancelled = flag();
    auto future = submit(*executor, slow(), {in}, threads, cancelled);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const auto since = Clock::now();
    executor->cancel(cancelled);
    const Outcome outcome = future.get();
    CHECK(elapsed(since) < 50);
    REQUIRE(outcome.error);
    CHECK(std::string(outcome.error->code()) == "ABORTED");
  }
  CHECK(!submit(*executor, doubling(4), {floats({1, 2, 3, 4})}).get().error);
}

TEST_CASE("a waiting program is dropped at once when it is cancelled, and others keep their turn") {
  const auto executor = start();
  const auto in = floats(std::vector<float>(16000, 1));
  const auto first = flag();
  const auto second = flag();
  auto running = submit(*executor, slow(), {in}, 1, first);
  auto waiting = submit(*executor, slow(), {in}, 1, second);
  auto third = submit(*executor, doubling(4), {floats({1, 2, 3, 4})});
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
  const Outcome outcome = submit(*executor, doubling(4), {floats({1, 2, 3, 4})}, 1, cancelled).get();
  CHECK(std::string(outcome.error->code()) == "ABORTED");
}

TEST_CASE("an executor that ends aborts what it holds") {
  auto executor = start();
  const auto in = floats(std::vector<float>(16000, 1));
  auto running = submit(*executor, slow(), {in});
  auto waiting = submit(*executor, slow(), {in});
  executor.reset();
  CHECK(std::string(running.get().error->code()) == "ABORTED");
  CHECK(std::string(waiting.get().error->code()) == "ABORTED");
}

TEST_CASE("many threads may submit and cancel at once") {
  const auto executor = start();
  const auto program = doubling(100);
  const auto in = floats(std::vector<float>(100, 1));
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
  CHECK(!submit(*executor, doubling(100), {floats(std::vector<float>(100, 1))}).get().error);
  CHECK(liveBytes(Account::arena) >= 4096 * 64);
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  CHECK(liveBytes(Account::arena) < 4096 * 64);
  CHECK(!submit(*executor, doubling(100), {floats(std::vector<float>(100, 1))}).get().error);
}
