// The bytes of a file, read only: mapped, so that the system loads its pages as they are read and processes
// share them; or a private copy.
#pragma once
#include <stdint.h>

#include <memory>
#include <string>
#include <utility>

namespace saccade {

class Mapping {
 public:
  // Maps the file. What is read from it is valid only if check() passes afterwards: another process can cut
  // the file or write to it. Throws FILE_NOT_FOUND (missing, unreadable, or no regular file), OUT_OF_MEMORY.
  static std::shared_ptr<const Mapping> open(const std::string& path);
  // Copies the file into memory of this process, where no one else changes it. Throws as open() does, and
  // WEIGHTS_CORRUPT if the file changes meanwhile.
  static std::shared_ptr<const Mapping> copy(const std::string& path);

  virtual ~Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  const char* data() const { return data_; }
  int64_t bytes() const { return bytes_; }
  // Equal for the same unchanged file: device, inode, size and modification time.
  const std::string& key() const { return key_; }

  // Throws WEIGHTS_CORRUPT if the file was cut or written to since it was opened. A file that was replaced
  // under its name (renamed over, or removed) stays what it was.
  virtual void check() const {}
  // Lets the pages that are entirely inside a part go until they are read again.
  virtual void forget(int64_t /*offset*/, int64_t /*bytes*/) const {}

 protected:
  Mapping(const char* data, int64_t bytes, std::string key)
      : data_(data), bytes_(bytes), key_(std::move(key)) {}

 private:
  const char* data_;
  int64_t bytes_;
  std::string key_;
};

}  // namespace saccade
