#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "error.h"

namespace saccade {
namespace {

// One read takes at most this much: macOS refuses 2^31 bytes or more.
constexpr int64_t kMaxRead = int64_t{1} << 30;

#ifdef __APPLE__
const timespec& modified(const struct stat& status) {
  return status.st_mtimespec;
}
#else
const timespec& modified(const struct stat& status) {
  return status.st_mtim;
}
#endif

bool sameTime(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

// O_NONBLOCK: without it, opening a named pipe waits for a writer, perhaps for ever.
int openForReading(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor >= 0) return descriptor;
  const int reason = errno;
  if (reason == ENOENT || reason == ENOTDIR) fail("FILE_NOT_FOUND", "no such file: ", path);
  fail("FILE_NOT_FOUND", "cannot open ", path, ": ", strerror(reason));
}

}  // namespace

File::File(const std::string& path) : path_(path), descriptor_(openForReading(path)) {
  const int failed = fstat(descriptor_, &status_) == 0 ? 0 : errno;
  if (failed == 0 && S_ISREG(status_.st_mode)) return;
  close(descriptor_);
  if (failed != 0) fail("FILE_NOT_FOUND", "cannot read ", path, ": ", strerror(failed));
  fail("FILE_NOT_FOUND", "expected a file: ", path);
}

File::~File() {
  close(descriptor_);
}

std::string File::key() const {
  std::ostringstream key;
  key << status_.st_dev << ':' << status_.st_ino << ':' << status_.st_size << ':' << modified(status_).tv_sec
      << '.' << modified(status_).tv_nsec;
  return key.str();
}

void File::checkUnchanged() const {
  struct stat now;
  if (fstat(descriptor_, &now) != 0) fail("WEIGHTS_CORRUPT", "cannot read ", path_, ": ", strerror(errno));
  if (now.st_size != status_.st_size) {
    fail("WEIGHTS_CORRUPT", path_, " was changed while it was in use: expected ", status_.st_size,
         " bytes, got ", now.st_size, "; load the model again");
  }
  if (!sameTime(modified(now), modified(status_))) {
    fail("WEIGHTS_CORRUPT", path_,
         " was written to while it was in use: its modification time changed; load the model again");
  }
}

void File::readAll(char* to) const {
  for (int64_t done = 0; done < bytes();) {
    const auto length = static_cast<size_t>(std::min(bytes() - done, kMaxRead));
    const ssize_t count = pread(descriptor_, to + done, length, done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("WEIGHTS_CORRUPT", "cannot read ", path_, ": ", strerror(errno));
    if (count == 0) break;
    done += count;
  }
  checkUnchanged();
}

}  // namespace saccade
