// Blocks of device memory. Those that are given back are kept for a while, as the driver takes long to
// allocate, and waits for all kernels to free. Nothing may use a block any more when it is given back.
#pragma once
#include <stdint.h>

#include <map>
#include <mutex>

#include "driver.h"

namespace saccade::cuda {

class Blocks {
 public:
  // kept: the most bytes that are kept.
  Blocks(Driver& driver, int64_t kept) : driver_(driver), mostKept_(kept) {}
  ~Blocks();
  Blocks(const Blocks&) = delete;
  Blocks& operator=(const Blocks&) = delete;

  // At least so many bytes, at a multiple of 256. Throws OUT_OF_MEMORY.
  char* take(int64_t bytes);
  // With the number that take() was given.
  void give(char* data, int64_t bytes);

 private:
  // Blocks of equal size can take each other's place.
  static int64_t rounded(int64_t bytes);
  bool clear();

  Driver& driver_;
  const int64_t mostKept_;
  std::mutex mutex_;
  std::multimap<int64_t, char*> kept_;  // by size
  int64_t keptBytes_ = 0;
  int64_t takenBytes_ = 0;
};

}  // namespace saccade::cuda
