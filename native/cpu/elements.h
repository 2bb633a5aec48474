// Applies a loop over dense memory to strided views, for unary, binary, where and conversions. Elements that
// are not dense are copied to and from small buffers, so that an element's bits do not depend on strides.
#pragma once
#include "simd.h"
#include "strided.h"

namespace saccade {
namespace {

// Computes n dense elements of the output from dense elements of the inputs.
using Loop = void (*)(char* out, const char* const* in, int64_t n, float parameter);

// Elements of a buffer.
constexpr int64_t kChunk = 256;
// Rows (runs along the innermost axis) of up to this length are computed several at a time.
constexpr int64_t kShortRow = 64;

template <int N>
inline bool hasShortRows(const Walk<N>& walk) {
  return walk.rank > 1 && walk.inner() <= kShortRow;
}

template <int Inputs>
inline int64_t elementTiles(const Call& call) {
  const int64_t elements = elementsOf(call.view[0]);
  if (elements == 0) return 0;
  const Walk<Inputs + 1> walk = walkOver<Inputs + 1>(call);
  if (!hasShortRows(walk)) return ceilDivide(elements, kTileElements);
  return ceilDivide(elements / walk.inner(), kTileElements / walk.inner());
}

// Stores past the cache the bytes that fill whole vectors, and the rest through it.
inline void streamRun(char* out, const char* in, int64_t bytes) {
  constexpr int64_t kBytes = sizeof(F);
  int64_t i = 0;
  if (streamable(out)) {
    for (; i + kBytes <= bytes; i += kBytes)
      stream(reinterpret_cast<float*>(out + i), load(reinterpret_cast<const float*>(in + i)));
  }
  __builtin_memcpy(out + i, in + i, static_cast<size_t>(bytes - i));
}

// pastLoop: like loop, but stores past the cache, to a streamable() address; if null, a buffer is used
// instead.
template <int N>
inline void forLongRows(const Walk<N>& walk, int64_t elements, int64_t tile, Loop loop, Loop pastLoop,
                        float parameter) {
  alignas(64) char buffer[N][kChunk * 8];
  bool dense = true;
  for (int v = 0; v < N; v++) dense = dense && walk.isDense(v);
  bool past = elements * walk.size[0] >= kPastCache && walk.isDense(0) && walk.rank == 1;
  if (past && pastLoop && dense && streamable(walk.data[0])) {
    loop = pastLoop;
    past = false;
  }
  const int64_t begin = tile * kTileElements, end = min(begin + kTileElements, elements);
  forRuns(walk, begin, end, [&](char* const* run, int64_t n) {
    const int64_t step = dense && !past ? n : min(n, kChunk);
    const char* in[N];
    for (int v = 1; v < N; v++) {
      if (walk.innerStride(v) == 0) copyRun(buffer[v], walk.size[v], run[v], 0, walk.size[v], step);
    }
    for (int64_t i = 0; i < n; i += step) {
      const int64_t count = min(n - i, step);
      for (int v = 1; v < N; v++) {
        const int64_t stride = walk.innerStride(v);
        in[v - 1] = walk.isDense(v) ? run[v] + i * stride : buffer[v];
        if (!walk.isDense(v) && stride != 0)
          copyRun(buffer[v], walk.size[v], run[v] + i * stride, stride, walk.size[v], count);
      }
      char* out = run[0] + i * walk.innerStride(0);
      loop(walk.isDense(0) && !past ? out : buffer[0], in, count, parameter);
      if (past) {
        streamRun(out, buffer[0], count * walk.size[0]);
      } else if (!walk.isDense(0)) {
        copyRun(out, walk.innerStride(0), buffer[0], walk.size[0], walk.size[0], count);
      }
    }
  });
  if (past) endStream();
}

template <int N>
inline void forShortRows(const Walk<N>& walk, int64_t elements, int64_t tile, Loop loop, float parameter) {
  alignas(64) char buffer[N][kChunk * 8];
  const int64_t inner = walk.inner(), group = kChunk / inner, perTile = kTileElements / inner;
  Walk<N> rows = walk;
  rows.rank--;
  // Contiguous rows need no buffer; a row that is repeated is copied to its buffer once.
  bool direct[N];
  for (int v = 0; v < N; v++) direct[v] = walk.isDense(v) && rows.innerStride(v) == inner * walk.size[v];
  const auto stage = [&](int v, const char* from, int64_t count) {
    for (int64_t row = 0; row < count; row++) {
      copyRun(buffer[v] + row * inner * walk.size[v], walk.size[v], from + row * rows.innerStride(v),
              walk.innerStride(v), walk.size[v], inner);
    }
  };
  const int64_t begin = tile * perTile, end = min(begin + perTile, elements / inner);
  forRuns(rows, begin, end, [&](char* const* run, int64_t n) {
    const char* in[N];
    for (int v = 1; v < N; v++) {
      if (rows.innerStride(v) == 0) stage(v, run[v], min(n, group));
    }
    for (int64_t i = 0; i < n; i += group) {
      const int64_t count = min(n - i, group);
      for (int v = 1; v < N; v++) {
        const char* from = run[v] + i * rows.innerStride(v);
        if (!direct[v] && rows.innerStride(v) != 0) stage(v, from, count);
        in[v - 1] = direct[v] ? from : buffer[v];
      }
      char* out = run[0] + i * rows.innerStride(0);
      loop(direct[0] ? out : buffer[0], in, count * inner, parameter);
      for (int64_t row = 0; row < count && !direct[0]; row++) {
        copyRun(out + row * rows.innerStride(0), walk.innerStride(0), buffer[0] + row * inner * walk.size[0],
                walk.size[0], walk.size[0], inner);
      }
    }
  });
}

// Computes one tile of view 0 from views 1..Inputs by `loop`, or by `pastLoop` if the output is stored past
// the cache.
template <int Inputs>
inline void forElements(const Call& call, int64_t tile, Loop loop, float parameter = 0,
                        Loop pastLoop = nullptr) {
  const Walk<Inputs + 1> walk = walkOver<Inputs + 1>(call);
  const int64_t elements = elementsOf(call.view[0]);
  if (hasShortRows(walk)) {
    forShortRows(walk, elements, tile, loop, parameter);
  } else {
    forLongRows(walk, elements, tile, loop, pastLoop, parameter);
  }
}

}  // namespace
}  // namespace saccade
