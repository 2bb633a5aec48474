// The CPU: walks the instructions of a program and shares their tiles among the threads of a pool. All runs
// use one arena, because only one runs at a time.
#pragma once
#include <vector>

#include "device.h"
#include "pool.h"

namespace saccade {

class CpuDevice final : public Device {
 public:
  explicit CpuDevice(const KernelTable& table) : table_(table) {}

  const char* name() const override { return "cpu"; }
  const KernelTable& kernels() const override { return table_; }
  std::shared_ptr<Memory> allocate(int64_t bytes) override;
  void upload(const Memory& to, int64_t offset, const void* from, int64_t bytes) override;
  void download(void* to, const Memory& from, int64_t offset, int64_t bytes) override;
  void run(const Program& program, const Frame& frame, int32_t threads,
           const std::atomic<bool>& cancelled) override;
  void rest() override;

 private:
  void reserve(const Program& program, int32_t threads);
  void touch(char* fresh, int64_t bytes, int32_t threads);
  void runInstruction(const Instruction& instruction, int32_t threads, const std::atomic<bool>& cancelled);

  const KernelTable& table_;
  Pool pool_;
  Block arena_;
  std::vector<Block> scratch_;    // of each thread
  std::vector<char*> addresses_;  // of each buffer of the program that runs
};

}  // namespace saccade
