// What all runs on the CPU share, because only one runs at a time: the threads, the arena for what lies
// between input and output, and the threads' scratch.
#pragma once
#include <stdint.h>

#include <vector>

#include "../../runtime/block.h"
#include "pool.h"

namespace saccade {

class Workspace {
 public:
  // Makes sure of the memory and of up to `threads` threads. Returns how many threads there are. Memory only
  // grows, so that a program called again and again allocates nothing. Throws OUT_OF_MEMORY.
  int32_t reserve(int64_t arenaBytes, int64_t scratchBytes, int32_t threads);
  // Frees the arena.
  void rest();

  Pool& pool() { return pool_; }
  char* arena() const { return arena_.data(); }
  char* scratch(int32_t thread) const { return scratch_[static_cast<size_t>(thread)].data(); }

 private:
  Pool pool_;
  Block arena_;
  std::vector<Block> scratch_;  // of each thread
};

}  // namespace saccade
