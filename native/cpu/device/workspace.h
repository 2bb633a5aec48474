// What all runs on the CPU share, as only one runs at a time: the threads, the arena for intermediate
// results, and the threads' scratch.
#pragma once
#include <stdint.h>

#include <vector>

#include "../../runtime/block.h"
#include "pool.h"

namespace saccade {

class Workspace {
 public:
  // Makes sure that there are the memory and up to `threads` threads, and returns how many threads there are.
  // Memory only grows, so that a program allocates nothing when it runs again. Throws OUT_OF_MEMORY.
  int32_t reserve(int64_t arenaBytes, int64_t scratchBytes, int32_t threads);
  // Frees the arena.
  void trim();

  Pool& pool() { return pool_; }
  char* arena() const { return arena_.data(); }
  char* scratch(int32_t thread) const { return scratch_[static_cast<size_t>(thread)].data(); }

 private:
  Pool pool_;
  Block arena_;
  std::vector<Block> scratch_;  // of each thread
};

}  // namespace saccade
