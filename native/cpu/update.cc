// update: out[o, at + i, :] = in[o, i, :], in place; the other rows of out stay. For any type. `at` is one
// for all outer rows, or one for each of as many groups of them as it has elements; it is checked.
#include "isa.h"
#include "strided.h"

namespace saccade {
namespace {

int64_t rowsPerTile(const View& in) {
  const int64_t rows = kTileElements / (in.dim[2] > 0 ? in.dim[2] : 1);
  return rows > 0 ? rows : 1;
}

int64_t tiles(const Call& call) {
  const View& in = call.view[1];
  return ceilDivide(in.dim[0] * in.dim[1], rowsPerTile(in));
}

int64_t scratch(const Call&) {
  return 0;
}

Status run(const Call& call, int64_t tile, char*) {
  const View &out = call.view[0], &in = call.view[1], &at = call.view[2];
  const int32_t* offsets = reinterpret_cast<const int32_t*>(at.data);
  const int64_t group = out.dim[0] / at.dim[0];  // outer rows with the same offset
  const int64_t size = bytesOf(out.dtype), all = in.dim[0] * in.dim[1];
  const int64_t begin = tile * rowsPerTile(in), end = begin + rowsPerTile(in);
  for (int64_t row = begin; row < all && row < end; row++) {
    const int64_t outer = row / in.dim[1], i = row % in.dim[1];
    const int64_t offset = offsets[outer / group * at.stride[0]];
    if (offset < 0 || offset + in.dim[1] > out.dim[1]) return Status::indexOutOfRange;
    copyRun(out.data + (outer * out.stride[0] + (offset + i) * out.stride[1]) * size, out.stride[2] * size,
            in.data + (outer * in.stride[0] + i * in.stride[1]) * size, in.stride[2] * size, size, in.dim[2]);
  }
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(update);
constexpr Kernel SACCADE_KERNEL(update){tiles, scratch, run};

}  // namespace saccade
