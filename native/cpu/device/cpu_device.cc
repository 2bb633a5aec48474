#include "cpu_device.h"

#include <string.h>

#include <algorithm>
#include <utility>

#include "../../runtime/block.h"
#include "cpu_executable.h"

namespace saccade {
namespace {

class CpuMemory final : public Memory {
 public:
  CpuMemory(Device& device, Block block)
      : Memory(device, block.data(), block.bytes()), block_(std::move(block)) {}

 private:
  Block block_;
};

// Never written: the executor checks mapped() for views that are written.
class MappedMemory final : public Memory {
 public:
  MappedMemory(Device& device, std::shared_ptr<const Mapping> file, int64_t offset, int64_t bytes)
      : Memory(device, const_cast<char*>(file->data()) + offset, bytes), file_(std::move(file)) {}

  std::shared_ptr<const Mapping> file() const override { return file_; }
  void forget() const override { file_->forget(data() - file_->data(), bytes()); }

 private:
  std::shared_ptr<const Mapping> file_;
};

}  // namespace

int64_t CpuDevice::usualArenaLimit() {
  return std::min(int64_t{1} << 30, machineMemory().available / 8);
}

std::shared_ptr<Memory> CpuDevice::allocate(int64_t bytes) {
  return std::make_shared<CpuMemory>(*this, Block(bytes, Account::buffers));
}

std::shared_ptr<Memory> CpuDevice::load(std::shared_ptr<const Mapping> file, int64_t offset, int64_t bytes) {
  return std::make_shared<MappedMemory>(*this, std::move(file), offset, bytes);
}

void CpuDevice::upload(Memory& to, int64_t offset, const void* from, int64_t bytes) {
  if (bytes > 0) memcpy(to.data() + offset, from, static_cast<size_t>(bytes));
}

void CpuDevice::download(void* to, const Memory& from, int64_t offset, int64_t bytes) {
  if (bytes > 0) memcpy(to, from.data() + offset, static_cast<size_t>(bytes));
}

std::shared_ptr<Executable> CpuDevice::prepare(std::shared_ptr<const Program> program) {
  return std::make_shared<CpuExecutable>(std::move(program), table_, scheduler_, arenas_);
}

}  // namespace saccade
