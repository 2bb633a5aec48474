// Several devices in one process: each with its own memory, formats, kernels and executor.
#include "../../native/runtime/device.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstring>
#include <future>
#include <string>
#include <vector>

#include "../../native/runtime/devices.h"
#include "../../native/runtime/executor.h"
#include "emulated_device.h"
#include "encode.h"
#include "submit.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

std::unique_ptr<Device> openCpu() {
  return std::make_unique<CpuDevice>(toy::kTable);
}
std::unique_ptr<Device> openEmulated() {
  return std::make_unique<EmulatedDevice>();
}

std::shared_ptr<Executable> prepare(Device& device, const Encoder& encoder,
                                    std::vector<std::shared_ptr<Memory>> constants = {}) {
  return device.prepare(make(encoder, device, std::move(constants)));
}

// out = (in + constant) + (in + constant), by way of the arena.
Encoder sums() {
  Encoder encoder;
  encoder.inputs = 1;
  encoder.arenaBytes = 64;
  const int in = encoder.buffer(BufferKind::input, 0, 16);
  const int constant = encoder.buffer(BufferKind::constant, 0, 16);
  const int between = encoder.buffer(BufferKind::arena, 0, 16);
  const int out = encoder.buffer(BufferKind::output, 0, 16);
  encoder.outputs = {static_cast<double>(out)};
  const auto view = [](int buffer) { return Encoder::view(buffer, {4}); };
  encoder.add(Op::binary, {view(between), view(in), view(constant)}, {0});
  encoder.add(Op::binary, {view(out), view(between), view(between)}, {0});
  return encoder;
}

// `unary`, `times` times over, in the arena: on the CPU it waits for a second each.
Encoder waiting(int times = 1) {
  Encoder encoder;
  encoder.arenaBytes = 4 * 16;
  const auto view = Encoder::view(encoder.buffer(BufferKind::arena, 0, 4 * 16), {16});
  for (int i = 0; i < times; ++i) encoder.add(Op::unary, {view, view}, {0, 1000});
  return encoder;
}

struct Failure {
  std::string code;
  std::string message;
};

Failure failureOf(const Outcome& outcome) {
  REQUIRE(outcome.error);
  return {outcome.error->code(), outcome.error->what()};
}

template <class Step>
Failure failureOf(Step step) {
  try {
    step();
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {"ok", ""};
}

}  // namespace

TEST_CASE("each device computes the same program in its own memory") {
  const std::vector<std::unique_ptr<Device> (*)()> kinds{openCpu, openEmulated};
  for (const auto open : kinds) {
    Executor executor(open());
    Device& device = executor.device();
    INFO("device ", std::string(device.name()));
    const auto constant = floats(device, {10, 20, 30, 40});
    const auto executable = prepare(device, sums(), {constant});
    for (float round = 0; round < 3; ++round) {
      const Outcome outcome = submit(executor, executable, {floats(device, {round, 1, 2, 3})}).get();
      REQUIRE(!outcome.error);
      REQUIRE(outcome.outputs.size() == 1);
      CHECK(&outcome.outputs[0]->device() == &device);
      CHECK(valuesOf(*outcome.outputs[0]) == std::vector<float>{2 * (round + 10), 42, 64, 86});
    }
  }
}

TEST_CASE("devices run at the same time, and each in turn while another is busy") {
  Executor cpu(openCpu());
  auto owned = std::make_unique<EmulatedDevice>();
  EmulatedDevice& emulated = *owned;
  Executor other(std::move(owned));
  std::promise<void> released;
  std::promise<void> reached;
  emulated.onUnary = [&, gate = released.get_future().share()] {
    reached.set_value();
    gate.wait();
  };

  auto blocked = submit(other, prepare(emulated, waiting()));
  reached.get_future().wait();
  const auto onCpu = prepare(cpu.device(), sums(), {floats(cpu.device(), {1, 1, 1, 1})});
  const Outcome meanwhile = submit(cpu, onCpu, {floats(cpu.device(), {1, 2, 3, 4})}).get();
  REQUIRE(!meanwhile.error);
  CHECK(valuesOf(*meanwhile.outputs[0]) == std::vector<float>{4, 6, 8, 10});
  CHECK(blocked.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  released.set_value();
  CHECK(!blocked.get().error);

  const auto cancelled = std::make_shared<Cancelled>(false);
  auto slow = submit(cpu, prepare(cpu.device(), waiting(60)), {}, 1, cancelled);
  const auto onOther = prepare(emulated, sums(), {floats(emulated, {1, 1, 1, 1})});
  const Outcome quick = submit(other, onOther, {floats(emulated, {1, 2, 3, 4})}).get();
  REQUIRE(!quick.error);
  CHECK(valuesOf(*quick.outputs[0]) == std::vector<float>{4, 6, 8, 10});
  CHECK(slow.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  cpu.cancel(cancelled);
  CHECK(failureOf(slow.get()).code == "ABORTED");
}

TEST_CASE("memory of one device is no constant and no input of another's program, and both are named") {
  Executor cpu(openCpu());
  Executor other(openEmulated());
  const auto here = floats(cpu.device(), {1, 2, 3, 4});
  const auto there = floats(other.device(), {1, 2, 3, 4});

  const Failure constant = failureOf([&] { make(sums(), cpu.device(), {there}); });
  CHECK(constant.code == "DEVICE_MISMATCH");
  CHECK(constant.message == "constant 0 is on the device 'emulated', but the program is for 'cpu'");
  CHECK(failureOf([&] { make(sums(), other.device(), {here}); }).message ==
        "constant 0 is on the device 'cpu', but the program is for 'emulated'");

  const auto onCpu = prepare(cpu.device(), sums(), {here});
  const auto onOther = prepare(other.device(), sums(), {there});
  const Failure input = failureOf(submit(cpu, onCpu, {there}).get());
  CHECK(input.code == "DEVICE_MISMATCH");
  CHECK(input.message == "input 0 is on the device 'emulated', but the program is for 'cpu'");
  CHECK(failureOf(submit(other, onOther, {here}).get()).message ==
        "input 0 is on the device 'cpu', but the program is for 'emulated'");
  CHECK(!submit(cpu, onCpu, {here}).get().error);
  CHECK(!submit(other, onOther, {there}).get().error);
}

TEST_CASE("memory is written and read through its device, and freed by it") {
  EmulatedDevice device;
  auto memory = floats(device, {1, 2, 3, 4});
  const float changed[] = {7, 8};
  device.upload(*memory, 4, changed, sizeof changed);
  CHECK(valuesOf(*memory) == std::vector<float>{1, 7, 8, 4});
  float last = 0;
  device.download(&last, *memory, 12, sizeof last);
  CHECK(last == 4);

  const char text[] = "0123456789";
  auto copy = device.load(std::make_shared<const Mapping>(text, 0, "key"), 3, 4);
  char read[4];
  device.download(read, *copy, 0, 4);
  CHECK(std::string(read, 4) == "3456");
  CHECK(!copy->mapped());

  CHECK(device.blocks() == 2);
  memory = nullptr;
  copy = nullptr;
  CHECK(device.blocks() == 0);
}

TEST_CASE("operands are checked by one set of rules, with the formats of each device") {
  CpuDevice cpu(toy::kTable);
  EmulatedDevice emulated;
  const auto faultOfPack = [](Device& device, int64_t bytes) {
    Encoder encoder;
    encoder.inputs = 1;
    const int in = encoder.buffer(BufferKind::input, 0, 4 * 6);
    encoder.arenaBytes = 1024;
    const int out = encoder.buffer(BufferKind::arena, 0, 1024);
    encoder.add(Op::pack,
                {Encoder::view(out, {double(bytes)}, 0, DType::packed), Encoder::view(in, {1, 2, 3})}, {0});
    return failureOf([&] { make(encoder, device); }).message;
  };
  const std::string refused = "instruction 0 (pack): the output must be packed bytes";
  CHECK(faultOfPack(cpu, 24) == "");
  CHECK(faultOfPack(cpu, 280).find(refused) == 0);
  CHECK(faultOfPack(emulated, 280) == "");
  CHECK(faultOfPack(emulated, 24).find(refused) == 0);

  const auto faultOfQuantize = [](Device& device, double row) {
    Encoder encoder;
    encoder.inputs = 1;
    const int in = encoder.buffer(BufferKind::input, 0, 4 * 8);
    encoder.arenaBytes = 256;
    const int out = encoder.buffer(BufferKind::arena, 0, 256);
    encoder.add(Op::quantize,
                {Encoder::view(out, {1, 2, row}, 0, DType::uint8), Encoder::view(in, {1, 2, 4})});
    return failureOf([&] { make(encoder, device); }).code;
  };
  CHECK(faultOfQuantize(cpu, 68) == "ok");
  CHECK(faultOfQuantize(cpu, 8) == "INTERNAL");
  CHECK(faultOfQuantize(emulated, 8) == "ok");
  CHECK(faultOfQuantize(emulated, 68) == "INTERNAL");
}

TEST_CASE("16-bit activations are taken where a device computes in them, all of one type") {
  const auto cpu = openCpu();
  const auto emulated = openEmulated();  // bfloat16 for unary alone
  const auto program = [](Op op, DType out, DType in) {
    Encoder encoder;
    encoder.inputs = 1;
    const int from = encoder.buffer(BufferKind::input, 0, 64);
    const int to = encoder.buffer(BufferKind::output, 0, 64);
    encoder.outputs = {static_cast<double>(to)};
    const auto a = Encoder::view(to, {4}, 0, out), b = Encoder::view(from, {4}, 0, in);
    if (op == Op::unary) encoder.add(op, {a, b}, {0, 0});
    if (op == Op::binary) encoder.add(op, {a, b, b}, {0});
    if (op == Op::softmax) encoder.add(op, {a, b}, {0});
    return encoder;
  };
  const DType bf16 = DType::bfloat16, fp16 = DType::float16, fp32 = DType::float32;
  CHECK_NOTHROW(make(program(Op::unary, bf16, bf16), *emulated));
  CHECK_THROWS_WITH_AS(make(program(Op::unary, bf16, bf16), *cpu),
                       "instruction 0 (unary): views must have one float dtype that the device computes in",
                       Error);
  CHECK_THROWS_AS(make(program(Op::unary, fp16, fp16), *emulated), Error);
  CHECK_THROWS_AS(make(program(Op::unary, bf16, fp32), *emulated), Error);
  CHECK_THROWS_AS(make(program(Op::binary, bf16, bf16), *emulated), Error);
  CHECK_THROWS_AS(make(program(Op::softmax, bf16, bf16), *emulated), Error);
  for (Device* device : {cpu.get(), emulated.get()})
    for (const Op op : {Op::unary, Op::binary, Op::softmax})
      CHECK_NOTHROW(make(program(op, fp32, fp32), *device));
}

TEST_CASE("a device that has no kernel for an instruction names it when the program is prepared") {
  EmulatedDevice device;
  Encoder encoder;
  encoder.arenaBytes = 64;
  const auto view = Encoder::view(encoder.buffer(BufferKind::arena, 0, 64), {16});
  encoder.add(Op::fill, {view}, {1});
  encoder.add(Op::softmax, {view, view}, {0});
  const auto program = make(encoder, device);
  const Failure failure = failureOf([&] { device.prepare(program); });
  CHECK(failure.code == "INTERNAL");
  CHECK(failure.message == "instruction 1 (softmax): the device 'emulated' has no kernel for it");
}

TEST_CASE("a device that only leaves a mark reports an index at the end of the run, the next run works") {
  Executor executor(openEmulated());
  Device& device = executor.device();
  Encoder encoder;
  encoder.inputs = 2;
  const int table = encoder.buffer(BufferKind::input, 0, 12);
  const int index = encoder.buffer(BufferKind::input, 1, 8);
  const int out = encoder.buffer(BufferKind::output, 0, 8);
  const int after = encoder.buffer(BufferKind::output, 1, 8);
  encoder.outputs = {static_cast<double>(out), static_cast<double>(after)};
  encoder.add(Op::gather, {Encoder::view(out, {1, 2, 1}), Encoder::view(table, {1, 3, 1}),
                           Encoder::view(index, {2}, 0, DType::int32)});
  encoder.add(Op::fill, {Encoder::view(after, {2})}, {5});
  const auto executable = prepare(device, encoder);
  const auto values = floats(device, {1, 2, 3});
  const auto indices = [&](std::vector<int32_t> numbers) {
    auto memory = device.allocate(8);
    device.upload(*memory, 0, numbers.data(), 8);
    return memory;
  };
  const Failure failure = failureOf(submit(executor, executable, {values, indices({0, 3})}).get());
  CHECK(failure.code == "INDEX_OUT_OF_RANGE");
  CHECK(failure.message.find("instruction 0 (gather)") == 0);
  const Outcome outcome = submit(executor, executable, {values, indices({2, 1})}).get();
  REQUIRE(!outcome.error);
  CHECK(valuesOf(*outcome.outputs[0]) == std::vector<float>{3, 2});
  CHECK(valuesOf(*outcome.outputs[1]) == std::vector<float>{5, 5});
}

TEST_CASE("a cancelled run stops before the next instruction of a device that looks no sooner") {
  auto owned = std::make_unique<EmulatedDevice>();
  EmulatedDevice& device = *owned;
  Executor executor(std::move(owned));
  const auto cancelled = std::make_shared<Cancelled>(false);
  int instructions = 0;
  device.onUnary = [&] {
    if (++instructions == 3) executor.cancel(cancelled);
  };
  CHECK(failureOf(submit(executor, prepare(device, waiting(10)), {}, 1, cancelled).get()).code == "ABORTED");
  CHECK(instructions == 3);
}

TEST_CASE("executables of one device share its working memory") {
  Executor executor(openCpu());
  Device& device = executor.device();
  const auto small = prepare(device, sums(), {floats(device, {1, 1, 1, 1})});
  Encoder encoder = sums();
  encoder.arenaBytes = 1 << 16;
  const auto large = prepare(device, encoder, {floats(device, {2, 2, 2, 2})});
  for (int round = 0; round < 3; ++round) {
    const auto in = floats(device, {0, 1, 2, 3});
    const Outcome first = submit(executor, small, {in}).get();
    const Outcome second = submit(executor, large, {in}).get();
    CHECK(valuesOf(*first.outputs[0]) == std::vector<float>{2, 4, 6, 8});
    CHECK(valuesOf(*second.outputs[0]) == std::vector<float>{4, 6, 8, 10});
  }
}

TEST_CASE("devices are found by name, opened once, and missed with a reason") {
  static int opened = 0;
  opened = 0;
  const auto available = [] { return std::string(); };
  Devices devices({
      {"cpu", available,
       []() -> std::unique_ptr<Device> {
         ++opened;
         return openCpu();
       }},
      {"emulated", available, openEmulated},
      {"gpu", [] { return std::string("there is no driver"); }, nullptr},
  });
  CHECK(devices.kinds().size() == 3);
  CHECK(opened == 0);
  Executor& cpu = devices.executor("cpu");
  CHECK(&devices.executor("cpu") == &cpu);
  CHECK(opened == 1);
  CHECK(std::string(devices.executor("emulated").device().name()) == "emulated");
  const Failure missing = failureOf([&] { devices.executor("gpu"); });
  CHECK(missing.code == "DEVICE_UNAVAILABLE");
  CHECK(missing.message == "device 'gpu' cannot be used: there is no driver");
  const Failure unknown = failureOf([&] { devices.executor("tpu"); });
  CHECK(unknown.code == "OPTION_INVALID");
  CHECK(unknown.message == "unknown device 'tpu'; there are cpu, emulated, gpu");
}

TEST_CASE("a flag stops its run on whatever device it is") {
  const auto available = [] { return std::string(); };
  Devices devices({{"cpu", available, openCpu}, {"emulated", available, openEmulated}});
  Executor& cpu = devices.executor("cpu");
  Executor& other = devices.executor("emulated");
  const auto cancelled = std::make_shared<Cancelled>(false);
  auto running = submit(cpu, prepare(cpu.device(), waiting(60)), {}, 1, cancelled);
  devices.cancel(cancelled);
  CHECK(failureOf(running.get()).code == "ABORTED");
  CHECK(failureOf(submit(other, prepare(other.device(), waiting()), {}, 1, cancelled).get()).code ==
        "ABORTED");
}
