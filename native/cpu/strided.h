// Walks over strided views of equal dims, for kernels that treat every element alike. The axes are put in the
// order of the output's memory and merged where all views allow it, so the innermost runs are as long as the
// strides permit, whatever order the caller's axes have.
#pragma once
#include <stddef.h>

#include "../runtime/op.h"

namespace saccade {
namespace {

inline int64_t bytesOf(DType dtype) {
  return kDTypeBytes[static_cast<int32_t>(dtype)];
}

// Elements of a tile: tens of microseconds of work, little enough to stay in the second-level cache.
constexpr int64_t kTileElements = 32768;

constexpr int64_t least(int64_t a, int64_t b) {
  return a < b ? a : b;
}
constexpr int64_t ceilDivide(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

inline int64_t elementsOf(const View& view) {
  int64_t elements = 1;
  for (int32_t axis = 0; axis < view.rank; axis++) elements *= view.dim[axis];
  return elements;
}

// Whether an array is larger than caches are, so that whoever reads it next reads memory anyway. Written past
// the cache, without being read first, it takes a third less of the memory's time.
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

// Whether axis `a` of the walk is the outer continuation of axis `b` in every view.
template <int N>
inline bool continues(const Walk<N>& walk, int32_t a, int32_t b) {
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
  // Insertion by falling stride of the output.
  for (int32_t axis = from; axis < to; axis++) {
    if (views[0].dim[axis] == 1) continue;
    const int64_t outStride = views[0].stride[axis] * walk.size[0];
    int32_t place = walk.rank++;
    for (; place > 0 && walk.stride[0][place - 1] < outStride; place--) move(place, place - 1);
    walk.dim[place] = views[0].dim[axis];
    for (int v = 0; v < N; v++) walk.stride[v][place] = views[v].stride[axis] * walk.size[v];
  }
  if (walk.rank == 0) {
    walk.rank = 1;
    walk.dim[0] = 1;
    for (int v = 0; v < N; v++) walk.stride[v][0] = walk.size[v];
  }
  int32_t last = 0;
  for (int32_t axis = 1; axis < walk.rank; axis++) {
    if (continues(walk, last, axis)) {
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

// Calls body(pointers, n) for each innermost run of the elements [begin, end), counted in the walk's order.
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
    const int64_t left = walk.dim[last] - first, n = least(left, end - begin);
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
