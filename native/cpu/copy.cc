// copy: out = in, of any two dtypes (convert.h) and any strides.
//
// If the input is dense along the output's innermost axis, or along none, runs along that axis are copied one
// after another. If it is dense along another axis, the copy is a transposition: tiles are blocks of these
// two axes, so that both input and output use whole cache lines.
#include "../runtime/convert.h"
#include "elements.h"
#include "isa.h"
#include "simd.h"

namespace saccade {
namespace {

// Longest block along the output's innermost axis: 128 cache lines of the input fit into the first-level
// cache.
constexpr int64_t kBlock = 128;

template <class To, class From>
void loop(char* out, const char* const* in, int64_t n, float) {
  To* to = reinterpret_cast<To*>(out);
  const From* from = reinterpret_cast<const From*>(in[0]);
  for (int64_t i = 0; i < n; i++) to[i] = convert<To>(from[i]);
}

Loop loopOf(DType to, DType from) {
  return withType(to, [&](auto toType) {
    return withType(from, [&](auto fromType) -> Loop {
      return loop<typename decltype(toType)::type, typename decltype(fromType)::type>;
    });
  });
}

// The axis along which the input is dense, if the output is dense along the innermost axis and the input is
// not; else -1.
int32_t transposedAxis(const Walk<2>& walk) {
  if (!walk.isDense(0) || walk.isDense(1)) return -1;
  for (int32_t axis = 0; axis < walk.rank - 1; axis++) {
    if (walk.stride[1][axis] == walk.size[1]) return axis;
  }
  return -1;
}

// Blocks are ordered by plane, row, column; a tile has several small ones.
struct Blocks {
  int64_t columns, rows;            // of a block: along the innermost axis, along the transposed one
  int64_t columnBlocks, rowBlocks;  // of the plane
  int64_t count, perTile;
};

Blocks blocksOf(const Walk<2>& walk, int32_t axis) {
  Blocks blocks;
  blocks.columns = min(walk.inner(), kBlock);
  blocks.rows = min(kTileElements / 2 / blocks.columns, walk.dim[axis]);
  blocks.columnBlocks = ceilDivide(walk.inner(), blocks.columns);
  blocks.rowBlocks = ceilDivide(walk.dim[axis], blocks.rows);
  blocks.count = blocks.columnBlocks * blocks.rowBlocks;
  for (int32_t other = 0; other < walk.rank - 1; other++) {
    if (other != axis) blocks.count *= walk.dim[other];
  }
  blocks.perTile = ceilDivide(kTileElements / 4, blocks.rows * blocks.columns);
  return blocks;
}

// out[row][column] = in[column][row]; strides in bytes, of a row of out and of a column of in.
template <class T>
void transposePlain(char* out, int64_t outStride, const char* in, int64_t inStride, int64_t rows,
                    int64_t columns) {
  constexpr int64_t kSide = 16;
  for (int64_t r = 0; r < rows; r += kSide) {
    const int64_t rowEnd = min(r + kSide, rows);
    for (int64_t c = 0; c < columns; c += kSide) {
      const int64_t count = min(kSide, columns - c);
      for (int64_t row = r; row < rowEnd; row++) {
        copyStrided<T>(out + row * outStride + c * sizeof(T), sizeof(T), in + c * inStride + row * sizeof(T),
                       inStride, count);
      }
    }
  }
}

void transposeFloats(char* out, int64_t outStride, const char* in, int64_t inStride, int64_t rows,
                     int64_t columns) {
  if (rows < kLanes || columns < kLanes) {
    transposePlain<uint32_t>(out, outStride, in, inStride, rows, columns);
    return;
  }
  const int64_t wholeRows = rows / kLanes * kLanes, wholeColumns = columns / kLanes * kLanes;
  for (int64_t r = 0; r < wholeRows; r += kLanes) {
    for (int64_t c = 0; c < wholeColumns; c += kLanes) {
      F block[kLanes];
      for (int i = 0; i < kLanes; i++)
        block[i] = load(reinterpret_cast<const float*>(in + (c + i) * inStride) + r);
      transpose(block);
      for (int i = 0; i < kLanes; i++)
        store(reinterpret_cast<float*>(out + (r + i) * outStride) + c, block[i]);
    }
  }
  transposePlain<uint32_t>(out + wholeColumns * 4, outStride, in + wholeColumns * inStride, inStride,
                           wholeRows, columns - wholeColumns);
  transposePlain<uint32_t>(out + wholeRows * outStride, outStride, in + wholeRows * 4, inStride,
                           rows - wholeRows, columns);
}

void transposeBlock(int64_t size, char* out, int64_t outStride, const char* in, int64_t inStride,
                    int64_t rows, int64_t columns) {
  if (size == 4) {
    transposeFloats(out, outStride, in, inStride, rows, columns);
  } else if (size == 8) {
    transposePlain<uint64_t>(out, outStride, in, inStride, rows, columns);
  } else if (size == 2) {
    transposePlain<uint16_t>(out, outStride, in, inStride, rows, columns);
  } else {
    transposePlain<uint8_t>(out, outStride, in, inStride, rows, columns);
  }
}

void transposeTile(const Walk<2>& walk, int32_t axis, int64_t tile) {
  const Blocks blocks = blocksOf(walk, axis);
  const int64_t begin = tile * blocks.perTile, end = min(begin + blocks.perTile, blocks.count);
  const int64_t size = walk.size[0], outStride = walk.stride[0][axis], inStride = walk.innerStride(1);
  int64_t column = begin % blocks.columnBlocks, row = begin / blocks.columnBlocks % blocks.rowBlocks;
  int64_t plane = begin / blocks.columnBlocks / blocks.rowBlocks;
  int64_t index[kMaxRank] = {};
  char *out = walk.data[0], *in = walk.data[1];
  for (int32_t other = walk.rank - 2; other >= 0; other--) {
    if (other == axis) continue;
    index[other] = plane % walk.dim[other];
    plane /= walk.dim[other];
    out += index[other] * walk.stride[0][other];
    in += index[other] * walk.stride[1][other];
  }
  for (int64_t block = begin; block < end; block++) {
    const int64_t firstRow = row * blocks.rows, firstColumn = column * blocks.columns;
    transposeBlock(size, out + firstRow * outStride + firstColumn * size, outStride,
                   in + firstRow * size + firstColumn * inStride, inStride,
                   min(walk.dim[axis] - firstRow, blocks.rows),
                   min(walk.inner() - firstColumn, blocks.columns));
    // Incremented, as a division for each axis would take longer than a small block.
    if (++column < blocks.columnBlocks) continue;
    column = 0;
    if (++row < blocks.rowBlocks) continue;
    row = 0;
    for (int32_t other = walk.rank - 2; other >= 0; other--) {
      if (other == axis) continue;
      out += walk.stride[0][other];
      in += walk.stride[1][other];
      if (++index[other] < walk.dim[other]) break;
      index[other] = 0;
      out -= walk.stride[0][other] * walk.dim[other];
      in -= walk.stride[1][other] * walk.dim[other];
    }
  }
}

int64_t tiles(const Call& call) {
  if (elementsOf(call.view[0]) == 0) return 0;
  if (call.view[0].dtype == call.view[1].dtype) {
    const Walk<2> walk = walkOver<2>(call);
    const int32_t axis = transposedAxis(walk);
    if (axis < 0) return ceilDivide(elementsOf(call.view[0]), kTileElements);
    const Blocks blocks = blocksOf(walk, axis);
    return ceilDivide(blocks.count, blocks.perTile);
  }
  return elementTiles<1>(call);
}

int64_t scratch(const Call&) {
  return 0;
}

Status run(const Call& call, int64_t tile, char*) {
  if (call.view[0].dtype != call.view[1].dtype) {
    forElements<1>(call, tile, loopOf(call.view[0].dtype, call.view[1].dtype));
    return Status::ok;
  }
  const Walk<2> walk = walkOver<2>(call);
  const int32_t axis = transposedAxis(walk);
  if (axis >= 0) {
    transposeTile(walk, axis, tile);
    return Status::ok;
  }
  const int64_t begin = tile * kTileElements, all = elementsOf(call.view[0]);
  const int64_t end = min(begin + kTileElements, all);
  forRuns(walk, begin, end, [&](char* const* run, int64_t n) {
    copyRun(run[0], walk.innerStride(0), run[1], walk.innerStride(1), walk.size[0], n);
  });
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(copy);
constexpr Kernel SACCADE_KERNEL(copy){tiles, scratch, run};

}  // namespace saccade
