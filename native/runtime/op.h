// The meaning of each op, on any device: its operands, its attributes and its result. check/ verifies
// operands by these rules. How a device computes an op (tiles, threads, grids, streams) is not known here.
//
// This file is included by units that are compiled for one instruction set. So it includes nothing but
// stdint: the linker could use a std template that was compiled for AVX-512 in code for any CPU.
#pragma once
#include <stdint.h>

namespace saccade {

constexpr int32_t kMaxRank = 8;
constexpr int32_t kMaxViews = 8;
constexpr int32_t kMaxAttributes = 24;

// clang-format off
// Element types. `packed` is opaque bytes made by the op `pack`.
#define SACCADE_DTYPES(X) X(float32, 4) X(float16, 2) X(bfloat16, 2) X(int64, 8) X(int32, 4) X(uint8, 1) X(bool_, 1) X(packed, 1)

// Ops. The output is the first view; "?" marks a view that may be absent. Arithmetic is float32 unless said
// otherwise. Strides are in elements and never negative; a broadcast axis has stride 0. Outputs have no stride 0
// on axes longer than 1. Attributes are doubles, in the order given. An output shares no memory with another view; but an
// operand of unary, binary, where and softmax, and a residual, may be the output itself (in place).
//
// Where a device has kernels for it (Formats::computes), the operands and the result of unary, binary, reduce, norm,
// gemm, attention, convolution, depthwise and pool may be float16 or bfloat16, all of one type; so is a residual.
// Biases, masks, weights of norms and of depthwise stay float32; sums and statistics are float32.
//
//  copy         out, in                      any shape, equal dims; converts between any two dtypes but packed
//                                            (float to integer truncates toward zero; to bool is != 0)
//  fill         out                          [value]
//  unary        out, in                      [kind in SACCADE_UNARY, parameter]  equal dims
//  binary       out, a, b                    [kind in SACCADE_BINARY]  equal dims; a and b both float32 or both
//                                            int32; comparisons and logical kinds write bool; logical kinds
//                                            read bool
//  where        out, condition(bool), a, b   equal dims
//  reduce       out, in                      [kind in SACCADE_REDUCE, r]  in = [outer..., r reduced axes],
//                                            out = [outer...]; argmax and argmin write the int32 index of the
//                                            first extreme over the flattened reduced axes
//  softmax      out, in                      [logarithm: 0|1]  over the last axis
//  norm         out, in, weight?, bias?      [mode: 0 layer, 1 rms, epsilon]  in, out = [N, S, G, C]; statistics
//                                            over S and C for each (N, G); weight, bias = [G, C].
//                                            Layer norm of rows is [rows, 1, 1, C]; group norm of NHWC is
//                                            [N, H*W, groups, C/groups]
//  topK         out, in                      over the last axis: out = int32 [outer..., k], in = float32 [outer..., n]: the
//                                            indices of the k <= n largest, the largest first; of equal ones the
//                                            lower index first. NaN is larger than any number
//  pack         out(packed), in              [precision in SACCADE_PRECISION]  in = [batch, K, N] of any float
//                                            dtype and strides; out = [Formats::packedBytes]
//  quantize     out(uint8), in               rows of in = [batch, M, K], K <= kMaxQuantizedK, in 8 bits for gemm: symmetric,
//                                            scale of a row = largest magnitude / 127; a row with NaN or an
//                                            infinity has the scale NaN. out = [batch, M, Formats::quantizedRowBytes]
//  gemm         out, a, b(packed), bias?, residual?
//                                            [K, N, batches of b (1 or the batch), activation in SACCADE_UNARY,
//                                            precision, scale]
//                                            out, a, residual = [batch, M, N|K]; bias = [N];
//                                            out = activation(scale * (a @ b) + bias) + residual.
//                                            Column stride of out, bias and residual is 1; a has any strides.
//                                            With int8 weights, a may also be quantize's output: sums are then
//                                            exact, and multiplied by the scales of row and column. With
//                                            bfloat16 weights the device may round a to bfloat16.
//                                            The activation takes no parameter. residual may be out.
//                                            An element's bits depend on its row of a, its column of b and K only
//  attention    out, q, k, v, mask?, keyLength?
//                                            [scale, causal: 0|1, window (0: none)]
//                                            out, q = [B, H, Nq, D|Dv]; k, v = [B, H, Nk, D|Dv]; column stride 1;
//                                            mask = float32 [B, H, Nq, Nk] of any strides, added to the scaled
//                                            scores; keyLength = int32 [B] of any stride: keys from there on do
//                                            not exist. With n = keyLength or Nk, query i has position n - Nq + i;
//                                            causal: it sees keys j <= position; window w: it sees keys with
//                                            |position - j| <= w. A row that sees no key is zeros. A key that a
//                                            query does not see, or that the mask hides with -infinity, does not
//                                            affect a bit of the row, not even if it is NaN
//  attentionWeights  out, q, k, mask?, keyLength?
//                                            [scale, causal, window, first, Nq]  out = [B, H, R, Nk]; q holds rows
//                                            first..first+R-1 of the Nq queries
//  convolution  out, in, w(packed), bias?, residual?
//                                            [kh, kw, stride h, stride w, pad top, pad left, dilation h, dilation w,
//                                            groups, activation, precision]  in = [N, H, W, C], out, residual =
//                                            [N, OH, OW, O]; w = pack of [groups, kh*kw*C/groups, O/groups];
//                                            bias = [O]; padding is zeros, also past the bottom and right edges;
//                                            activation and residual as in gemm; in has any strides
//  depthwise    out, in, w, bias?            [kh, kw, stride h, stride w, pad top, pad left, dilation h, dilation w,
//                                            activation]  w = [kh, kw, C]
//  pool         out, in                      [kind: 0 max, 1 average, kh, kw, stride h, stride w, pad top, pad left,
//                                            dilation h, dilation w, count padding: 0|1, ceil extra h, ceil extra w]
//                                            average divides by the window's elements inside the padded input (as
//                                            torch does), with count padding 0 by those inside the input
//  gather       out, table, index            table = [outer, V, inner], index = int32 [I], out = [outer, I, inner];
//                                            out and table of any one dtype. An index outside 0..V-1 ends the run
//                                            with INDEX_OUT_OF_RANGE
//  update       out(in place), in, at        out = [outer, capacity, inner], in = [outer, n, inner], at = int32 [G]
//                                            with outer a multiple of G: at[g] is for the g-th outer / G outer rows;
//                                            writes rows at..at+n-1 of out, leaves the others. Rows outside out
//                                            end the run with INDEX_OUT_OF_RANGE
//  resample     out, in                      [Filter, length, offset, size, first]  uint8 [outer, n, inner]: in has n
//                                            positions, from `offset` on, of a middle axis of `length`; out has
//                                            those from `first` on of the `size` that the axis is resized to, with
//                                            the bits of Pillow's ImagingResample if in has all that they depend on
//
// Each with its number of views and of attributes.
#define SACCADE_OPS(X) \
  X(copy, 2, 0) X(fill, 1, 1) X(unary, 2, 2) X(binary, 3, 1) X(where, 4, 0) X(reduce, 2, 2) X(softmax, 2, 1) \
  X(norm, 4, 2) X(topK, 2, 0) X(pack, 2, 1) X(quantize, 2, 0) X(gemm, 5, 6) X(attention, 6, 3) X(attentionWeights, 5, 5) \
  X(convolution, 5, 11) X(depthwise, 4, 9) X(pool, 2, 12) X(gather, 3, 0) X(update, 3, 0) X(resample, 2, 5)

// Unary functions, and the activations of gemm and convolution (`identity` first: no activation).
// gelu is exact (erf), geluTanh the tanh form, quickGelu x*sigmoid(1.702x); leakyRelu, elu and power take `parameter`.
#define SACCADE_UNARY(X) \
  X(identity) X(relu) X(gelu) X(geluTanh) X(quickGelu) X(silu) X(sigmoid) X(tanh) X(relu6) X(hardSwish) \
  X(hardSigmoid) X(leakyRelu) X(elu) X(mish) X(softplus) X(exp) X(log) X(sqrt) X(rsqrt) X(reciprocal) X(negate) \
  X(absolute) X(square) X(erf) X(sine) X(cosine) X(floor) X(ceil) X(round) X(power) X(logicalNot)
#define SACCADE_BINARY(X) \
  X(add) X(subtract) X(multiply) X(divide) X(maximum) X(minimum) X(power) X(equal) X(notEqual) X(less) \
  X(lessEqual) X(greater) X(greaterEqual) X(logicalAnd) X(logicalOr)
#define SACCADE_REDUCE(X) X(sum) X(mean) X(max) X(min) X(argmax) X(argmin)
// How pack stores weights; sums are float32, or int32 for quantized rows. int8 is symmetric with one scale a column.
#define SACCADE_PRECISION(X) X(float32) X(bfloat16) X(float16) X(int8)
// clang-format on

#define SACCADE_NAME(name, ...) name,
enum class DType : int32_t { SACCADE_DTYPES(SACCADE_NAME) count };
enum class Op : int32_t { SACCADE_OPS(SACCADE_NAME) count };
enum class Unary : int32_t { SACCADE_UNARY(SACCADE_NAME) count };
enum class Binary : int32_t { SACCADE_BINARY(SACCADE_NAME) count };
enum class Reduce : int32_t { SACCADE_REDUCE(SACCADE_NAME) count };
enum class Precision : int32_t { SACCADE_PRECISION(SACCADE_NAME) count };
#undef SACCADE_NAME

// Pillow's filters of resample.
enum class Filter : int32_t { nearest, box, bilinear, hamming, bicubic, lanczos, count };

// With more columns, gemm's int32 sums of quantized rows (255 * 127 a column, and the offset) could overflow.
constexpr int64_t kMaxQuantizedK = 65536;

// Bytes of an element, in the order of DType.
constexpr int64_t kDTypeBytes[] = {
#define SACCADE_SIZE(name, size) size,
    SACCADE_DTYPES(SACCADE_SIZE)
#undef SACCADE_SIZE
};

// A strided view of memory. An absent optional view has rank -1.
struct View {
  char* data;
  DType dtype;
  int32_t rank;
  int64_t dim[kMaxRank];
  int64_t stride[kMaxRank];
};

// The operands of one instruction. `data` of every view is null until the instruction runs.
struct Call {
  View view[kMaxViews];
  double attribute[kMaxAttributes];
  int32_t views;
  int32_t attributes;
};

// What each device chooses for itself: the types it computes in, and sizes of what it stores in a format of
// its own.
struct Formats {
  // Whether it has kernels for activations of a 16-bit float type. Every device computes in float32.
  bool (*computes)(Op op, DType dtype);
  // Of pack's output for [batch, K, N], in bytes.
  int64_t (*packedBytes)(int64_t batch, int64_t k, int64_t n, Precision precision);
  // Of a row of quantize's output, in bytes; a multiple of 4.
  int64_t (*quantizedRowBytes)(int64_t k);
};

// In an anonymous namespace for the reason given at the top.
namespace {

constexpr bool isAbsent(const View& view) {
  return view.rank < 0;
}

// Whether the elements of a row (along the last axis) are next to each other.
constexpr bool isDense(const View& view) {
  return view.stride[view.rank - 1] == 1 || view.dim[view.rank - 1] == 1;
}

}  // namespace
}  // namespace saccade
