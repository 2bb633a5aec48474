// The innermost loop of gemm, convolution and attention: a block of C, kept in registers, grows by the outer
// product of a column of A and a row of B, for each k in turn.
//
//   C[rows x vectors * kLanes]  =  or  +=   A[rows x k]  @  B[k x vectors * kLanes]
//
// Registers:  AVX-512, 32: 6 x 4 sums + 4 of B + 1 of A = 29.   AVX2, 16: 6 x 2 sums + 2 of B + 1 of A = 15.
//             generic, 16 on x86-64: 6 x 2 sums + 2 of B + 1 of A + 1 for the product, as there is no fused
//             add.
// 24 (12) independent sums hide the latency of 4 cycles of two multipliers with room to spare. A step of k
// reads 6 numbers of A and 256 (64) bytes of B for 24 (12) multiply-adds, so loads stay below what two ports
// can do, and B may come from the second-level cache.
//
// Narrow precisions (narrow.h) keep that shape: a multiply-add then takes two or four numbers of each lane.
//
// Same bits: whatever the rows and vectors of the call, an element of C is one chain of multiply-adds over k.
// Callers cut k at multiples of kBlockK only, and add the chains in order. So an element's bits depend on its
// row of A, its column of B and k, and never on its neighbours.
#pragma once
#include "half.h"
#include "narrow.h"

namespace saccade {
namespace {

constexpr int kMicroRows = 6;
constexpr int kMicroVectors = kLanes == 16 ? 4 : 2;
constexpr int kMicroColumns = kMicroVectors * kLanes;

// A chain of k is at most this long: B's block (64 KiB at 64 columns) then fits the second-level cache beside
// A's rows, and the rounding error of a long sum grows with kBlockK + k / kBlockK instead of k. Narrow
// numbers go further with the same bytes and need it more, as the sums then wait for less.
constexpr int64_t kBlockK = 256;
constexpr int64_t kBlockKBfloat16 = 1024;
constexpr int64_t kBlockKInt8 = kByteProducts ? 2048 : 512;

// What a product multiplies. B holds, for each column, steps of kStepBytes with one or more rows of B in
// them; a step takes kWords words of A. load(p, word) gives what word `word` meets in kLanes columns.
//
// The Load... make the numbers of B float32, whatever they are stored as, and take a float32 of A a word.
struct LoadFloat32 {
  using Word = float;
  using Sum = float;
  using Vector = F;
  static constexpr int kWords = 1, kStepBytes = 4;
  // Whether A lies as its transpose does: its columns `aStride` apart, the rows of a column side by side.
  static constexpr bool kByColumns = false;
  static F load(const char* p, int) { return saccade::load(reinterpret_cast<const float*>(p)); }
  static F add(F sum, F a, F b) { return fma(a, b, sum); }
};
struct LoadFloat32ByColumns : LoadFloat32 {
  static constexpr bool kByColumns = true;
};
struct LoadFloat16 : LoadFloat32 {
  static constexpr int kStepBytes = 2;
  static F load(const char* p, int) { return loadFloat16(reinterpret_cast<const uint16_t*>(p)); }
};
struct LoadBfloat16 : LoadFloat32 {
  static constexpr int kWords = 2;
  static F load(const char* p, int word) {
    const I pair = saccade::load(reinterpret_cast<const int32_t*>(p));
    return floatOf(word == 0 ? pair << 16 : pair & broadcast(-0x10000));
  }
};
struct LoadInt8 : LoadFloat32 {
  static constexpr int kWords = 4;
  static F load(const char* p, int word) {
    const I quad = saccade::load(reinterpret_cast<const int32_t*>(p));
    return toFloat((quad << (24 - 8 * word)) >> 24);
  }
};

// Pairs of bfloat16 in A and B, sums in float32.
struct Bfloat16Pairs {
  using Word = int32_t;
  using Sum = float;
  using Vector = F;
  static constexpr int kWords = 1, kStepBytes = 4;
  static constexpr bool kByColumns = false;
  static I load(const char* p, int) { return saccade::load(reinterpret_cast<const int32_t*>(p)); }
  static F add(F sum, I a, I b) { return addBfloat16Pairs(sum, a, b); }
};

// Unsigned bytes of A, signed bytes of B, sums in int32: by fours where the instruction set has that, else
// widened to int16, of which a step takes two words: rows 0 and 2, rows 1 and 3.
struct ByteProducts {
  using Word = int32_t;
  using Sum = int32_t;
  using Vector = I;
  static constexpr int kWords = kByteProducts ? 1 : 2, kStepBytes = 4;
  static constexpr bool kByColumns = false;
  static I load(const char* p, [[maybe_unused]] int word) {
    const I quad = saccade::load(reinterpret_cast<const int32_t*>(p));
    if constexpr (kByteProducts) return quad;
    return word == 0 ? evenBytes(quad) : oddBytes(quad);
  }
  static I add(I sum, I a, I b) {
    if constexpr (kByteProducts) return addByteQuads(sum, a, b);
    return addInt16Pairs(sum, a, b);
  }
};

// What a call brings nearer on its way: a line of 64 bytes at `next` each step of k, for a later call to
// read, and at its start the place that the results of its rows will have. Waiting for memory is otherwise 3%
// of the time of a product whose weights come from memory, and 20% where k is short and results are many.
struct Ahead {
  const char* next;
  int64_t step;       // 64; or 0: nothing, and `next` is where the call works anyway
  const char* out;    // or null
  int64_t outStride;  // bytes
};

// a: rows `aStride` words apart, each of `words` consecutive ones, or by columns. panel: the steps of
// kVectors * kLanes columns, one after the other. c: rows `cStride` apart. `add`: C is added to; else it is
// written.
template <class Product, int kRows, int kVectors>
void microkernel(int64_t words, const typename Product::Word* a, int64_t aStride, const void* panel,
                 typename Product::Sum* c, int64_t cStride, bool add, Ahead ahead) {
  const char* b = static_cast<const char*>(panel);
  if (ahead.out) {
#pragma GCC unroll 8
    for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 8
      for (int j = 0; j < kVectors; j++)
        __builtin_prefetch(ahead.out + i * ahead.outStride + j * 4 * kLanes, 1);
    }
  }
  typename Product::Vector sums[kRows][kVectors];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; j++) sums[i][j] = typename Product::Vector{};
  }
  const auto multiply = [&](int64_t at, int word) __attribute__((always_inline)) {
    decltype(Product::load(b, 0)) row[kVectors];
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; j++) row[j] = Product::load(b + j * kLanes * Product::kStepBytes, word);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; i++) {
      const auto scalar = broadcast(Product::kByColumns ? a[at * aStride + i] : a[i * aStride + at]);
#pragma GCC unroll 8
      for (int j = 0; j < kVectors; j++) sums[i][j] = Product::add(sums[i][j], scalar, row[j]);
    }
  };
  int64_t at = 0;
  for (; at + Product::kWords <= words; at += Product::kWords) {
    __builtin_prefetch(ahead.next, 0, 2);
    ahead.next += ahead.step;
#pragma GCC unroll 4
    for (int word = 0; word < Product::kWords; word++) multiply(at + word, word);
    b += kVectors * kLanes * Product::kStepBytes;
  }
  // A last step that k does not fill; what B holds past it is not looked at.
  for (int word = 0; at + word < words; word++) multiply(at + word, word);
#pragma GCC unroll 8
  for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; j++) {
      auto* place = c + i * cStride + j * kLanes;
      store(place, add ? load(place) + sums[i][j] : sums[i][j]);
    }
  }
}

template <class Product>
using Microkernel = void (*)(int64_t words, const typename Product::Word* a, int64_t aStride,
                             const void* panel, typename Product::Sum* c, int64_t cStride, bool add,
                             Ahead ahead);

// One for each number of rows, from 1.
template <class Product, int kVectors>
constexpr Microkernel<Product> kMicrokernels[kMicroRows] = {
    microkernel<Product, 1, kVectors>, microkernel<Product, 2, kVectors>, microkernel<Product, 3, kVectors>,
    microkernel<Product, 4, kVectors>, microkernel<Product, 5, kVectors>, microkernel<Product, 6, kVectors>};

template <class Product, int kVectors = kMicroVectors>
const Microkernel<Product>* microkernels(int64_t vectors) {
  if constexpr (kVectors > 1) {
    if (vectors < kVectors) return microkernels<Product, kVectors - 1>(vectors);
  }
  return kMicrokernels<Product, kVectors>;
}

// Memory that is read after a panel, and where the panel's results go: see Ahead.
struct Soon {
  const char* next;
  int64_t nextBytes;
  const char* out;
  int64_t outStride;  // bytes
};

// The same for any number of rows: C = or += A @ panel, `columns` (a multiple of kLanes) wide.
template <class Product>
void multiplyPanel(int64_t rows, int64_t columns, int64_t words, const typename Product::Word* a,
                   int64_t aStride, const void* panel, typename Product::Sum* c, int64_t cStride, bool add,
                   Soon soon = {}) {
  const Microkernel<Product>* byRows = microkernels<Product>(columns / kLanes);
  const char* next = soon.next;
  for (int64_t row = 0; row < rows; row += kMicroRows) {
    const int64_t some = rows - row < kMicroRows ? rows - row : kMicroRows;
    typename Product::Sum* sums = c + row * cStride;
    const bool more = next < soon.next + soon.nextBytes;
    const Ahead ahead{more ? next : static_cast<const char*>(panel), more ? 64 : 0,
                      soon.out ? soon.out + row * soon.outStride : nullptr, soon.outStride};
    byRows[some - 1](words, a + row * (Product::kByColumns ? 1 : aStride), aStride, panel, sums, cStride, add,
                     ahead);
    next += words / Product::kWords * 64;
  }
}

}  // namespace
}  // namespace saccade
