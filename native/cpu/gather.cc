// gather: out[o, i, :] = table[o, index[i], :], for any type. Every index is checked before it is used.
#include "isa.h"
#include "strided.h"

namespace saccade {
namespace {

int64_t rowsPerTile(const View& out) {
  const int64_t rows = kTileElements / (out.dim[2] > 0 ? out.dim[2] : 1);
  return rows > 0 ? rows : 1;
}

int64_t tiles(const Call& call) {
  const View& out = call.view[0];
  return ceilDivide(out.dim[0] * out.dim[1], rowsPerTile(out));
}

int64_t scratch(const Call&) {
  return 0;
}

Status run(const Call& call, int64_t tile, char*) {
  const View &out = call.view[0], &table = call.view[1], &index = call.view[2];
  const int64_t size = bytesOf(out.dtype), all = out.dim[0] * out.dim[1];
  const int64_t begin = tile * rowsPerTile(out), end = begin + rowsPerTile(out);
  for (int64_t row = begin; row < all && row < end; row++) {
    const int64_t outer = row / out.dim[1], i = row % out.dim[1];
    const int64_t place = reinterpret_cast<const int32_t*>(index.data)[i * index.stride[0]];
    if (place < 0 || place >= table.dim[1]) return Status::indexOutOfRange;
    copyRun(out.data + (outer * out.stride[0] + i * out.stride[1]) * size, out.stride[2] * size,
            table.data + (outer * table.stride[0] + place * table.stride[1]) * size, table.stride[2] * size,
            size, out.dim[2]);
  }
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(gather);
constexpr Kernel SACCADE_KERNEL(gather){tiles, scratch, run};

}  // namespace saccade
