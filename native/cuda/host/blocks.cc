#include "blocks.h"

#include <algorithm>

#include "../../runtime/error.h"

namespace saccade::cuda {

Blocks::~Blocks() {
  clear();
}

int64_t Blocks::rounded(int64_t bytes) {
  constexpr int64_t kLarge = int64_t{2} << 20, kSmall = 512;
  const int64_t unit = bytes < kLarge ? kSmall : kLarge;
  return std::max<int64_t>((bytes + unit - 1) / unit * unit, unit);
}

bool Blocks::clear() {
  const bool some = !kept_.empty();
  for (const auto& [bytes, data] : kept_) driver_.release(data);
  kept_.clear();
  keptBytes_ = 0;
  return some;
}

char* Blocks::take(int64_t bytes) {
  const int64_t size = rounded(bytes);
  const std::lock_guard lock(mutex_);
  char* data = nullptr;
  if (const auto found = kept_.find(size); found != kept_.end()) {
    data = found->second;
    kept_.erase(found);
    keptBytes_ -= size;
  } else {
    data = driver_.allocate(size);
    if (data == nullptr && clear()) data = driver_.allocate(size);
  }
  if (data == nullptr) {
    const Driver::Room room = driver_.room();
    fail("OUT_OF_MEMORY", "cannot allocate ", bytes, " bytes on the device 'cuda': it has ", room.total,
         " bytes, of which ", room.free, " are free, and saccade holds ", takenBytes_);
  }
  takenBytes_ += size;
  return data;
}

void Blocks::give(char* data, int64_t bytes) {
  const int64_t size = rounded(bytes);
  const std::lock_guard lock(mutex_);
  takenBytes_ -= size;
  if (keptBytes_ + size > mostKept_) {
    driver_.release(data);
    return;
  }
  kept_.emplace(size, data);
  keptBytes_ += size;
}

}  // namespace saccade::cuda
