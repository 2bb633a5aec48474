// Many runs at once, of different sizes and numbers of threads, from several threads, some of them aborted:
// every output has the bits it has when it is computed alone.
#include <doctest/doctest.h>

#include <atomic>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "encode.h"
#include "submit.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kRounds = 60;
#else
constexpr int kRounds = 300;
#endif

// out = in doubled `depth` times, by two places of the arena in turn.
std::shared_ptr<Executable> doublings(Device& device, double n, int depth) {
  Encoder encoder;
  encoder.inputs = 1;
  const int in = encoder.buffer(BufferKind::input, 0, 4 * n);
  const double half = 64 * (static_cast<int64_t>(4 * n) / 64 + 1);
  encoder.arenaBytes = 2 * half;
  const int places[] = {encoder.buffer(BufferKind::arena, 0, 4 * n),
                        encoder.buffer(BufferKind::arena, half, 4 * n)};
  const int out = encoder.buffer(BufferKind::output, 0, 4 * n);
  encoder.outputs = {static_cast<double>(out)};
  int from = in;
  for (int i = 0; i < depth; ++i) {
    const int to = i == depth - 1 ? out : places[i % 2];
    encoder.add(Op::binary, {Encoder::view(to, {n}), Encoder::view(from, {n}), Encoder::view(from, {n})},
                {0});
    from = to;
  }
  return device.prepare(make(encoder, device));
}

struct Model {
  std::shared_ptr<Executable> executable;
  std::shared_ptr<Memory> input;
  std::vector<float> expected;
};

Model makeModel(Executor& executor, int64_t n, int depth) {
  std::vector<float> values(static_cast<size_t>(n));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 97) + 0.25f;
  Model model{
      doublings(executor.device(), static_cast<double>(n), depth), floats(executor.device(), values), {}};
  const Outcome alone = submit(executor, model.executable, {model.input}, 1).get();
  REQUIRE(!alone.error);
  model.expected = valuesOf(*alone.outputs.at(0));
  CHECK(model.expected[0] == 0.25f * static_cast<float>(int64_t{1} << depth));
  return model;
}

bool sameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace

TEST_CASE("runs of all sizes at the same time, some aborted, give the same bits as alone") {
  // A limit that a few of the larger ones fill.
  Executor executor(std::make_unique<CpuDevice>(toy::kTable, int64_t{4} << 20));
  std::vector<Model> models;
  for (const int64_t n : {1, 40, 700, 5000, 40000, 200000}) models.push_back(makeModel(executor, n, 3));
  for (const int depth : {1, 20, 100}) models.push_back(makeModel(executor, 300, depth % 60));
  std::atomic<int> wrong{0};
  std::atomic<int> aborted{0};
  std::atomic<int> finished{0};
  std::vector<std::thread> callers;
  for (uint32_t caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      std::mt19937 random(caller);
      struct Pending {
        const Model* model;
        std::shared_ptr<Cancelled> cancelled;
        std::future<Outcome> outcome;
      };
      for (int round = 0; round < kRounds; ++round) {
        std::vector<Pending> pending;
        for (uint32_t i = 0; i < 1 + random() % 6; ++i) {
          const Model& model = models[random() % models.size()];
          const auto cancelled = flag();
          const auto threads = static_cast<int32_t>(1 + random() % 4);
          pending.push_back(
              {&model, cancelled, submit(executor, model.executable, {model.input}, threads, cancelled)});
        }
        for (auto& run : pending) {
          if (random() % 5 == 0) executor.cancel(run.cancelled);
        }
        for (auto& run : pending) {
          const Outcome outcome = run.outcome.get();
          if (outcome.error) {
            const bool expected = codeOf(outcome) == "ABORTED" && run.cancelled->load();
            ++(expected ? aborted : wrong);
          } else {
            ++(sameBits(valuesOf(*outcome.outputs.at(0)), run.model->expected) ? finished : wrong);
          }
        }
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(wrong == 0);
  CHECK(aborted > 0);
  CHECK(finished > kRounds);
}

TEST_CASE("memory of aborted runs is freed") {
  const int64_t before = liveBytes(Account::buffers);
  {
    Executor executor(std::make_unique<CpuDevice>(toy::kTable));
    const Model model = makeModel(executor, 200000, 5);
    std::vector<std::future<Outcome>> outcomes;
    for (int i = 0; i < 50; ++i) {
      const auto cancelled = flag();
      outcomes.push_back(
          submit(executor, model.executable, {floats(executor.device(), model.expected)}, 2, cancelled));
      if (i % 2 == 0) executor.cancel(cancelled);
    }
    for (auto& outcome : outcomes) outcome.wait();
  }
  CHECK(liveBytes(Account::buffers) == before);
}
