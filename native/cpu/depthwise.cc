// depthwise: each channel by its own kh x kw window, on NHWC, vectorised over the channels.
//
// A tile is one output row of an image (or several, when rows are small). Within it, kSpan output pixels of
// one vector of channels are summed at a time, row of the window by row, tap by tap, so an output's bits do
// not depend on its place. The fast path, for stride 1 and windows 3, 5 and 7 wide, keeps a row of weights
// and the sums in registers and loads every input once for all the outputs it belongs to:
//   7 weights + 8 sums + 1 input = 16 registers; 21 loads for 56 multiply-adds.
#include "math.h"
#include "pack.h"

namespace saccade {
namespace {

constexpr int64_t kSpan = 8;
constexpr int64_t kTileWork = 1 << 17;  // multiply-adds

struct Plan {
  int64_t kh, kw, strideH, strideW, top, left, dilationH, dilationW;
  int64_t rows, tilesOfImage;  // output rows of a tile
};

int64_t attributeOf(const Call& call, int index) {
  return static_cast<int64_t>(call.attribute[index]);
}

Plan planOf(const Call& call) {
  const View& out = call.view[0];
  Plan plan;
  int64_t* const fields[] = {&plan.kh,  &plan.kw,   &plan.strideH,   &plan.strideW,
                             &plan.top, &plan.left, &plan.dilationH, &plan.dilationW};
  for (int i = 0; i < 8; i++) *fields[i] = attributeOf(call, i);
  const int64_t rowWork = out.dim[2] * out.dim[3] * plan.kh * plan.kw;
  plan.rows = smaller(larger(kTileWork / rowWork, 1), out.dim[1]);
  plan.tilesOfImage = (out.dim[1] + plan.rows - 1) / plan.rows;
  return plan;
}

int64_t tiles(const Call& call) {
  return call.view[0].dim[0] * planOf(call).tilesOfImage;
}

int64_t scratch(const Call&) {
  return 0;
}

// A row of inputs, a row of weights and one vector of channels.
struct Line {
  const float* in;  // the input at column 0
  int64_t inStride, inColumns;
  const float* w;  // the weight of tap 0
  int64_t wStride;
  int64_t lanes;
};

// sums[t] += window row over outputs x..x+count-1. Taps over padding are left out.
void addTaps(const Plan& plan, const Line& line, int64_t x, int64_t count, F* sums) {
  for (int64_t t = 0; t < count; t++) {
    for (int64_t j = 0; j < plan.kw; j++) {
      const int64_t column = (x + t) * plan.strideW - plan.left + j * plan.dilationW;
      if (column < 0 || column >= line.inColumns) continue;
      sums[t] = fma(load(line.in + column * line.inStride, line.lanes),
                    load(line.w + j * line.wStride, line.lanes), sums[t]);
    }
  }
}

// The same for kSpan outputs (those past the row's end go nowhere) and a whole vector of channels; stride and
// dilation 1. Input i meets output t by tap i - t; i grows, so each output takes its taps in order.
template <int kWidth>
void addLine(const Line& line, int64_t firstColumn, F* sums) {
  F w[kWidth];
#pragma GCC unroll 8
  for (int j = 0; j < kWidth; j++) w[j] = load(line.w + j * line.wStride);
  F local[kSpan];  // the compiler cannot keep `sums` in registers, as memory of another owner
#pragma GCC unroll 8
  for (int t = 0; t < kSpan; t++) local[t] = sums[t];
  const float* in = line.in + firstColumn * line.inStride;
#pragma GCC unroll 16
  for (int i = 0; i < kSpan + kWidth - 1; i++) {
    if (firstColumn + i < 0 || firstColumn + i >= line.inColumns) continue;
    const F v = load(in + i * line.inStride);
#pragma GCC unroll 8
    for (int t = 0; t < kSpan; t++) {
      if (i - t >= 0 && i - t < kWidth) local[t] = fma(v, w[i - t], local[t]);
    }
  }
#pragma GCC unroll 8
  for (int t = 0; t < kSpan; t++) sums[t] = local[t];
}

void addRow(const Plan& plan, const Line& line, int64_t x, int64_t count, F* sums) {
  if (plan.strideW == 1 && plan.dilationW == 1 && line.lanes == kLanes) {
    if (plan.kw == 3) return addLine<3>(line, x - plan.left, sums);
    if (plan.kw == 5) return addLine<5>(line, x - plan.left, sums);
    if (plan.kw == 7) return addLine<7>(line, x - plan.left, sums);
  }
  addTaps(plan, line, x, count, sums);
}

struct Views {
  const float *in, *w, *bias;
  float* out;
};

// Outputs x..x+count-1 of row y, channels c..c+lanes-1.
void sumSpan(const Call& call, const Plan& plan, const Views& at, int64_t y, int64_t x, int64_t count,
             int64_t c, int64_t lanes) {
  const View &out = call.view[0], &in = call.view[1], &w = call.view[2];
  F sums[kSpan];
  for (F& v : sums) v = zero();
  for (int64_t i = 0; i < plan.kh; i++) {
    const int64_t row = y * plan.strideH - plan.top + i * plan.dilationH;
    if (row < 0 || row >= in.dim[1]) continue;
    const Line line{at.in + row * in.stride[1] + c, in.stride[2], in.dim[2],
                    at.w + i * w.stride[0] + c,     w.stride[1],  lanes};
    addRow(plan, line, x, count, sums);
  }
  const Unary activation = static_cast<Unary>(attributeOf(call, 8));
  const F bias = at.bias ? load(at.bias + c, lanes) : zero();
  for (int64_t t = 0; t < count; t++) {
    F v = at.bias ? sums[t] + bias : sums[t];
    if (activation != Unary::identity) v = activate(activation, v, zero());
    store(at.out + y * out.stride[1] + (x + t) * out.stride[2] + c, v, lanes);
  }
}

Status run(const Call& call, int64_t tile, char*) {
  const View &out = call.view[0], &in = call.view[1], &bias = call.view[3];
  const Plan plan = planOf(call);
  const int64_t image = tile / plan.tilesOfImage, first = tile % plan.tilesOfImage * plan.rows;
  const Views at{reinterpret_cast<const float*>(in.data) + image * in.stride[0],
                 reinterpret_cast<const float*>(call.view[2].data),
                 isAbsent(bias) ? nullptr : reinterpret_cast<const float*>(bias.data),
                 reinterpret_cast<float*>(out.data) + image * out.stride[0]};
  for (int64_t y = first; y < smaller(first + plan.rows, out.dim[1]); y++) {
    for (int64_t c = 0; c < out.dim[3]; c += kLanes) {
      const int64_t lanes = smaller(kLanes, out.dim[3] - c);
      for (int64_t x = 0; x < out.dim[2]; x += kSpan) {
        sumSpan(call, plan, at, y, x, smaller(kSpan, out.dim[2] - x), c, lanes);
      }
    }
  }
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(depthwise);
constexpr Kernel SACCADE_KERNEL(depthwise){tiles, scratch, run};

}  // namespace saccade
