// convolution: out = activation(conv(in, w) + bias) + residual on [N, H, W, C], dense or grouped, as a matrix
// product whose rows are output pixels and whose depth is the window, (kh, kw, C / groups); the matrix of
// windows is never stored. A block computes a tile (tile.h) of a group.
#include "epilogue.h"
#include "gemm.h"
#include "kernel.h"
#include "packed.h"
#include "tile.h"
#include "types.h"
#include "walk.h"
#include "window.h"

namespace saccade::cuda {
namespace {

struct Arguments {
  Epilogue epilogue;
  View in, weights;
  PackedShape shape;  // of a group
  Window window;
  int64_t groups;
};

template <class T>
SACCADE_GLOBAL(kTileThreads)
void convolve(const Arguments arguments) {
  const View &out = arguments.epilogue.out, &residual = arguments.epilogue.residual, &from = arguments.in;
  const Window& window = arguments.window;
  const int64_t pixels = out.dim[0] * out.dim[1] * out.dim[2];
  const int64_t channels = from.dim[3] / arguments.groups, columns = out.dim[3] / arguments.groups;
  const int64_t rowTiles = tilesOf(pixels), columnTiles = tilesOf(columns);
  const Global<const T> in = globalOf<const T>(from);
  forBlocks(arguments.groups * rowTiles * columnTiles, [&](int64_t tile) {
    const int64_t group = tile / columnTiles / rowTiles;
    const int64_t row0 = tile / columnTiles % rowTiles * kTile, column0 = tile % columnTiles * kTile;
    const PackedMatrix weights(arguments.weights, arguments.shape, group);
    const TileSums sums = multiplyTile(
        arguments.shape.k,
        [&](int32_t row, int64_t k) {
          if (row0 + row >= pixels) return 0.0f;
          const Pixel pixel = Pixel::of(out, row0 + row);
          const int64_t c = group * channels + k % channels, tap = k / channels;
          const int64_t y = window.start(0, pixel.y) + tap / window.kernel[1] * window.dilation[0];
          const int64_t x = window.start(1, pixel.x) + tap % window.kernel[1] * window.dilation[1];
          if (y < 0 || y >= from.dim[1] || x < 0 || x >= from.dim[2]) return 0.0f;
          return toFloat(in.read(Pixel{pixel.n, y, x}.at(from) + c * from.stride[3]));
        },
        [&](int32_t column, int64_t k) {
          return column0 + column < columns ? weights.read(column0 + column, k) : 0.0f;
        });
    forSums(sums, [&](int32_t i, int32_t j, float sum) {
      const int64_t row = row0 + i, column = column0 + j, channel = group * columns + column;
      if (row >= pixels || column >= columns) return;
      const Pixel pixel = Pixel::of(out, row);
      arguments.epilogue.write<T>(sum * weights.scale(column), channel, pixel.at(out) + channel,
                                  pixel.at(residual) + channel);
    });
  });
}

}  // namespace

void launch_convolution(const Call& call, const Fault&, Launcher& launcher) {
  const View &out = call.view[0], &in = call.view[1];
  const auto groups = static_cast<int64_t>(call.attribute[8]);
  const auto precision = static_cast<Precision>(static_cast<int32_t>(call.attribute[10]));
  const Window window = Window::of(call.attribute);
  const Arguments arguments{
      {out, call.view[3], call.view[4], static_cast<Unary>(static_cast<int32_t>(call.attribute[9])), 1},
      in,
      call.view[2],
      PackedShape::of(window.kernel[0] * window.kernel[1] * (in.dim[3] / groups), out.dim[3] / groups,
                      precision),
      window,
      groups};
  const Grid grid =
      gridOf(groups * tilesOf(out.dim[0] * out.dim[1] * out.dim[2]) * tilesOf(out.dim[3] / groups));
  withFloat(out.dtype, [&](auto type) {
    launcher.launch(convolve<typename decltype(type)::type>, grid, kTileThreads, kTileSharedBytes, arguments);
  });
}

}  // namespace saccade::cuda
