#include "cpu_executable.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "../../runtime/error.h"

namespace saccade {
namespace {

// A pool counts tiles in 31 bits.
constexpr int64_t kMaxTiles = (int64_t{1} << 31) - 1;

// What the threads share while they run one instruction.
struct Job {
  const Kernel* kernel;
  const Call* call;
  const Workspace* workspace;
  const Cancelled* cancelled;
  std::atomic<Status> status{Status::ok};
};

void runTile(void* context, int64_t tile, int32_t thread) {
  Job& job = *static_cast<Job*>(context);
  if (job.cancelled->load(std::memory_order_relaxed)) return;
  const Status status = job.kernel->run(*job.call, tile, job.workspace->scratch(thread));
  if (status != Status::ok) job.status.store(status, std::memory_order_relaxed);
}

}  // namespace

CpuExecutable::CpuExecutable(std::shared_ptr<const Program> checked, const KernelTable& table,
                             Workspace& workspace)
    : Executable(std::move(checked)), workspace_(workspace) {
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

void CpuExecutable::run(const Frame& frame, int32_t threads, const Cancelled& cancelled) {
  threads = workspace_.reserve(program().arenaBytes, scratchBytes_, threads);
  addresses_.clear();
  for (const Buffer& buffer : program().buffers) {
    char* const data = address(buffer, frame);
    addresses_.push_back(data);
    if (buffer.kind == BufferKind::output) touch(data, buffer.bytes, threads);
  }
  for (size_t i = 0; i < steps_.size(); ++i) runStep(i, threads, cancelled);
}

char* CpuExecutable::address(const Buffer& buffer, const Frame& frame) const {
  const auto at = static_cast<size_t>(buffer.at);
  switch (buffer.kind) {
    case BufferKind::arena:
      return workspace_.arena() + buffer.at;
    case BufferKind::constant:
      return program().constants[at]->data();
    case BufferKind::output:
      return frame.outputs[at]->data();
    default:
      return frame.inputs[at]->data();
  }
}

// Writes to each huge page once. The system clears a huge page when it is first written; if the threads first
// write to it at the same time, in neighbouring tiles, each of them has one cleared, and all but one are
// dropped.
void CpuExecutable::touch(char* fresh, int64_t bytes, int32_t threads) const {
  const auto write = [](void* data, int64_t page, int32_t) {
    static_cast<volatile char*>(data)[page * kHugePage] = 0;
  };
  if (threads > 1) workspace_.pool().run(bytes / kHugePage, threads, write, fresh);
}

void CpuExecutable::runStep(size_t index, int32_t threads, const Cancelled& cancelled) const {
  const Instruction& instruction = program().instructions[index];
  // A copy, because the program is shared and its memory differs from run to run.
  Call call = instruction.call;
  for (int32_t i = 0; i < call.views; ++i) {
    const int32_t buffer = instruction.buffer[i];
    if (buffer >= 0) call.view[i].data = addresses_[static_cast<size_t>(buffer)] + instruction.byteOffset[i];
  }
  Job job{steps_[index].kernel, &call, &workspace_, &cancelled};
  workspace_.pool().run(steps_[index].tiles, threads, runTile, &job);
  if (cancelled.load(std::memory_order_relaxed)) throw Error("ABORTED", "the run was aborted");
  if (job.status.load(std::memory_order_relaxed) == Status::indexOutOfRange) {
    fail("INDEX_OUT_OF_RANGE", nameOf(instruction), ": an index is past the end of its axis");
  }
}

}  // namespace saccade
