// The order in which long sums are added up, fixed by their length alone.
//
// Elements stand in groups of kLanes, one a lane. kLeafGroups groups one after another make a leaf; leaves
// are combined pairwise (neighbours, then neighbours of those, ...); the lanes of what is left by halves. So
// the error grows with the logarithm of the length, and the order is the same whether the elements lie side
// by side in memory (a vector holds them) or each is a lane of its own row of many sums done at once.
#pragma once
#include "simd.h"
#include "strided.h"

namespace saccade {
namespace {

constexpr int64_t kLeafGroups = 8;
// Enough for 2^31 elements.
constexpr int kLevels = 28;

inline int64_t groupsOf(int64_t elements) {
  return ceilDivide(elements, kLanes);
}

// Combines leaf(first group, past the last group) over all leaves. Op has the type Accumulator and
// combine(earlier, later).
template <class Op, class Leaf>
inline typename Op::Accumulator combineLeaves(int64_t groups, Leaf leaf) {
  typename Op::Accumulator stack[kLevels];
  int depth = 0;
  for (int64_t index = 0; index * kLeafGroups < groups; index++) {
    const int64_t first = index * kLeafGroups;
    typename Op::Accumulator sum = leaf(first, least(first + kLeafGroups, groups));
    // A leaf with an odd index closes a pair, and as many larger pairs as its index ends in ones.
    for (int64_t pairs = index; pairs & 1; pairs >>= 1) sum = Op::combine(stack[--depth], sum);
    stack[depth++] = sum;
  }
  typename Op::Accumulator total = stack[--depth];
  while (depth > 0) total = Op::combine(stack[--depth], total);
  return total;
}

// load and store of the first n lanes, 1 <= n <= kLanes, that cost nothing extra for all of them.
inline F loadFirst(const float* p, int64_t n) {
  return n == kLanes ? load(p) : load(p, n);
}
inline void storeFirst(float* p, F v, int64_t n) {
  if (n == kLanes) {
    store(p, v);
  } else {
    store(p, v, n);
  }
}

struct Sum {
  using Accumulator = F;
  static F combine(F a, F b) { return a + b; }
};

// The sum of function(first element, how many) over n elements, n > 0: a vector of as many values, other
// lanes 0.
template <class Function>
inline float sumOf(int64_t n, Function function) {
  return sum(combineLeaves<Sum>(groupsOf(n), [&](int64_t group, int64_t end) {
    F total = zero();
    for (int64_t g = group; g < end; g++) {
      const int64_t first = g * kLanes;
      const F value = function(first, least(n - first, kLanes));
      total = g == group ? value : total + value;
    }
    return total;
  }));
}

}  // namespace
}  // namespace saccade
