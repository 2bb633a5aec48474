// Views of equal dims that a kernel walks together. Axes that are contiguous in all of them are merged.
#pragma once
#include "../runtime/op.h"
#include "device/index.h"
#include "device/target.h"
#include "launch.h"

namespace saccade::cuda {

// The usual size of a block of a kernel that computes elements on their own.
constexpr int32_t kElementThreads = 256;

// The position of an element in each of N views, in elements.
template <int32_t N>
struct Positions {
  int64_t at[N];
  SACCADE_DEVICE int64_t operator[](int32_t v) const { return at[v]; }
};

template <int32_t N>
struct Walk {
  int32_t rank = 0;
  int64_t elements = 1;
  int64_t dim[kMaxRank];
  int64_t stride[N][kMaxRank];

  // Of the i-th element in row-major order.
  SACCADE_DEVICE Positions<N> positions(int64_t i) const {
    Positions<N> result{};
    for (int32_t axis = rank - 1; axis >= 0; --axis) {
      const int64_t index = i % dim[axis];
      i /= dim[axis];
      for (int32_t v = 0; v < N; ++v) result.at[v] += index * stride[v][axis];
    }
    return result;
  }
};

// Over the axes from `begin` to `end` of N views.
template <int32_t N>
Walk<N> walkOver(const View* views, int32_t begin, int32_t end) {
  Walk<N> walk;
  for (int32_t axis = begin; axis < end; ++axis) {
    const int64_t dim = views[0].dim[axis];
    walk.elements *= dim;
    if (dim == 1) continue;
    bool follows = walk.rank > 0;
    for (int32_t v = 0; v < N && follows; ++v)
      follows = walk.stride[v][walk.rank - 1] == views[v].stride[axis] * dim;
    if (!follows) walk.dim[walk.rank++] = 1;
    walk.dim[walk.rank - 1] *= dim;
    for (int32_t v = 0; v < N; ++v) walk.stride[v][walk.rank - 1] = views[v].stride[axis];
  }
  return walk;
}

template <int32_t N>
Walk<N> walkOver(const Call& call) {
  return walkOver<N>(call.view, 0, call.view[0].rank);
}

// As many blocks as give each of `count` pieces of work one, if a grid can have them; kernels take further
// pieces in turns.
inline Grid gridOf(int64_t count) {
  return {static_cast<uint32_t>(count < kMaxGridX ? count : kMaxGridX), 1, 1};
}
inline Grid gridOfElements(int64_t elements) {
  return gridOf((elements + kElementThreads - 1) / kElementThreads);
}

// Calls body(i) for the elements of this thread.
template <class Body>
SACCADE_DEVICE void forElements(int64_t elements, Body body) {
  const int64_t step = int64_t{gridSize().x} * threadCount();
  for (int64_t i = int64_t{blockIndex().x} * threadCount() + threadIndex(); i < elements; i += step) body(i);
}

// Calls body(i) for the pieces of work of this block.
template <class Body>
SACCADE_DEVICE void forBlocks(int64_t count, Body body) {
  for (int64_t i = blockIndex().x; i < count; i += gridSize().x) body(i);
}

}  // namespace saccade::cuda
