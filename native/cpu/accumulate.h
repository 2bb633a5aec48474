// Sums of many elements, in an order that depends on their number only.
//
// Elements are taken in groups of kLanes, one a lane. kLeafGroups consecutive groups are a leaf; leaves are
// combined pairwise (neighbours, then neighbours of those, ...), and at last the lanes by halves. So the
// error grows with the logarithm of the length, and the order is the same whether the elements are contiguous
// (a vector holds those of one sum) or not (a vector holds one element of each of kLanes sums).
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

// load and store of the first n lanes, 1 <= n <= kLanes; as fast as load and store if n is AllLanes.
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

// Calls body(first element, count) for n elements, kLanes at a time; count is AllLanes for all but the last.
template <class Body>
inline void forLanes(int64_t n, Body body) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) body(i, AllLanes());
  if (i < n) body(i, n - i);
}

inline int64_t groupsOf(int64_t elements) {
  return ceilDivide(elements, kLanes);
}

// Combines leaf(first group, end) over all leaves of the groups. Op has the type Accumulator and
// combine(earlier, later).
template <class Op, int64_t kGroups = kLeafGroups, class Leaf>
inline typename Op::Accumulator combineLeaves(int64_t groups, Leaf leaf) {
  if (groups <= kGroups) return leaf(int64_t{0}, groups);
  typename Op::Accumulator stack[kLevels];
  int depth = 0;
  for (int64_t index = 0; index * kGroups < groups; index++) {
    const int64_t first = index * kGroups;
    typename Op::Accumulator sum = leaf(first, min(first + kGroups, groups));
    // A leaf with an odd index completes a pair, and one larger pair for each further 1 its index ends in.
    for (int64_t pairs = index; pairs & 1; pairs >>= 1) sum = Op::combine(stack[--depth], sum);
    stack[depth++] = sum;
  }
  typename Op::Accumulator total = stack[--depth];
  while (depth > 0) total = Op::combine(stack[--depth], total);
  return total;
}

// One leaf of get(first), ..., get(end - 1); a full one as a tree, for a short chain of additions.
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

// Combines get(first element, count) over n > 0 elements; count is AllLanes where a leaf is full.
template <class Op, class Get>
inline typename Op::Accumulator combineElements(int64_t n, Get get) {
  return combineLeaves<Op>(groupsOf(n), [&](int64_t first, int64_t end) {
    if (isFullLeaf(first, end, n))
      return fullLeaf<Op>(first, [&](int64_t g) { return get(g * kLanes, AllLanes()); });
    return partLeaf<Op>(first, end, [&](int64_t g) { return get(g * kLanes, min(n - g * kLanes, kLanes)); });
  });
}

struct Sum {
  using Accumulator = F;
  static F combine(F a, F b) { return a + b; }
};

// The same for rows of the usual lengths: chains of kLeafGroups groups, in chains of kLeafGroups chains, so
// that up to 64 groups need no stack.
template <class Op, class Get>
inline typename Op::Accumulator combineChains(int64_t n, Get get) {
  constexpr int64_t kGroups = kLeafGroups * kLeafGroups;
  const auto chain = [&](int64_t first, int64_t end) {
    const int64_t whole = min(end, n / kLanes);
    if (first >= whole) return get(first * kLanes, n - first * kLanes);
    auto sum = get(first * kLanes, AllLanes());
    for (int64_t g = first + 1; g < whole; g++) sum = Op::combine(sum, get(g * kLanes, AllLanes()));
    return whole < end ? Op::combine(sum, get(whole * kLanes, n - whole * kLanes)) : sum;
  };
  return combineLeaves<Op, kGroups>(groupsOf(n), [&](int64_t first, int64_t end) {
    auto sum = chain(first, min(first + kLeafGroups, end));
    while ((first += kLeafGroups) < end) sum = Op::combine(sum, chain(first, min(first + kLeafGroups, end)));
    return sum;
  });
}

// The sum of get(first element, count) over n > 0 elements: a vector of count values, the other lanes 0.
template <class Get>
inline float sumOf(int64_t n, Get get) {
  return sum(combineElements<Sum>(n, get));
}

}  // namespace
}  // namespace saccade
