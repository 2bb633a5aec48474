#include "arenas.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "scheduler.h"

namespace saccade {

Block Arenas::take(int64_t bytes) {
  if (bytes == 0) return {};
  std::vector<Kept> smaller;
  {
    const std::lock_guard lock(mutex_);
    auto best = kept_.end();
    for (auto kept = kept_.begin(); kept != kept_.end(); ++kept) {
      const int64_t size = kept->block.bytes();
      const bool fits = size >= bytes && size <= 2 * bytes + kSlack;
      if (fits && (best == kept_.end() || size < best->block.bytes())) best = kept;
    }
    ++taken_;
    if (best != kept_.end()) {
      Block block = std::move(best->block);
      kept_.erase(best);
      return block;
    }
    smaller = takeKept([&](const Kept& kept) { return kept.block.bytes() < bytes; });
  }
  smaller.clear();
  try {
    return Block(bytes, Account::arena);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    --taken_;
    throw;
  }
}

void Arenas::give(Block block) {
  if (block.bytes() == 0) return;
  const std::lock_guard lock(mutex_);
  --taken_;
  kept_.push_back({std::move(block), Scheduler::now()});
}

std::optional<int64_t> Arenas::trim() {
  std::vector<Kept> unused;  // freed without the lock, as that takes time
  const std::lock_guard lock(mutex_);
  const int64_t now = Scheduler::now();
  unused = takeKept([&](const Kept& kept) { return now - kept.since >= kKeep; });
  if (!kept_.empty()) return kKeep - (now - kept_.front().since);
  if (taken_ > 0) return kKeep;
  return std::nullopt;
}

bool Arenas::clear() {
  std::vector<Kept> all;
  const std::lock_guard lock(mutex_);
  all.swap(kept_);
  return !all.empty();
}

// Takes out those for which the condition holds.
template <class Condition>
std::vector<Arenas::Kept> Arenas::takeKept(Condition condition) {
  const auto end = std::stable_partition(kept_.begin(), kept_.end(), std::not_fn(condition));
  std::vector<Kept> taken(std::make_move_iterator(end), std::make_move_iterator(kept_.end()));
  kept_.erase(end, kept_.end());
  return taken;
}

}  // namespace saccade
