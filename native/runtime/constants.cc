#include "constants.h"

#include <algorithm>
#include <utility>

namespace saccade {

std::shared_ptr<Memory> Constants::find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(key);
  return entry == entries_.end() ? nullptr : entry->second.lock();
}

std::shared_ptr<Memory> Constants::publish(const std::string& key, std::shared_ptr<Memory> memory) {
  const std::lock_guard lock(mutex_);
  std::weak_ptr<Memory>& entry = entries_[key];
  if (std::shared_ptr<Memory> first = entry.lock()) return first;
  entry = memory;
  if (entries_.size() >= sweepAt_) sweep();
  return memory;
}

size_t Constants::size() {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

// Keys whose memory is gone would accumulate in a process that loads one model after another.
void Constants::sweep() {
  std::erase_if(entries_, [](const auto& entry) { return entry.second.expired(); });
  sweepAt_ = std::max<size_t>(64, 2 * entries_.size());
}

Constants& constants() {
  // Never destroyed: threads may still use it while the process exits.
  static Constants* const store = new Constants;
  return *store;
}

}  // namespace saccade
