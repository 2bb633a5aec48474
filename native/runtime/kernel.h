// What a kernel is: the one contract between the runtime, which knows no kernel by name, and native/cpu.
// Included by units compiled with instruction-set flags, so it is plain: no standard library beyond stdint
// (a std template instantiated in an AVX-512 unit could be merged by the linker into code an older CPU runs).
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace saccade {

constexpr int32_t kMaxRank = 8;
constexpr int32_t kMaxViews = 8;
constexpr int32_t kMaxAttributes = 24;

// clang-format off
// Element types. `packed` is opaque bytes made by the op `pack`.
#define SACCADE_DTYPES(X) X(float32, 4) X(float16, 2) X(bfloat16, 2) X(int64, 8) X(int32, 4) X(uint8, 1) X(bool_, 1) X(packed, 1)

// Ops. Views come output first; "?" marks a view that may be absent. All arithmetic is float32 unless said.
// Strides are in elements, never negative; a broadcast axis has stride 0. Outputs have no stride 0 on axes
// longer than 1. Attributes are doubles, in the order given.
//
//  copy         out, in                      any shape, equal dims; converts between any two of the dtypes
//                                            (float to integer truncates toward zero; to bool is != 0)
//  fill         out                          [value]
//  unary        out, in                      [kind in SACCADE_UNARY, parameter]  equal dims
//  binary       out, a, b                    [kind in SACCADE_BINARY]  equal dims; float32 or int32 (both alike);
//                                            comparisons and logical kinds write bool; logical kinds read bool
//  where        out, condition(bool), a, b   equal dims
//  reduce       out, in                      [kind in SACCADE_REDUCE, r]  in = [outer..., the r reduced axes],
//                                            out = [outer...]; argmax and argmin write int32, first of equals,
//                                            index over the flattened reduced axes
//  softmax      out, in                      [logarithm: 0|1]  over the last axis
//  norm         out, in, weight?, bias?      [mode: 0 layer, 1 rms, epsilon]  in, out = [N, S, G, C]; statistics
//                                            over S and C for each (N, G); weight, bias = [G, C].
//                                            Layer norm of rows is [rows, 1, 1, C]; group norm of NHWC is
//                                            [N, H*W, groups, C/groups]
//  pack         out(packed), in              [precision in SACCADE_PRECISION]  in = [batch, K, N] of any float
//                                            dtype, any strides; out.dim = [bytes] as packedBytes() says
//  quantize     out(uint8), in               rows of in = [batch, M, K], K <= 65536, made 8 bits for gemm, symmetric with
//                                            one scale a row; out = [batch, M, 64 + K rounded up to 64]: a row is
//                                            its scale (float32), and from byte 64 on 128 + nearest of number /
//                                            scale. A row with NaN or an infinity gets the scale NaN
//  gemm         out, a, b(packed), bias?, residual?
//                                            [K, N, batches of b (1 or the batch), activation in SACCADE_UNARY,
//                                            precision, scale]
//                                            out, a, residual = [batch, M, N|K]; bias = [N];
//                                            out = activation(scale * (a @ b) + bias) + residual.
//                                            Column stride of out, bias and residual is 1; a has any strides.
//                                            With weights in int8, a may also be what quantize wrote of it: sums
//                                            are then exact, and scaled by row and column. With weights in
//                                            bfloat16 the instruction set may have a rounded to bfloat16.
//                                            The activation is one that takes no parameter. residual may be out.
//                                            An element's bits depend on its row of a, its column of b and K alone
//  attention    out, q, k, v, mask?, keyLength?
//                                            [scale, causal: 0|1, window (0: none)]
//                                            out, q = [B, H, Nq, D|Dv]; k, v = [B, H, Nk, D|Dv]; column stride 1;
//                                            mask float32 added to the scaled scores, [B, H, Nq, Nk] with any
//                                            broadcast; keyLength int32 [B] (stride 0 allowed): keys at or past it
//                                            do not exist. With n = keyLength or Nk, query i stands at
//                                            n - Nq + i; causal: it sees keys j <= that place; window w: only keys
//                                            with |place - j| <= w. A row that sees no key gives zeros. A key
//                                            that is not seen, or that the mask hides with -infinity, has no
//                                            effect on a bit of the row, be it NaN or anything else
//  attentionWeights  out, q, k, mask?, keyLength?
//                                            [scale, causal, window, first, Nq]  out = [B, H, R, Nk], q holds only the
//                                            R asked rows, which stand at first..first+R-1 of the Nq queries
//  convolution  out, in, w(packed), bias?, residual?
//                                            [kh, kw, stride h, stride w, pad top, pad left, dilation h, dilation w,
//                                            groups, activation, precision]  in = [N, H, W, C], out, residual =
//                                            [N, OH, OW, O]; w = pack of [groups, kh*kw*C/groups, O/groups];
//                                            bias = [O]; padding is zeros; pixels past the input are padding;
//                                            activation and residual as in gemm; in has any strides
//  depthwise    out, in, w, bias?            [kh, kw, stride h, stride w, pad top, pad left, dilation h, dilation w,
//                                            activation]  w = [kh, kw, C]
//  pool         out, in                      [kind: 0 max, 1 average, kh, kw, stride h, stride w, pad top, pad left,
//                                            dilation h, dilation w, count padding: 0|1, ceil extra h, ceil extra w]
//                                            average divides by kh*kw less the places past the padded input (as
//                                            torch does); with count padding 0 by the places inside the input
//  gather       out, table, index            table = [outer, V, inner], index = int32 [I], out = [outer, I, inner];
//                                            any dtype of table = that of out. An index outside 0..V-1 is
//                                            Status::indexOutOfRange
//  update       out(in place), in, at        out = [outer, capacity, inner], in = [outer, n, inner], at = int32 [G]
//                                            with outer a multiple of G: at[g] is for the g-th outer / G outer rows;
//                                            writes rows at..at+n-1 of out, leaves the others
//  resample     out, in                      [filter: 0 nearest, 1 box, 2 bilinear, 3 hamming, 4 bicubic, 5 lanczos,
//                                            box start, box end]  uint8 [outer, length, inner] along the middle
//                                            axis, Pillow's ImagingResample arithmetic bit for bit
#define SACCADE_OPS(X) \
  X(copy) X(fill) X(unary) X(binary) X(where) X(reduce) X(softmax) X(norm) X(pack) X(quantize) X(gemm) \
  X(attention) X(attentionWeights) X(convolution) X(depthwise) X(pool) X(gather) X(update) X(resample)

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
// How pack stores weights; sums are float32, or int32 of quantized rows. int8 is symmetric with one scale a column.
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

enum class Status : int32_t { ok, indexOutOfRange };

// A strided view of memory. An absent optional view has rank -1.
struct View {
  char* data;
  DType dtype;
  int32_t rank;
  int64_t dim[kMaxRank];
  int64_t stride[kMaxRank];
};

// One instruction with its memory. While a program is checked, `data` of every view is null.
struct Call {
  View view[kMaxViews];
  double attribute[kMaxAttributes];
  int32_t views;
  int32_t attributes;
};

// A kernel splits its work into tiles that any threads may run in any order. The split depends on shapes
// alone, never on the number of threads, so the answer has the same bits for any of them.
struct Kernel {
  // Null when the views and attributes fit the kernel; else a static text that says what does not. Everything
  // that `run` relies on is checked here, once, before a program ever runs. (Bounds of views against their
  // buffers are the runtime's to check.)
  const char* (*check)(const Call&);
  int64_t (*tiles)(const Call&);
  // Bytes of private scratch a thread needs for a tile; given 64-byte aligned, content undefined.
  int64_t (*scratch)(const Call&);
  Status (*run)(const Call&, int64_t tile, char* scratch);
};

// All kernels of one instruction set, in the order of Op.
struct KernelTable {
  const char* isa;
  const Kernel* kernel[static_cast<int32_t>(Op::count)];
  // Bytes of pack's output for [batch, K, N].
  int64_t (*packedBytes)(int64_t batch, int64_t k, int64_t n, Precision precision);
};

}  // namespace saccade
