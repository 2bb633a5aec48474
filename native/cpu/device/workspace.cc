#include "workspace.h"

#include <algorithm>

namespace saccade {
namespace {

// Frees the old block first, as there may be no memory for both.
void grow(Block& block, int64_t bytes) {
  if (block.bytes() >= bytes) return;
  block = Block();
  block = Block(bytes, Account::arena);
}

}  // namespace

int32_t Workspace::reserve(int64_t arenaBytes, int64_t scratchBytes, int32_t threads) {
  threads = pool_.reserve(threads);
  grow(arena_, arenaBytes);
  scratch_.resize(std::max(scratch_.size(), static_cast<size_t>(threads)));
  for (int32_t i = 0; i < threads; ++i) grow(scratch_[static_cast<size_t>(i)], scratchBytes);
  return threads;
}

void Workspace::trim() {
  arena_ = Block();
}

}  // namespace saccade
