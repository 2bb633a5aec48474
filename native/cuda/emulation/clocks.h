// Which accesses of threads are ordered by barriers. Each warp counts its time, and knows the time of others
// up to which their accesses came before its own (a vector clock). Time advances at each barrier.
#pragma once
#include <stdint.h>

#include <algorithm>
#include <array>

namespace saccade::emulation {

constexpr int32_t kMaxWarps = 32;
constexpr int32_t kLanes = 32;

using Times = std::array<uint32_t, kMaxWarps>;

inline void join(Times& into, const Times& from) {
  for (size_t i = 0; i < kMaxWarps; ++i) into[i] = std::max(into[i], from[i]);
}

// An access: by which thread, at what time of its warp. Time 0: none.
struct Stamp {
  uint32_t time = 0;
  int32_t thread = 0;
};

class Clocks {
 public:
  void reset() {
    for (Times& times : known_) times.fill(0);
    for (size_t warp = 0; warp < kMaxWarps; ++warp) known_[warp][warp] = 1;
  }

  Stamp now(int32_t thread) const {
    const auto warp = static_cast<size_t>(thread / kLanes);
    return {known_[warp][warp], thread};
  }

  // Whether the access came before what `thread` does now.
  bool ordered(const Stamp& access, int32_t thread) const {
    if (access.time == 0 || access.thread == thread) return true;
    const auto warp = static_cast<size_t>(thread / kLanes),
               other = static_cast<size_t>(access.thread / kLanes);
    return other == warp ? access.time < known_[warp][warp] : access.time <= known_[warp][other];
  }

  const Times& of(int32_t warp) const { return known_[static_cast<size_t>(warp)]; }
  // The warp learns of these times, and its own advances.
  void pass(int32_t warp, const Times& times) {
    const auto at = static_cast<size_t>(warp);
    join(known_[at], times);
    ++known_[at][at];
  }

 private:
  std::array<Times, kMaxWarps> known_;
};

}  // namespace saccade::emulation
