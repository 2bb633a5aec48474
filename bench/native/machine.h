// What the machine can do, measured whenever it is asked: on a shared machine it is not the same from one
// second to the next, so every figure is compared with a peak of its own moment.
#pragma once
#include <stdint.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "../../native/runtime/block.h"
#include "loops.h"

namespace saccade::bench {

enum class Peak : int32_t {
  float32,     // fused multiply-adds (generic: a product and a sum)
  bfloat16,    // dot products of pairs, summed in float32
  int8,        // dot products of quads (without VNNI: of widened pairs), summed in int32
  copy,        // of arrays far past the cache, with stores that go by the cache; bytes read and written
  plainCopy,   // the same with ordinary stores, which read what they overwrite
  cachedCopy,  // between two arrays in the second-level cache
  read,        // of an array far past the cache
  count
};

const char* nameOf(Peak peak);
bool isBandwidth(Peak peak);

class Machine {
 public:
  Machine();

  // Operations or bytes a second, of a burst of some milliseconds or, of bandwidths, of once through the
  // arrays; the threads are awake when it begins. Only of a peak that is not missing.
  double measure(Peak peak, int32_t threads);
  // The first measurement there was of it: to plan by.
  double usual(Peak peak, int32_t threads);
  // Null, or why the peak cannot be measured here.
  const char* missing(Peak peak) const;

  // 1, and as many as there are cores.
  std::vector<int32_t> threadCounts() const;
  // Bytes of the last-level cache, and bytes that are surely past it.
  static int64_t cacheBytes();
  static int64_t coldBytes() { return 4 * cacheBytes(); }
  // Bytes of an array that streams: so many that what is still in the cache when it begins again hardly
  // counts.
  static int64_t streamBytes() { return std::max(6 * cacheBytes(), int64_t{192} << 20); }

 private:
  struct Burst;

  Burst burstOf(Peak peak, int32_t threads);
  void calibrate();

  Loop loops_[3];
  int64_t steps_[3];  // of a tile
  Block from_, to_;   // streamBytes() each
  std::map<std::pair<Peak, int32_t>, double> usual_;
};

}  // namespace saccade::bench
