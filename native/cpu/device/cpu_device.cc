#include "cpu_device.h"

#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "../../runtime/block.h"
#include "cpu_executable.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

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

  bool mapped() const override { return true; }

  void forget() const override {
#ifdef __linux__
    // Only pages that are entirely inside: those at the edges may contain a neighbour that is in use.
    const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    const uintptr_t begin = reinterpret_cast<uintptr_t>(data());
    const uintptr_t first = (begin + page - 1) / page * page;
    const uintptr_t end = (begin + static_cast<uintptr_t>(bytes())) / page * page;
    // If the system does not take this advice, the pages stay, which is no error.
    if (end > first) (void)madvise(reinterpret_cast<void*>(first), end - first, MADV_DONTNEED);
#endif
  }

 private:
  std::shared_ptr<const Mapping> file_;
};

}  // namespace

int64_t CpuDevice::usualArenaLimit() {
  return std::min(int64_t{1} << 30, availableMemory() / 8);
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
