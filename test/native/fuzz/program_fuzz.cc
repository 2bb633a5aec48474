// Fuzzes the runtime's entry: encoded programs (program.md) are checked, prepared and run, on each
// instruction set of this machine. Whatever the numbers are, the program is refused with an error, or runs
// without a memory error and stops soon after it is cancelled.
//
// Input: the number of constants, the bytes of each, the code; all as float64.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "../../../native/cpu/device/cpu_device.h"
#include "../../../native/cpu/device/isa.h"
#include "../../../native/runtime/error.h"
#include "../submit.h"
#include "mutate.h"
#include "target.h"

namespace {

using namespace saccade;
using saccade::testing::submit;

constexpr size_t kMaxConstants = 16;
// Programs that need more memory are checked, but not run.
constexpr int64_t kMaxBytes = 8 << 20;
constexpr std::chrono::milliseconds kRunTime{500};
// A cancelled run that has not ended by then is a fault. Sanitizers and busy machines are slow.
constexpr std::chrono::seconds kStopTime{20};

uint64_t acceptedInputs = 0;

// Cancels a run that takes long, and ends the process if the run does not stop.
class Watchdog {
 public:
  Watchdog() {
    std::thread([this] { watch(); }).detach();
  }

  // Cancels what runs in `kRunTime` from now.
  void start(Cancelled* flag) {
    deadline_.store((now() + kRunTime).count());
    flag_.store(flag);
  }
  void stop() { flag_.store(nullptr); }

 private:
  static std::chrono::milliseconds now() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now().time_since_epoch());
  }

  void watch() {
    while (true) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      Cancelled* const flag = flag_.load();
      if (flag == nullptr) continue;
      const auto late = now() - std::chrono::milliseconds(deadline_.load());
      if (late.count() > 0) flag->store(true);
      if (late > kStopTime) {
        fprintf(stderr, "a cancelled run does not end\n");
        abort();
      }
    }
  }

  std::atomic<Cancelled*> flag_{nullptr};
  std::atomic<int64_t> deadline_{0};
};

Watchdog& watchdog() {
  static Watchdog* const instance = new Watchdog;
  return *instance;
}

// One for each instruction set.
std::vector<std::unique_ptr<Executor>>& executors() {
  static auto* const all = [] {
    auto* list = new std::vector<std::unique_ptr<Executor>>;
    for (const KernelTable* table : usableTables()) {
      list->push_back(std::make_unique<Executor>(std::make_unique<CpuDevice>(*table)));
    }
    return list;
  }();
  return *all;
}

// Memory with content that is the same in each run, and has numbers of all kinds.
std::shared_ptr<Memory> filled(Device& device, int64_t bytes) {
  auto memory = device.allocate(bytes);
  uint32_t state = static_cast<uint32_t>(bytes) * 2654435761u + 1;
  for (int64_t i = 0; i < bytes; ++i) {
    state = state * 1664525u + 1013904223u;
    // Every other block of 16 bytes is small integers.
    memory->data()[i] =
        i / 16 % 2 == 0 ? static_cast<char>(state >> 24) : (i % 4 == 0 ? static_cast<char>(state >> 30) : 0);
  }
  return memory;
}

// Returns whether the program was run: it may need too much memory.
bool runOn(Executor& executor, const std::vector<int64_t>& constantBytes, const double* code, size_t length) {
  Device& device = executor.device();
  std::vector<std::shared_ptr<Memory>> constants;
  for (const int64_t bytes : constantBytes) constants.push_back(filled(device, bytes));
  const auto program = Program::create(code, length, std::move(constants), device);
  const auto executable = device.prepare(program);
  if (program->inputs > 64) return false;
  int64_t total = program->arenaBytes;
  std::vector<int64_t> sizes(static_cast<size_t>(program->inputs), 0);
  for (const Buffer& buffer : program->buffers) {
    if (buffer.kind == BufferKind::arena || buffer.kind == BufferKind::constant) continue;
    if (buffer.bytes > kMaxBytes || (total += buffer.bytes) > kMaxBytes) return false;
    if (buffer.kind != BufferKind::output) sizes[static_cast<size_t>(buffer.at)] = buffer.bytes;
  }
  if (total > kMaxBytes) return false;
  std::vector<std::shared_ptr<Memory>> inputs;
  for (const int64_t bytes : sizes) inputs.push_back(filled(device, bytes));
  // The same for all runs: the watchdog may set it when a run has just ended.
  static const auto cancelled = std::make_shared<Cancelled>(false);
  cancelled->store(false);
  watchdog().start(cancelled.get());
  submit(executor, executable, std::move(inputs), 2, cancelled).wait();
  watchdog().stop();
  return true;
}

}  // namespace

uint64_t saccade::fuzz::accepted() {
  return acceptedInputs;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::Numbers numbers = fuzz::numbersOf(data, size);
  if (numbers.empty() || !(numbers[0] >= 0 && numbers[0] <= static_cast<double>(kMaxConstants))) return 0;
  const auto count = static_cast<size_t>(numbers[0]);
  if (numbers.size() < 1 + count) return 0;
  std::vector<int64_t> constants;
  for (size_t i = 1; i <= count; ++i) {
    if (!(numbers[i] >= 0 && numbers[i] <= static_cast<double>(kMaxBytes))) return 0;
    constants.push_back(static_cast<int64_t>(numbers[i]));
  }
  bool accepted = false;
  for (const auto& executor : executors()) {
    try {
      accepted |= runOn(*executor, constants, numbers.data() + 1 + count, numbers.size() - 1 - count);
    } catch (const Error&) {
      // Refused: what a caller is told.
    }
  }
  acceptedInputs += accepted;
  return 0;
}

// libFuzzer's own mutations are of bytes.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t maxSize, unsigned int seed);
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t maxSize, unsigned int seed) {
  std::mt19937_64 random(seed);
  const fuzz::Numbers numbers = fuzz::numbersOf(data, size);
  const fuzz::Numbers mutated = fuzz::mutate(numbers, numbers, random);
  const size_t bytes = std::min(mutated.size() * sizeof(double), maxSize / sizeof(double) * sizeof(double));
  std::copy_n(reinterpret_cast<const uint8_t*>(mutated.data()), bytes, data);
  return bytes;
}
