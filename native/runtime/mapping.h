// A file mapped read-only: the system loads its pages as they are read, and processes share them.
#pragma once
#include <stdint.h>

#include <memory>
#include <string>

namespace saccade {

class Mapping {
 public:
  // Throws FILE_NOT_FOUND (missing, unreadable, or no regular file) or OUT_OF_MEMORY.
  static std::shared_ptr<const Mapping> open(const std::string& path);

  Mapping(const char* data, int64_t bytes, std::string key);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  const char* data() const { return data_; }
  int64_t bytes() const { return bytes_; }
  // Equal for the same unchanged file: device, inode, size and modification time.
  const std::string& key() const { return key_; }

 private:
  const char* data_;
  int64_t bytes_;
  std::string key_;
};

}  // namespace saccade
