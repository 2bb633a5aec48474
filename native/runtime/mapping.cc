#include "mapping.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <optional>

#include "block.h"
#include "error.h"
#include "faults.h"
#include "file.h"

namespace saccade {
namespace {

const char* map(const File& file) {
  // mmap fails for a length of 0.
  if (file.bytes() == 0) return "";
  const auto bytes = static_cast<size_t>(file.bytes());
  void* data = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
  if (data == MAP_FAILED)
    fail("OUT_OF_MEMORY", "cannot map ", file.path(), " (", bytes, " bytes): ", strerror(errno));
#ifdef MADV_NOHUGEPAGE
  // Reading a bias would load 2 MB of neighbours again, which were packed and let go.
  (void)madvise(data, bytes, MADV_NOHUGEPAGE);
#endif
  return static_cast<const char*>(data);
}

class MappedFile final : public Mapping {
 public:
  explicit MappedFile(std::unique_ptr<const File> file)
      : Mapping(map(*file), file->bytes(), file->key()), file_(std::move(file)) {
    if (bytes() > 0) guard_.emplace(data(), bytes());
  }

  ~MappedFile() override {
    guard_.reset();
    if (bytes() > 0) munmap(const_cast<char*>(data()), static_cast<size_t>(bytes()));
  }

  void check() const override {
    file_->checkUnchanged();
    // The file may have its size and time again, but the zeros stay.
    if (guard_ && guard_->faulted()) {
      fail("WEIGHTS_CORRUPT", file_->path(),
           " could not be read while it was in use: it was cut, or its disk failed; load the model again");
    }
  }

  void forget(int64_t offset, int64_t length) const override {
#ifdef __linux__
    // Pages at the edges may contain a neighbour that is in use.
    const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    const uintptr_t begin = reinterpret_cast<uintptr_t>(data() + offset);
    const uintptr_t first = (begin + page - 1) / page * page;
    const uintptr_t end = (begin + static_cast<uintptr_t>(length)) / page * page;
    // If the system does not take this advice, the pages stay, which is no error.
    if (end > first) (void)madvise(reinterpret_cast<void*>(first), end - first, MADV_DONTNEED);
#endif
  }

 private:
  std::unique_ptr<const File> file_;  // open, so that its size and time can be asked for
  std::optional<FaultGuard> guard_;
};

class CopiedFile final : public Mapping {
 public:
  CopiedFile(Block block, std::string key)
      : Mapping(block.data(), block.bytes(), std::move(key)), block_(std::move(block)) {}

 private:
  Block block_;
};

}  // namespace

std::shared_ptr<const Mapping> Mapping::open(const std::string& path) {
  return std::make_shared<const MappedFile>(std::make_unique<const File>(path));
}

std::shared_ptr<const Mapping> Mapping::copy(const std::string& path) {
  const File file(path);
  Block block(file.bytes(), Account::buffers);
  file.readAll(block.data());
  return std::make_shared<const CopiedFile>(std::move(block), file.key());
}

}  // namespace saccade
