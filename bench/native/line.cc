#include "line.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include "clock.h"

namespace saccade::bench {
namespace {

constexpr double kRunSeconds = 10e-3;
constexpr double kLineSeconds = 1.5, kQuickLineSeconds = 0.25;
constexpr int64_t kMostRounds = 21, kFewestRounds = 5;
// Threads of other libraries keep looking for work after their last call (OpenBLAS: 2^26 cycles). They would
// take the cores of whoever comes next.
constexpr std::chrono::milliseconds kSettle{30};

double share(const std::vector<double>& values, double part) {
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  const auto last = static_cast<double>(sorted.size() - 1);
  return sorted[static_cast<size_t>(part * last + 0.5)];
}

// Half of the peak, as an estimate before anything has run.
double secondsOf(double work, double peakRate) {
  return work / (0.5 * peakRate);
}

// The line that runs now. Google Benchmark calls it once a round; its memory stays from one round to the
// next, and goes before the next line begins.
class Running {
 public:
  Workload& of(const Line& line, int64_t& round) {
    if (line_ != &line) {
      workload_.reset();
      workload_ = std::make_unique<Workload>(line.make());
      line_ = &line;
      round_ = 0;
    }
    round = round_++;
    return *workload_;
  }

 private:
  const Line* line_ = nullptr;
  std::unique_ptr<Workload> workload_;
  int64_t round_ = 0;
};

Running& running() {
  static Running instance;
  return instance;
}

// Seconds of a contender's run. With several threads it is the second of two: they may sleep when it is their
// turn, and the first wakes them. Each works on other memory.
double secondsOfRun(const Contender& contender, int32_t threads, int64_t round) {
  if (threads == 1) return timed(threads, [&] { contender.run(round); });
  contender.run(2 * round);
  return timed(threads, [&] { contender.run(2 * round + 1); });
}

// One round: every contender once, with the peak measured right before and after this library's turn: the
// larger counts, as whatever comes between makes a peak look smaller, never larger. Who begins changes from
// round to round: what one leaves in the cache is the other's start.
void runRound(benchmark::State& state, const Line& line, Machine& machine) {
  int64_t round = 0;
  Workload& workload = running().of(line, round);
  const auto count = static_cast<int64_t>(workload.contenders.size());
  std::vector<double> seconds(workload.contenders.size());
  double peak = 0;
  for (auto _ : state) {
    for (int64_t turn = 0; turn < count; ++turn) {
      const auto index = static_cast<size_t>((turn + round) % count);
      const Contender& contender = workload.contenders[index];
      if (index == 0) peak = machine.measure(line.peak, line.threads);
      seconds[index] = secondsOfRun(contender, line.threads, round) / static_cast<double>(workload.calls);
      if (index == 0) peak = std::max(peak, machine.measure(line.peak, line.threads));
      if (index != 0 && line.threads > 1) std::this_thread::sleep_for(kSettle);
    }
    state.SetIterationTime(seconds[0]);
  }
  state.SetLabel(line.cold);
  state.counters["rate"] = line.work / seconds[0] * 1e-9;
  state.counters["ofPeak"] = line.work / seconds[0] / peak;
  state.counters["error"] = workload.error;
  for (size_t i = 1; i < workload.contenders.size(); ++i) {
    state.counters["against:" + workload.contenders[i].name] = seconds[i] / seconds[0];
  }
}

// The five parts that scripts/bench-native.mjs reads.
std::string nameOf(const std::string& group, const std::string& name, const std::string& variant,
                   int32_t threads, Peak peak) {
  return group + '/' + name + '/' + variant + '/' + std::to_string(threads) + '/' +
         (isBandwidth(peak) ? "GB" : "GFLOP") + " of " + nameOf(peak);
}

// A benchmark that Google Benchmark repeats and reports with median and spread.
template <class Round>
void enrollRounds(const std::string& name, int64_t rounds, Round round) {
  benchmark::RegisterBenchmark(name.c_str(), round)
      ->Iterations(1)
      ->Repetitions(static_cast<int>(rounds))
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond)
      ->ReportAggregatesOnly(true)
      ->ComputeStatistics("p10", [](const std::vector<double>& values) { return share(values, 0.1); })
      ->ComputeStatistics("p90", [](const std::vector<double>& values) { return share(values, 0.9); });
}

}  // namespace

int64_t callsFor(double work, double peakRate) {
  return std::max<int64_t>(1, static_cast<int64_t>(kRunSeconds / secondsOf(work, peakRate)));
}

void enroll(const Line& line, Machine& machine, bool quick) {
  const double rate = machine.usual(line.peak, line.threads);
  const double run = std::max(kRunSeconds, secondsOf(line.work, rate));
  const double budget = quick ? kQuickLineSeconds : kLineSeconds;
  const auto rounds = std::clamp(static_cast<int64_t>(budget / run), kFewestRounds, kMostRounds);
  const auto kept = std::make_shared<const Line>(line);
  enrollRounds(nameOf(line.group, line.name, line.variant, line.threads, line.peak), rounds,
               [kept, &machine](benchmark::State& state) { runRound(state, *kept, machine); });
}

void enrollPeaks(Machine& machine) {
  for (const int32_t threads : machine.threadCounts()) {
    for (auto index = 0; index < static_cast<int32_t>(Peak::count); ++index) {
      const auto peak = static_cast<Peak>(index);
      if (machine.missing(peak)) continue;
      enrollRounds(nameOf("machine", nameOf(peak), "peak", threads, peak), kMostRounds,
                   [peak, threads, &machine](benchmark::State& state) {
                     double rate = 0;
                     for (auto _ : state) {
                       rate = machine.measure(peak, threads);
                       state.SetIterationTime(1 / rate);
                     }
                     state.counters["rate"] = rate * 1e-9;
                   });
    }
  }
}

}  // namespace saccade::bench
