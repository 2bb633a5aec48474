#include "mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sstream>
#include <utility>

#include "error.h"

namespace saccade {
namespace {

#ifdef __APPLE__
const timespec& modified(const struct stat& status) {
  return status.st_mtimespec;
}
#else
const timespec& modified(const struct stat& status) {
  return status.st_mtim;
}
#endif

std::string keyOf(const struct stat& status) {
  std::ostringstream key;
  key << status.st_dev << ':' << status.st_ino << ':' << status.st_size << ':' << modified(status).tv_sec
      << '.' << modified(status).tv_nsec;
  return key.str();
}

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) close(number);
  }
};

}  // namespace

Mapping::Mapping(const char* data, int64_t bytes, std::string key)
    : data_(data), bytes_(bytes), key_(std::move(key)) {}

Mapping::~Mapping() {
  if (bytes_ > 0) munmap(const_cast<char*>(data_), static_cast<size_t>(bytes_));
}

std::shared_ptr<const Mapping> Mapping::open(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0) {
    const int reason = errno;
    if (reason == ENOENT || reason == ENOTDIR) fail("FILE_NOT_FOUND", "no such file: ", path);
    fail("FILE_NOT_FOUND", "cannot open ", path, ": ", strerror(reason));
  }
  struct stat status;
  if (fstat(file.number, &status) != 0) fail("FILE_NOT_FOUND", "cannot read ", path, ": ", strerror(errno));
  if (!S_ISREG(status.st_mode)) fail("FILE_NOT_FOUND", "expected a file: ", path);
  const int64_t bytes = status.st_size;
  // mmap fails for a length of 0.
  if (bytes == 0) return std::make_shared<const Mapping>("", 0, keyOf(status));
  void* data = mmap(nullptr, static_cast<size_t>(bytes), PROT_READ, MAP_PRIVATE, file.number, 0);
  if (data == MAP_FAILED)
    fail("OUT_OF_MEMORY", "cannot map ", path, " (", bytes, " bytes): ", strerror(errno));
#ifdef MADV_NOHUGEPAGE
  // Reading a bias would load 2 MB of neighbours again, which were packed and let go.
  (void)madvise(data, static_cast<size_t>(bytes), MADV_NOHUGEPAGE);
#endif
  return std::make_shared<const Mapping>(static_cast<const char*>(data), bytes, keyOf(status));
}

}  // namespace saccade
