// Iteration over strided views of equal dims, for kernels that treat all elements alike. Axes are sorted by
// the output's strides and merged where all views allow it, so that innermost runs are as long as possible
// for any order of the axes.
#pragma once
#include <stddef.h>

#include "../runtime/op.h"
#include "integer.h"

namespace saccade {
namespace {

inline int64_t bytesOf(DType dtype) {
  return kDTypeBytes[static_cast<int32_t>(dtype)];
}

// Elements of a tile: tens of microseconds of work, and few enough for the second-level cache.
constexpr int64_t kTileElements = 32768;

inline int64_t elementsOf(const View& view) {
  int64_t elements = 1;
  for (int32_t axis = 0; axis < view.rank; axis++) elements *= view.dim[axis];
  return elements;
}

// Arrays from this size on are larger than the cache, so that they are read from memory later anyway. Storing
// them past the cache, without reading their lines first, saves a third of the memory traffic.
constexpr int64_t kPastCache = int64_t{1} << 25;  // bytes

inline bool isPastCache(const View& view) {
  return elementsOf(view) * bytesOf(view.dtype) >= kPastCache;
}

// N views with their common dims; strides and sizes in bytes. At least one axis.
template <int N>
struct Walk {
  int32_t rank;
  int64_t dim[kMaxRank];
  int64_t stride[N][kMaxRank];
  int64_t size[N];
  char* data[N];

  int64_t inner() const { return dim[rank - 1]; }
  int64_t innerStride(int view) const { return stride[view][rank - 1]; }
  bool isDense(int view) const { return innerStride(view) == size[view]; }
};

// Whether axes `a` and `b` can be merged, `a` being the outer one.
template <int N>
inline bool mergeable(const Walk<N>& walk, int32_t a, int32_t b) {
  for (int v = 0; v < N; v++) {
    if (walk.stride[v][a] != walk.stride[v][b] * walk.dim[b]) return false;
  }
  return true;
}

// Over axes [from, to) of the views.
template <int N>
inline Walk<N> walkOver(const View* views, int32_t from, int32_t to) {
  Walk<N> walk;
  walk.rank = 0;
  for (int v = 0; v < N; v++) {
    walk.size[v] = bytesOf(views[v].dtype);
    walk.data[v] = views[v].data;
  }
  const auto move = [&](int32_t target, int32_t source) {
    walk.dim[target] = walk.dim[source];
    for (int v = 0; v < N; v++) walk.stride[v][target] = walk.stride[v][source];
  };
  // Insertion sort by descending stride of the output.
  for (int32_t axis = from; axis < to; axis++) {
    if (views[0].dim[axis] == 1) continue;
    const int64_t outStride = views[0].stride[axis] * walk.size[0];
    int32_t at = walk.rank++;
    for (; at > 0 && walk.stride[0][at - 1] < outStride; at--) move(at, at - 1);
    walk.dim[at] = views[0].dim[axis];
    for (int v = 0; v < N; v++) walk.stride[v][at] = views[v].stride[axis] * walk.size[v];
  }
  if (walk.rank == 0) {
    walk.rank = 1;
    walk.dim[0] = 1;
    for (int v = 0; v < N; v++) walk.stride[v][0] = walk.size[v];
  }
  int32_t last = 0;
  for (int32_t axis = 1; axis < walk.rank; axis++) {
    if (mergeable(walk, last, axis)) {
      const int64_t merged = walk.dim[last] * walk.dim[axis];
      move(last, axis);
      walk.dim[last] = merged;
    } else {
      move(++last, axis);
    }
  }
  walk.rank = last + 1;
  return walk;
}

template <int N>
inline Walk<N> walkOver(const Call& call) {
  return walkOver<N>(call.view, 0, call.view[0].rank);
}

// Calls body(pointers, n) for each innermost run of the elements [begin, end), in the order of the walk's
// axes.
template <int N, class Body>
inline void forRuns(const Walk<N>& walk, int64_t begin, int64_t end, Body body) {
  const int32_t last = walk.rank - 1;
  int64_t index[kMaxRank] = {};
  char* row[N];
  for (int v = 0; v < N; v++) row[v] = walk.data[v];
  int64_t rest = begin;
  for (int32_t axis = last; axis >= 0; axis--) {
    index[axis] = rest % walk.dim[axis];
    rest /= walk.dim[axis];
    for (int v = 0; v < N && axis < last; v++) row[v] += index[axis] * walk.stride[v][axis];
  }
  int64_t first = index[last];
  while (begin < end) {
    const int64_t left = walk.dim[last] - first, n = min(left, end - begin);
    char* run[N];
    for (int v = 0; v < N; v++) run[v] = row[v] + first * walk.stride[v][last];
    body(run, n);
    begin += n;
    first = 0;
    for (int32_t axis = last - 1; axis >= 0; axis--) {
      for (int v = 0; v < N; v++) row[v] += walk.stride[v][axis];
      if (++index[axis] < walk.dim[axis]) break;
      index[axis] = 0;
      for (int v = 0; v < N; v++) row[v] -= walk.stride[v][axis] * walk.dim[axis];
    }
  }
}

template <class T>
inline void copyStrided(char* to, int64_t toStride, const char* from, int64_t fromStride, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    *reinterpret_cast<T*>(to + i * toStride) = *reinterpret_cast<const T*>(from + i * fromStride);
  }
}

// n elements of `size` bytes from one stride to another, both in bytes.
inline void copyRun(char* to, int64_t toStride, const char* from, int64_t fromStride, int64_t size,
                    int64_t n) {
  if (toStride == size && fromStride == size) {
    __builtin_memcpy(to, from, static_cast<size_t>(n * size));
  } else if (size == 4) {
    copyStrided<uint32_t>(to, toStride, from, fromStride, n);
  } else if (size == 8) {
    copyStrided<uint64_t>(to, toStride, from, fromStride, n);
  } else if (size == 2) {
    copyStrided<uint16_t>(to, toStride, from, fromStride, n);
  } else {
    copyStrided<uint8_t>(to, toStride, from, fromStride, n);
  }
}

}  // namespace
}  // namespace saccade
