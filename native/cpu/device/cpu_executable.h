// A program on the CPU: for each instruction its kernel, and how many tiles the threads share.
#pragma once
#include <stdint.h>

#include <memory>
#include <vector>

#include "../../runtime/device.h"
#include "../kernel.h"
#include "workspace.h"

namespace saccade {

class CpuExecutable final : public Executable {
 public:
  // Throws INTERNAL for an instruction with more tiles than a pool can count.
  CpuExecutable(std::shared_ptr<const Program> program, const KernelTable& table, Workspace& workspace);

  void run(const Frame& frame, int32_t threads, const Cancelled& cancelled) override;

  // Scratch of a thread: the maximum over the instructions.
  int64_t scratchBytes() const { return scratchBytes_; }

 private:
  struct Step {
    const Kernel* kernel;
    int64_t tiles;
  };

  char* address(const Buffer& buffer, const Frame& frame) const;
  void touch(char* fresh, int64_t bytes, int32_t threads) const;
  void runStep(size_t index, int32_t threads, const Cancelled& cancelled) const;

  Workspace& workspace_;
  std::vector<Step> steps_;  // of each instruction
  int64_t scratchBytes_ = 0;
  std::vector<char*> addresses_;  // of each buffer, during a run
};

}  // namespace saccade
