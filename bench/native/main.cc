// The native benchmarks. scripts/bench-native.mjs runs this and makes a report of what it writes.
//
//   bench_native [--quick] [--benchmark_filter=REGEX] [--benchmark_out=FILE --benchmark_out_format=json]
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstring>

#include "../../native/cpu/device/isa.h"
#include "../../native/runtime/error.h"
#include "../../native/runtime/machine.h"
#include "layers.h"
#include "peers/peers.h"

namespace saccade::bench {
namespace {

#if defined(__clang__)
constexpr const char* kCompiler = "clang " __clang_version__;
#else
constexpr const char* kCompiler = "gcc " __VERSION__;
#endif

// One text line for each line of the report, as it comes: median, percent of the peak, ratios.
class Progress final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.error_occurred)
        std::printf("%s: %s\n", run.run_name.function_name.c_str(), run.error_message.c_str());
      if (run.aggregate_name != "median") continue;
      std::printf("%s:", run.run_name.function_name.c_str());
      for (const auto& [name, counter] : run.counters) std::printf(" %s=%.4g", name.c_str(), counter.value);
      std::printf("\n");
    }
    std::fflush(stdout);
  }
};

void describe(const Machine& machine) {
  benchmark::AddCustomContext("cpu", cpuName());
  benchmark::AddCustomContext("isa", kernels().isa);
  benchmark::AddCustomContext("cores", std::to_string(usableCores()));
  benchmark::AddCustomContext("compiler", kCompiler);
  for (const auto& [name, text] : describePeers()) benchmark::AddCustomContext("peer:" + name, text);
  for (const Peak peak : {Peak::float32, Peak::bfloat16, Peak::int8}) {
    if (const char* why = machine.missing(peak)) {
      benchmark::AddCustomContext(std::string("missing:") + nameOf(peak), std::string("skipped: ") + why);
    }
  }
}

}  // namespace
}  // namespace saccade::bench

int main(int argc, char** argv) try {
  using namespace saccade::bench;
  benchmark::Initialize(&argc, argv);
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  if (argc > (quick ? 2 : 1)) saccade::fail("OPTION_UNKNOWN", "unknown option ", argv[argc - 1]);
  Machine machine;
  describe(machine);
  enrollPeaks(machine);
  for (const auto& lines : {gemmLines(machine), attentionLines(machine), rowLines(machine),
                            depthwiseLines(machine), resampleLines(machine)}) {
    for (const Line& line : lines) {
      if (!quick || line.quick) enroll(line, machine, quick);
    }
  }
  Progress progress;
  benchmark::RunSpecifiedBenchmarks(&progress);
  benchmark::Shutdown();
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
