#include "cpu_executable.h"

#include <algorithm>
#include <utility>

#include "../../runtime/error.h"
#include "../../runtime/job.h"
#include "cpu_run.h"

namespace saccade {
namespace {

// The scheduler counts tiles in 31 bits.
constexpr int64_t kMaxTiles = (int64_t{1} << 31) - 1;

}  // namespace

CpuExecutable::CpuExecutable(std::shared_ptr<const Program> checked, const KernelTable& table,
                             Scheduler& scheduler, Arenas& arenas)
    : Executable(std::move(checked)), scheduler_(scheduler), arenas_(arenas) {
  steps_.reserve(program().instructions.size());
  for (const Instruction& instruction : program().instructions) {
    const Kernel* kernel = table.kernel[static_cast<int32_t>(instruction.op)];
    const int64_t tiles = kernel->tiles(instruction.call);
    const int64_t scratch = kernel->scratch(instruction.call);
    if (tiles < 0 || tiles > kMaxTiles || scratch < 0) {
      fail("INTERNAL", nameOf(instruction), ": is too large for the CPU: ", tiles, " tiles, ", scratch,
           " bytes of scratch");
    }
    steps_.push_back({kernel, tiles});
    scratchBytes_ = std::max(scratchBytes_, scratch);
  }
}

std::unique_ptr<Call> CpuExecutable::takeCall() {
  std::unique_ptr<Call> spare(spare_.exchange(nullptr));
  return spare != nullptr ? std::move(spare) : std::make_unique_for_overwrite<Call>();
}

void CpuExecutable::start(std::unique_ptr<Job> job) {
  scheduler_.start(std::make_unique<CpuRun>(*this, std::move(job), arenas_, usage_));
}

}  // namespace saccade
