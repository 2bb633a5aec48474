// depthwise: convolution of each channel with its own kh x kw window, on NHWC, vectorised over the channels.
//
// A tile is one output row of an image, or several small ones. In it, a span of output pixels of one vector
// of channels is summed at a time, over rows of the window, then taps, so that an output's bits do not depend
// on its position. The fast path, for strides 1 and 2 and windows 3, 5 and 7 wide, keeps a row of weights and
// the sums in registers, and loads each input once for all outputs of the span that use it:
//   7 weights + 8 sums + 1 input = 16 registers; at stride 1, 14 loads for 56 multiply-adds.
#include "math.h"
#include "pack.h"

namespace saccade {
namespace {

constexpr int64_t kLongestSpan = 8;
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
  plan.rows = min(max(kTileWork / rowWork, 1), out.dim[1]);
  plan.tilesOfImage = (out.dim[1] + plan.rows - 1) / plan.rows;
  return plan;
}

int64_t tiles(const Call& call) {
  return call.view[0].dim[0] * planOf(call).tilesOfImage;
}

int64_t scratch(const Call&) {
  return 0;
}

struct Views {
  const float *in, *w, *bias;
  float* out;
};

// The outputs x..x+count-1 of row y, channels c..c+lanes-1.
struct Span {
  int64_t y, x, count, c, lanes;
};

// Calls add(inputs at column 0, weights of tap 0) for each row of the window that is inside the image.
template <class Add>
void eachRow(const Call& call, const Plan& plan, const Views& at, const Span& span, Add add) {
  const View &in = call.view[1], &w = call.view[2];
  for (int64_t i = 0; i < plan.kh; i++) {
    const int64_t row = span.y * plan.strideH - plan.top + i * plan.dilationH;
    if (row < 0 || row >= in.dim[1]) continue;
    add(at.in + row * in.stride[1] + span.c, at.w + i * w.stride[0] + span.c);
  }
}

// Sums of a span. Taps on padding are skipped.
void sumTaps(const Call& call, const Plan& plan, const Views& at, const Span& span, F* sums) {
  const View &in = call.view[1], &w = call.view[2];
  for (int64_t t = 0; t < span.count; t++) sums[t] = zero();
  eachRow(call, plan, at, span, [&](const float* inputs, const float* weights) {
    for (int64_t t = 0; t < span.count; t++) {
      for (int64_t j = 0; j < plan.kw; j++) {
        const int64_t column = (span.x + t) * plan.strideW - plan.left + j * plan.dilationW;
        if (column < 0 || column >= in.dim[2]) continue;
        sums[t] = fma(load(inputs + column * in.stride[2], span.lanes),
                      load(weights + j * w.stride[1], span.lanes), sums[t]);
      }
    }
  });
}

// The same for kSpan outputs (the caller ignores those past the row's end) and a whole vector of channels.
// Output t uses input i with tap i - t * kStride; i grows, so each output adds its taps in order.
// kInside: whether all columns of the inputs are inside the image.
template <int kSpan, int kWidth, int kStride, bool kInside>
void sumLines(const Call& call, const Plan& plan, const Views& at, const Span& span, F* sums) {
  const View &in = call.view[1], &w = call.view[2];
  const int64_t first = span.x * kStride - plan.left;
  F local[kSpan];  // the compiler does not keep the caller's array in registers
#pragma GCC unroll 8
  for (int t = 0; t < kSpan; t++) local[t] = zero();
  eachRow(call, plan, at, span, [&](const float* inputs, const float* weights) {
    F taps[kWidth];
#pragma GCC unroll 8
    for (int j = 0; j < kWidth; j++) taps[j] = load(weights + j * w.stride[1]);
    const float* from = inputs + first * in.stride[2];
#pragma GCC unroll 32
    for (int i = 0; i < (kSpan - 1) * kStride + kWidth; i++) {
      if (!kInside && (first + i < 0 || first + i >= in.dim[2])) continue;
      const F v = load(from + i * in.stride[2]);
#pragma GCC unroll 8
      for (int t = 0; t < kSpan; t++) {
        const int tap = i - t * kStride;
        if (tap >= 0 && tap < kWidth) local[t] = fma(v, taps[tap], local[t]);
      }
    }
  });
#pragma GCC unroll 8
  for (int t = 0; t < kSpan; t++) sums[t] = local[t];
}

using Sum = void (*)(const Call&, const Plan&, const Views&, const Span&, F* sums);

// How spans are summed: `length` outputs at a time.
struct Method {
  int64_t length;
  Sum inside, anywhere;
  int64_t columns;  // inputs that `inside` reads
};

template <int kSpan, int kWidth, int kStride>
constexpr Method methodOf() {
  return {kSpan, sumLines<kSpan, kWidth, kStride, true>, sumLines<kSpan, kWidth, kStride, false>,
          (kSpan - 1) * kStride + kWidth};
}

// Rows of a length divisible by 7 are common: 7, 14, 28, 56 and 112 outputs of an image of 224.
template <int kWidth, int kStride>
Method bySpan(int64_t columns) {
  return columns % 7 == 0 ? methodOf<7, kWidth, kStride>() : methodOf<8, kWidth, kStride>();
}

template <int kWidth>
Method byStride(const Plan& plan, int64_t columns) {
  return plan.strideW == 1 ? bySpan<kWidth, 1>(columns) : bySpan<kWidth, 2>(columns);
}

Method chooseMethod(const Plan& plan, int64_t columns) {
  if (plan.strideW <= 2 && plan.dilationW == 1) {
    if (plan.kw == 3) return byStride<3>(plan, columns);
    if (plan.kw == 5) return byStride<5>(plan, columns);
    if (plan.kw == 7) return byStride<7>(plan, columns);
  }
  return {kLongestSpan, sumTaps, sumTaps, 0};
}

void runSpan(const Call& call, const Plan& plan, const Method& method, const Views& at, const Span& span) {
  const View &out = call.view[0], &in = call.view[1];
  const int64_t first = span.x * plan.strideW - plan.left;
  F sums[kLongestSpan];
  if (span.lanes < kLanes) {
    sumTaps(call, plan, at, span, sums);
  } else if (first >= 0 && first + method.columns <= in.dim[2]) {
    method.inside(call, plan, at, span, sums);
  } else {
    method.anywhere(call, plan, at, span, sums);
  }
  float* to = at.out + span.y * out.stride[1] + span.x * out.stride[2] + span.c;
  const F bias = at.bias ? load(at.bias + span.c, span.lanes) : zero();
  const auto write = [&](auto function) {
    for (int64_t t = 0; t < span.count; t++) {
      store(to + t * out.stride[2], function(at.bias ? sums[t] + bias : sums[t]), span.lanes);
    }
  };
  const Unary activation = static_cast<Unary>(attributeOf(call, 8));
  if (activation == Unary::identity) return write([](F v) { return v; });
  withUnary(activation,
            [&](auto kind) { write([](F v) { return activate<decltype(kind)::value>(v, zero()); }); });
}

Status run(const Call& call, int64_t tile, char*) {
  const View &out = call.view[0], &in = call.view[1], &bias = call.view[3];
  const Plan plan = planOf(call);
  const Method method = chooseMethod(plan, out.dim[2]);
  const int64_t image = tile / plan.tilesOfImage, first = tile % plan.tilesOfImage * plan.rows;
  const Views at{reinterpret_cast<const float*>(in.data) + image * in.stride[0],
                 reinterpret_cast<const float*>(call.view[2].data),
                 isAbsent(bias) ? nullptr : reinterpret_cast<const float*>(bias.data),
                 reinterpret_cast<float*>(out.data) + image * out.stride[0]};
  for (int64_t y = first; y < min(first + plan.rows, out.dim[1]); y++) {
    for (int64_t c = 0; c < out.dim[3]; c += kLanes) {
      const int64_t lanes = min(kLanes, out.dim[3] - c);
      for (int64_t x = 0; x < out.dim[2]; x += method.length) {
        runSpan(call, plan, method, at, {y, x, min(method.length, out.dim[2] - x), c, lanes});
      }
    }
  }
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(depthwise);
constexpr Kernel SACCADE_KERNEL(depthwise){tiles, scratch, run};

}  // namespace saccade
