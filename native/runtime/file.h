// A regular file that is open for reading, and what it was when it was opened.
#pragma once
#include <sys/stat.h>

#include <cstdint>
#include <string>

namespace saccade {

class File {
 public:
  // Throws FILE_NOT_FOUND (missing, unreadable, or no regular file).
  explicit File(const std::string& path);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  int descriptor() const { return descriptor_; }
  int64_t bytes() const { return status_.st_size; }
  const std::string& path() const { return path_; }
  // Equal for the same unchanged file: device, inode, size and modification time.
  std::string key() const;
  // Throws WEIGHTS_CORRUPT unless size and modification time are what they were.
  void checkUnchanged() const;
  // Reads the whole file. Throws WEIGHTS_CORRUPT if it changes meanwhile.
  void readAll(char* to) const;

 private:
  std::string path_;
  int descriptor_;
  struct stat status_;
};

}  // namespace saccade
