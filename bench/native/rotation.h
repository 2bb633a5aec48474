// The same layer again and again, each time on the next of several sets of memory, so that a call finds in
// the cache what it would find there in a model, and no more.
#pragma once
#include <stdint.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "line.h"
#include "sequence.h"

namespace saccade::bench {

// Sets of `bytes` that together are surely past the cache.
inline int64_t coldSets(int64_t bytes) {
  constexpr int64_t kMost = 1024;
  return std::clamp<int64_t>((Machine::coldBytes() + bytes - 1) / bytes, 1, kMost);
}

// Sets of memory for activations that another layer has just written: in the cache, but not in the core's
// own.
constexpr int64_t kWarmSets = 4;

// This library as a contender: add(sequence, set) adds the instructions of one call. All sets have their turn
// before one comes again.
template <class Add>
Contender takingTurns(int64_t sets, int64_t calls, int32_t threads, Add add) {
  auto programs = std::make_shared<std::vector<Sequence>>();
  for (int64_t call = 0; call < std::max(sets, calls); call += calls) {
    Sequence sequence;
    for (int64_t i = 0; i < calls; ++i) add(sequence, (call + i) % sets);
    sequence.finish();
    programs->push_back(std::move(sequence));
  }
  return {"saccade", [programs, threads](int64_t round) {
            (*programs)[static_cast<size_t>(round) % programs->size()].run(threads);
          }};
}

}  // namespace saccade::bench
