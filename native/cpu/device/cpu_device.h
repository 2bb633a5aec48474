// The CPU as a device. Its address space is that of the process, so weights in a mapped file need no copy.
#pragma once
#include "../../runtime/device.h"
#include "../kernel.h"
#include "workspace.h"

namespace saccade {

class CpuDevice final : public Device {
 public:
  explicit CpuDevice(const KernelTable& table) : table_(table) {}

  const char* name() const override { return "cpu"; }
  const char* isa() const override { return table_.isa; }
  const Formats& formats() const override { return table_.formats; }
  std::shared_ptr<Memory> allocate(int64_t bytes) override;
  std::shared_ptr<Memory> load(std::shared_ptr<const Mapping> file, int64_t offset, int64_t bytes) override;
  void upload(Memory& to, int64_t offset, const void* from, int64_t bytes) override;
  void download(void* to, const Memory& from, int64_t offset, int64_t bytes) override;
  std::shared_ptr<Executable> prepare(std::shared_ptr<const Program> program) override;
  void trim() override { workspace_.trim(); }

 private:
  const KernelTable& table_;
  Workspace workspace_;
};

}  // namespace saccade
