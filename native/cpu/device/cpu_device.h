// The CPU as a device. Its address space is that of the process, so weights in a mapped file need no copy.
#pragma once
#include "../../runtime/device.h"
#include "../../runtime/machine.h"
#include "../kernel.h"
#include "arenas.h"
#include "scheduler.h"

namespace saccade {

class CpuDevice final : public Device {
 public:
  explicit CpuDevice(const KernelTable& table) : CpuDevice(table, usualArenaLimit()) {}
  CpuDevice(const KernelTable& table, int64_t arenaLimit) : table_(table), arenaLimit_(arenaLimit) {}

  const char* name() const override { return "cpu"; }
  const char* isa() const override { return table_.isa; }
  const Formats& formats() const override { return table_.formats; }
  std::shared_ptr<Memory> allocate(int64_t bytes) override;
  std::shared_ptr<Memory> load(std::shared_ptr<const Mapping> file, int64_t offset, int64_t bytes) override;
  void upload(Memory& to, int64_t offset, const void* from, int64_t bytes) override;
  void download(void* to, const Memory& from, int64_t offset, int64_t bytes) override;
  std::shared_ptr<Executable> prepare(std::shared_ptr<const Program> program) override;
  int64_t arenaLimit() const override { return arenaLimit_; }

 private:
  // 1 GiB, or an eighth of the memory if that is less.
  static int64_t usualArenaLimit();

  const KernelTable& table_;
  const int64_t arenaLimit_;
  Arenas arenas_;
  // Destroyed first: its threads use the arenas.
  Scheduler scheduler_{usableCores(), [this] { return arenas_.trim(); }};
};

}  // namespace saccade
