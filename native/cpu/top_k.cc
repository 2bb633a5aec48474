// topK: out[outer..., :] = the int32 indices of the k largest elements of a row, the largest first; of equal
// ones the lower index first. NaN is larger than any number, as in PyTorch.
//
// A tile is one row. Its best k elements so far are a heap with the worst at the root: an element that is not
// better than the root, as nearly all of a long row, costs one comparison. In the end the heap is sorted in
// place.
#include "isa.h"
#include "strided.h"

namespace saccade {
namespace {

struct Candidate {
  float value;
  int32_t index;
};

bool isBetter(Candidate a, Candidate b) {
  const bool aNan = a.value != a.value, bNan = b.value != b.value;
  if (aNan != bNan) return aNan;
  if (!aNan && a.value != b.value) return a.value > b.value;
  return a.index < b.index;
}

// Moves the element at `at` down until none below it is worse.
void siftDown(Candidate* heap, int64_t size, int64_t at) {
  const Candidate moved = heap[at];
  for (int64_t child = 2 * at + 1; child < size; child = 2 * at + 1) {
    if (child + 1 < size && isBetter(heap[child], heap[child + 1])) child++;
    if (!isBetter(moved, heap[child])) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = moved;
}

// The k best of n elements, the best first.
void selectRow(Candidate* heap, int64_t k, const float* row, int64_t stride, int64_t n) {
  for (int64_t i = 0; i < k; i++) heap[i] = {row[i * stride], static_cast<int32_t>(i)};
  for (int64_t i = k / 2 - 1; i >= 0; i--) siftDown(heap, k, i);
  for (int64_t i = k; i < n; i++) {
    const float value = row[i * stride];
    // An equal element has a higher index than the root's, and is worse; NaN compares as false.
    if (value <= heap[0].value) continue;
    const Candidate candidate{value, static_cast<int32_t>(i)};
    if (!isBetter(candidate, heap[0])) continue;
    heap[0] = candidate;
    siftDown(heap, k, 0);
  }
  // The worst goes to the end of the heap, which shrinks.
  for (int64_t size = k - 1; size > 0; size--) {
    const Candidate worst = heap[0];
    heap[0] = heap[size];
    heap[size] = worst;
    siftDown(heap, size, 0);
  }
}

int64_t countOf(const Call& call) {
  const View& out = call.view[0];
  return out.dim[out.rank - 1];
}

int64_t tiles(const Call& call) {
  const int64_t k = countOf(call);
  return k == 0 ? 0 : elementsOf(call.view[0]) / k;
}

int64_t scratch(const Call& call) {
  return countOf(call) * static_cast<int64_t>(sizeof(Candidate));
}

Status run(const Call& call, int64_t tile, char* buffer) {
  const View &out = call.view[0], &in = call.view[1];
  const int32_t last = out.rank - 1;
  int64_t from = 0, to = 0, rest = tile;
  for (int32_t axis = last - 1; axis >= 0; axis--) {
    const int64_t i = rest % out.dim[axis];
    rest /= out.dim[axis];
    from += i * in.stride[axis];
    to += i * out.stride[axis];
  }
  const int64_t k = countOf(call);
  Candidate* best = reinterpret_cast<Candidate*>(buffer);
  selectRow(best, k, reinterpret_cast<const float*>(in.data) + from, in.stride[last], in.dim[last]);
  int32_t* indices = reinterpret_cast<int32_t*>(out.data) + to;
  for (int64_t i = 0; i < k; i++) indices[i * out.stride[last]] = best[i].index;
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(topK);
constexpr Kernel SACCADE_KERNEL(topK){tiles, scratch, run};

}  // namespace saccade
