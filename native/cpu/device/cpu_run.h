// One run of a program on the CPU: its memory, and the instruction it is at.
#pragma once
#include <stdint.h>

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "../../runtime/error.h"
#include "../../runtime/job.h"
#include "arenas.h"
#include "cpu_executable.h"
#include "task.h"

namespace saccade {

class CpuRun final : public Task {
 public:
  CpuRun(CpuExecutable& executable, std::unique_ptr<Job> job, Arenas& arenas, std::shared_ptr<Usage> usage);

  bool begin(Block& scratch) override;
  int64_t next() override;
  void runTile(int64_t tile, Block& scratch) override;
  bool stopped() const override { return job_->cancelled().load(std::memory_order_relaxed); }
  void end() override;

 private:
  // Why the run ends after the present step.
  enum class Fault : int32_t { none, index, memory };

  std::optional<Error> reserve(Block& scratch);
  char* address(const Buffer& buffer, const Frame& frame) const;
  std::optional<Error> fault() const;
  void listPages();
  void bind(size_t index);

  CpuExecutable& executable_;  // kept alive by the job
  std::unique_ptr<Job> job_;
  Arenas& arenas_;
  Block arena_;
  std::vector<char*> addresses_;  // of each buffer
  std::vector<char*> pages_;      // to write to before the first instruction

  bool touched_ = false;
  size_t instructions_ = 0;         // that have begun
  const Kernel* kernel_ = nullptr;  // of the present step; null: it writes to the pages
  std::unique_ptr<Call> call_;      // of the present step
  std::atomic<Fault> fault_{Fault::none};
  std::optional<Error> error_;
};

}  // namespace saccade
