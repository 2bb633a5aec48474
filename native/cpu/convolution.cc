// convolution on NHWC as a matrix product: a row of A is the kh * kw * C/groups inputs in the window of one
// output pixel; B is the packed weights. A is never stored as a whole. Where a pixel has many channels, the
// product reads them in place, tap by tap, and a row of zeros for padding; else rows are gathered to scratch,
// one block of K at a time.
//
// A tile is a block of pixels of one image and one group, times a group of panels. Gathering costs about as
// much as the product with one panel, so a tile has as many panels as leave kMinTiles tiles.
#include "windows.h"

namespace saccade {
namespace {

constexpr int64_t kPixels = 48;
constexpr int64_t kMinTiles = 32;

struct Plan : Window {
  int64_t groups;
  PackedShape b;                  // weights of a group
  int64_t pixels, block, blocks;  // of an image; of a tile; tiles along the pixels
  int64_t panels, panelGroups;    // of a tile; tiles along the columns
  bool inPlace;
};

int64_t attributeOf(const Call& call, int index) {
  return static_cast<int64_t>(call.attribute[index]);
}

Plan planOf(const Call& call) {
  const View &out = call.view[0], &in = call.view[1];
  Plan plan;
  int64_t* const fields[] = {&plan.kh,   &plan.kw,        &plan.strideH,   &plan.strideW, &plan.top,
                             &plan.left, &plan.dilationH, &plan.dilationW, &plan.groups};
  for (int i = 0; i < 9; i++) *fields[i] = attributeOf(call, i);
  plan.channels = in.dim[3] / plan.groups;
  plan.b = {plan.kh * plan.kw * plan.channels, out.dim[3] / plan.groups,
            static_cast<Precision>(attributeOf(call, 10))};
  plan.pixels = out.dim[1] * out.dim[2];
  plan.blocks = (plan.pixels + kPixels - 1) / kPixels;
  plan.block = roundUp((plan.pixels + plan.blocks - 1) / plan.blocks, kMicroRows);
  plan.blocks = (plan.pixels + plan.block - 1) / plan.block;
  const int64_t tilesOfOnePanel = out.dim[0] * plan.groups * plan.blocks * plan.b.panels();
  plan.panels = min(max(tilesOfOnePanel / kMinTiles, 1), min(kTilePanels, plan.b.panels()));
  plan.panelGroups = (plan.b.panels() + plan.panels - 1) / plan.panels;
  plan.inPlace = plan.channels >= kMinInPlace && in.stride[3] == 1 && plan.b.precision == Precision::float32;
  return plan;
}

int64_t tiles(const Call& call) {
  const Plan plan = planOf(call);
  return call.view[0].dim[0] * plan.groups * plan.blocks * plan.panelGroups;
}

int64_t scratch(const Call& call) {
  const Plan plan = planOf(call);
  return 4 * (sumsSize(plan.block, plan.panels) + narrowSize(plan.block, plan.b.precision) +
              plan.block * kBlockK);
}

// Where pixels of an image are, from `pixel` on.
struct Pixels {
  float* image;
  int64_t width, rowStride, stride;
  bool isEven;  // whether all pixels are `stride` apart
  Pixels(const View& view, int64_t index, int64_t channel)
      : image(isAbsent(view) ? nullptr
                             : reinterpret_cast<float*>(view.data) + index * view.stride[0] + channel),
        width(view.dim[2]),
        rowStride(view.stride[1]),
        stride(view.stride[2]),
        isEven(rowStride == width * stride) {}
  float* operator()(int64_t pixel) const {
    if (isEven) return image + pixel * stride;
    return image + pixel / width * rowStride + pixel % width * stride;
  }
  Target from(int64_t pixel) const {
    if (!isEven) return {nullptr, 0};
    return {image + pixel * stride, stride};
  }
};

Status run(const Call& call, int64_t tile, char* scratch) {
  const View &out = call.view[0], &in = call.view[1], &bias = call.view[3], &residual = call.view[4];
  const Plan plan = planOf(call);
  // Tiles are ordered by image, group, block of pixels, group of panels.
  const int64_t panel = tile % plan.panelGroups * plan.panels;
  tile /= plan.panelGroups;
  const int64_t pixel = tile % plan.blocks * plan.block;
  tile /= plan.blocks;
  const int64_t group = tile % plan.groups, image = tile / plan.groups;
  const int64_t pixels = min(plan.block, plan.pixels - pixel);
  const int64_t panels = min(plan.panels, plan.b.panels() - panel);

  const char* b = call.view[2].data + group * plan.b.batchBytes();
  const float* from =
      reinterpret_cast<const float*>(in.data) + image * in.stride[0] + group * plan.channels * in.stride[3];
  float* sums = reinterpret_cast<float*>(scratch);
  float* narrow = sums + sumsSize(plan.block, plan.panels);
  float* rows = narrow + narrowSize(plan.block, plan.b.precision);
  Segment segments[kMaxSegments];
  const auto rowsAt = [&](int64_t k, int64_t length) -> Rows {
    if (plan.inPlace) {
      return segmentsOf(plan, {in, from, out.dim[2], pixel, pixels}, k, length, segments,
                        reinterpret_cast<const float**>(rows));
    }
    const Position start(plan, k);
    OutputPixel at(out.dim[2], pixel);
    for (int64_t i = 0; i < pixels; i++, at.next()) {
      gatherWindow(plan, in, from, at.y * plan.strideH - plan.top, at.x * plan.strideW - plan.left, start,
                   length, rows + i * kBlockK);
    }
    return {rows, kBlockK, nullptr, 0};
  };
  const int64_t channel = group * plan.b.n + panel * kMicroColumns;
  const Pixels outputs(out, image, channel), residuals(residual, image, channel);
  const auto finish = [&](int64_t done, const FloatSums& of) {
    const int64_t column = done * kMicroColumns;
    const Epilogue epilogue{
        1.0f, isAbsent(bias) ? nullptr : reinterpret_cast<const float*>(bias.data) + channel + column,
        static_cast<Unary>(attributeOf(call, 9))};
    finishPanel(
        of, pixels, min(kMicroColumns, plan.b.n - panel * kMicroColumns - column), epilogue,
        [&](int64_t i) { return outputs(pixel + i) + column; },
        [&](int64_t i) { return residuals.image ? residuals(pixel + i) + column : nullptr; });
  };
  multiplyTile(plan.b, b, pixels, panel, panels, rowsAt, narrow, outputs.from(pixel), sums, finish);
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(convolution);
constexpr Kernel SACCADE_KERNEL(convolution){tiles, scratch, run};

}  // namespace saccade
