// A program on the CPU: for each instruction its kernel, and how many tiles the threads share.
#pragma once
#include <stdint.h>

#include <atomic>
#include <memory>
#include <vector>

#include "../../runtime/device.h"
#include "../kernel.h"
#include "arenas.h"
#include "scheduler.h"

namespace saccade {

class CpuExecutable final : public Executable {
 public:
  struct Step {
    const Kernel* kernel;
    int64_t tiles;
  };

  // Throws INTERNAL for an instruction with more tiles than the scheduler can count.
  CpuExecutable(std::shared_ptr<const Program> program, const KernelTable& table, Scheduler& scheduler,
                Arenas& arenas);
  ~CpuExecutable() override { delete spare_.load(); }

  void start(std::unique_ptr<Job> job) override;

  const std::vector<Step>& steps() const { return steps_; }  // of each instruction
  // Scratch of a thread: the maximum over the instructions.
  int64_t scratchBytes() const { return scratchBytes_; }

  // Memory for the operands of the instruction that a run is at. What one run gives back is kept for the
  // next: malloc takes long for this size, compared with a short run.
  std::unique_ptr<Call> takeCall();
  void giveCall(std::unique_ptr<Call> call) { delete spare_.exchange(call.release()); }

 private:
  Scheduler& scheduler_;
  Arenas& arenas_;
  std::vector<Step> steps_;
  int64_t scratchBytes_ = 0;
  std::atomic<Call*> spare_{nullptr};
  const std::shared_ptr<Usage> usage_ = std::make_shared<Usage>();
};

}  // namespace saccade
