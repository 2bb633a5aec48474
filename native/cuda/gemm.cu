// gemm: out = activation(scale * (a @ b) + bias) + residual; a [batch, M, K] of any strides, b packed in any
// precision, sums in float32. A block computes a tile (tile.h). Rows in 8 bits: gemm_quantized.cu;
// 16-bit activations and weights: gemm_tensor.cu.
#include "epilogue.h"
#include "gemm.h"
#include "kernel.h"
#include "packed.h"
#include "tile.h"
#include "types.h"
#include "walk.h"

namespace saccade::cuda {
namespace {

template <class T>
SACCADE_GLOBAL(kTileThreads)
void gemm(const GemmArguments arguments) {
  const View &out = arguments.epilogue.out, &residual = arguments.epilogue.residual, &from = arguments.a;
  const int64_t m = out.dim[1], n = out.dim[2];
  const int64_t rowTiles = tilesOf(m), columnTiles = tilesOf(n);
  const Global<const T> a = globalOf<const T>(from);
  forBlocks(out.dim[0] * rowTiles * columnTiles, [&](int64_t tile) {
    const int64_t batch = tile / columnTiles / rowTiles;
    const int64_t row0 = tile / columnTiles % rowTiles * kTile, column0 = tile % columnTiles * kTile;
    const PackedMatrix b(arguments.b, arguments.shape, arguments.shared ? 0 : batch);
    const TileSums sums = multiplyTile(
        arguments.shape.k,
        [&](int32_t row, int64_t k) {
          if (row0 + row >= m) return 0.0f;
          return toFloat(a.read(batch * from.stride[0] + (row0 + row) * from.stride[1] + k * from.stride[2]));
        },
        [&](int32_t column, int64_t k) { return column0 + column < n ? b.read(column0 + column, k) : 0.0f; });
    forSums(sums, [&](int32_t i, int32_t j, float sum) {
      const int64_t row = row0 + i, column = column0 + j;
      if (row >= m || column >= n) return;
      arguments.epilogue.write<T>(sum * b.scale(column), column,
                                  batch * out.stride[0] + row * out.stride[1] + column,
                                  batch * residual.stride[0] + row * residual.stride[1] + column);
    });
  });
}

}  // namespace

void launch_gemm(const Call& call, const Fault&, Launcher& launcher) {
  const View &out = call.view[0], &a = call.view[1];
  const auto precision = static_cast<Precision>(static_cast<int32_t>(call.attribute[4]));
  const GemmArguments arguments{
      {out, call.view[3], call.view[4], static_cast<Unary>(static_cast<int32_t>(call.attribute[3])),
       static_cast<float>(call.attribute[5])},
      a,
      call.view[2],
      PackedShape::of(static_cast<int64_t>(call.attribute[0]), static_cast<int64_t>(call.attribute[1]),
                      precision),
      call.attribute[2] == 1};
  if (a.dtype == DType::uint8) return launchQuantized(arguments, launcher);
  if (launchTensor(arguments, launcher)) return;
  const Grid grid = gridOf(out.dim[0] * tilesOf(out.dim[1]) * tilesOf(out.dim[2]));
  withFloat(out.dtype, [&](auto type) {
    launcher.launch(gemm<typename decltype(type)::type>, grid, kTileThreads, kTileSharedBytes, arguments);
  });
}

}  // namespace saccade::cuda
