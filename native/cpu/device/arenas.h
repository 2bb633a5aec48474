// Memory for the intermediate results of runs. What a run gives back is kept for a while, so that a program
// allocates nothing when it runs again.
#pragma once
#include <stdint.h>

#include <mutex>
#include <optional>
#include <vector>

#include "../../runtime/block.h"

namespace saccade {

class Arenas {
 public:
  // A block of at least so many bytes: the smallest that is kept, unless it is more than twice as large as
  // needed. If there is none, smaller ones are freed, and a new one is allocated. Throws OUT_OF_MEMORY.
  Block take(int64_t bytes);
  void give(Block block);

  // Frees the blocks that nothing took for kKeep. Returns the nanoseconds after which to call it again,
  // unless no block is kept or taken.
  std::optional<int64_t> trim();
  // Frees all blocks that are kept. False if there are none.
  bool clear();

 private:
  static constexpr int64_t kSlack = int64_t{1} << 20;
  static constexpr int64_t kKeep = 2'000'000'000;

  struct Kept {
    Block block;
    int64_t since;
  };

  template <class Condition>
  std::vector<Kept> takeKept(Condition condition);

  std::mutex mutex_;
  std::vector<Kept> kept_;  // in the order in which they were given back
  int64_t taken_ = 0;       // blocks
};

}  // namespace saccade
