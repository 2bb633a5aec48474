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

// A count of lanes that the compiler knows to be all of them.
struct AllLanes {
  constexpr operator int64_t() const { return kLanes; }
};

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

// Calls body(first element, how many) for n elements by kLanes; the count is AllLanes for all but the last.
template <class Body>
inline void forLanes(int64_t n, Body body) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) body(i, AllLanes());
  if (i < n) body(i, n - i);
}

inline int64_t groupsOf(int64_t elements) {
  return ceilDivide(elements, kLanes);
}

// Combines leaf(first group, past the last group) over all leaves of so many groups. Op has the type
// Accumulator and combine(earlier, later).
template <class Op, int64_t kGroups = kLeafGroups, class Leaf>
inline typename Op::Accumulator combineLeaves(int64_t groups, Leaf leaf) {
  if (groups <= kGroups) return leaf(int64_t{0}, groups);
  typename Op::Accumulator stack[kLevels];
  int depth = 0;
  for (int64_t index = 0; index * kGroups < groups; index++) {
    const int64_t first = index * kGroups;
    typename Op::Accumulator sum = leaf(first, least(first + kGroups, groups));
    // A leaf with an odd index closes a pair, and as many larger pairs as its index ends in ones.
    for (int64_t pairs = index; pairs & 1; pairs >>= 1) sum = Op::combine(stack[--depth], sum);
    stack[depth++] = sum;
  }
  typename Op::Accumulator total = stack[--depth];
  while (depth > 0) total = Op::combine(stack[--depth], total);
  return total;
}

// One leaf of get(first), ..., get(end - 1); a full one as a tree, whose chain of additions is short.
template <class Op, class Get>
inline typename Op::Accumulator fullLeaf(int64_t first, Get get) {
  const auto pair = [&](int64_t g) { return Op::combine(get(g), get(g + 1)); };
  return Op::combine(Op::combine(pair(first), pair(first + 2)),
                     Op::combine(pair(first + 4), pair(first + 6)));
}
template <class Op, class Get>
inline typename Op::Accumulator partLeaf(int64_t first, int64_t end, Get get) {
  typename Op::Accumulator sum = get(first);
  while (++first < end) sum = Op::combine(sum, get(first));
  return sum;
}

// Whether a leaf has all its groups, and the last of them all its lanes.
inline bool isFullLeaf(int64_t first, int64_t end, int64_t elements) {
  return end - first == kLeafGroups && end * kLanes <= elements;
}

// Combines get(first element, how many) over n > 0 elements; the count is AllLanes where a leaf is full.
template <class Op, class Get>
inline typename Op::Accumulator combineElements(int64_t n, Get get) {
  return combineLeaves<Op>(groupsOf(n), [&](int64_t first, int64_t end) {
    if (isFullLeaf(first, end, n))
      return fullLeaf<Op>(first, [&](int64_t g) { return get(g * kLanes, AllLanes()); });
    return partLeaf<Op>(first, end,
                        [&](int64_t g) { return get(g * kLanes, least(n - g * kLanes, kLanes)); });
  });
}

struct Sum {
  using Accumulator = F;
  static F combine(F a, F b) { return a + b; }
};

// The same for rows of ordinary length: chains of kLeafGroups, in chains of as many chains, so that no stack
// is needed for the first thousand elements.
template <class Op, class Get>
inline typename Op::Accumulator combineChains(int64_t n, Get get) {
  constexpr int64_t kGroups = kLeafGroups * kLeafGroups;
  const auto chain = [&](int64_t first, int64_t end) {
    const int64_t whole = least(end, n / kLanes);
    if (first >= whole) return get(first * kLanes, n - first * kLanes);
    auto sum = get(first * kLanes, AllLanes());
    for (int64_t g = first + 1; g < whole; g++) sum = Op::combine(sum, get(g * kLanes, AllLanes()));
    return whole < end ? Op::combine(sum, get(whole * kLanes, n - whole * kLanes)) : sum;
  };
  return combineLeaves<Op, kGroups>(groupsOf(n), [&](int64_t first, int64_t end) {
    auto sum = chain(first, least(first + kLeafGroups, end));
    while ((first += kLeafGroups) < end)
      sum = Op::combine(sum, chain(first, least(first + kLeafGroups, end)));
    return sum;
  });
}

// The sum of get(first element, how many) over n > 0 elements: a vector of as many values, other lanes 0.
template <class Get>
inline float sumOf(int64_t n, Get get) {
  return sum(combineElements<Sum>(n, get));
}

}  // namespace
}  // namespace saccade
