// The innermost loop of gemm, convolution and attention: for each k, the outer product of a column of A and a
// row of B is added to a block of C that stays in registers.
//
//   C[rows x vectors * kLanes]  =  or  +=   A[rows x k]  @  B[k x vectors * kLanes]
//
// Registers:  AVX-512, 32: 6 x 4 sums + 4 of B + 1 of A = 29.   AVX2, 16: 6 x 2 sums + 2 of B + 1 of A = 15.
//             generic, 16 on x86-64: 6 x 2 sums + 2 of B + 1 of A + 1 for the product, as there is no fused
//             multiply-add.
// 24 (12) independent sums are more than the 8 that hide a latency of 4 cycles on two multipliers. A step of
// k loads 6 elements of A and 256 (64) bytes of B for 24 (12) multiply-adds: fewer than two load ports can
// do, so B may be in the second-level cache.
//
// Narrow precisions (narrow.h) use the same loop: a multiply-add then takes two or four elements of each
// lane.
//
// Same bits: for any number of rows and vectors, an element of C is one chain of multiply-adds over k.
// Callers split k at multiples of kBlockK only, and add the chains in order. So an element's bits depend on
// its row of A, its column of B and k, and not on other elements.
#pragma once
#include "../runtime/half.h"
#include "narrow.h"

namespace saccade {
namespace {

constexpr int kMicroRows = 6;
constexpr int kMicroVectors = kLanes == 16 ? 4 : 2;
constexpr int kMicroColumns = kMicroVectors * kLanes;

// The longest chain of k: B's block (64 KiB at 64 columns) then fits into the second-level cache with A's
// rows, and the rounding error of a long sum grows with kBlockK + k / kBlockK instead of k. Narrow elements
// allow longer chains in the same bytes, and need them, as loading and storing the sums takes a larger part
// of their time.
constexpr int64_t kBlockK = 256;
constexpr int64_t kBlockKBfloat16 = 1024;
constexpr int64_t kBlockKInt8 = kByteProducts ? 2048 : 512;

// Element types of a product. B has, for each column, steps of kStepBytes with one or more rows of B in them;
// a step takes kWords words of A. load(p, word) loads what word `word` is multiplied by in kLanes columns.
//
// The Load... convert elements of B to float32; a word of A is a float32.
struct LoadFloat32 {
  using Word = float;
  using Sum = float;
  using Vector = F;
  static constexpr int kWords = 1, kStepBytes = 4;
  // Whether A is column-major: its columns `aStride` apart, the rows of a column next to each other.
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

// Unsigned bytes of A, signed bytes of B, sums in int32: four products at once where the instruction set has
// that; else widened to int16, of which a step takes two words: rows 0 and 2, rows 1 and 3.
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

// What a call prefetches: a cache line of 64 bytes at `next` in each step of k, for a later call to read, and
// at its start the lines that the results of its rows will be written to. Without, waiting for memory takes
// 3% of the time of a product whose weights are in memory, and 20% where k is short and there are many
// results.
struct Prefetch {
  const char* next;
  int64_t step;       // 64; or 0, to prefetch nothing: `next` is then an address that the call reads anyway
  const char* out;    // or null
  int64_t outStride;  // bytes
};

template <int kRows, int kVectors>
void prefetchOut(const Prefetch& prefetch) {
  if (!prefetch.out) return;
#pragma GCC unroll 8
  for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; j++)
      __builtin_prefetch(prefetch.out + i * prefetch.outStride + j * 4 * kLanes, 1);
  }
}

template <int kRows, int kVectors, class Vector, class Sum>
void storeSums(const Vector (&sums)[kRows][kVectors], Sum* c, int64_t cStride, bool add) {
#pragma GCC unroll 8
  for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; j++) {
      auto* out = c + i * cStride + j * kLanes;
      store(out, add ? load(out) + sums[i][j] : sums[i][j]);
    }
  }
}

// a: rows of `words` consecutive words, `aStride` words apart; or column-major. panel: the steps of kVectors
// * kLanes columns, one after the other. c: rows `cStride` apart. add: whether the product is added to C or
// replaces it.
template <class Product, int kRows, int kVectors>
void microkernel(int64_t words, const typename Product::Word* a, int64_t aStride, const void* panel,
                 typename Product::Sum* c, int64_t cStride, bool add, Prefetch prefetch) {
  const char* b = static_cast<const char*>(panel);
  prefetchOut<kRows, kVectors>(prefetch);
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
    __builtin_prefetch(prefetch.next, 0, 2);
    prefetch.next += prefetch.step;
#pragma GCC unroll 4
    for (int word = 0; word < Product::kWords; word++) multiply(at + word, word);
    b += kVectors * kLanes * Product::kStepBytes;
  }
  // A last step that k does not fill; the rest of it in B is not used.
  for (int word = 0; at + word < words; word++) multiply(at + word, word);
  storeSums<kRows, kVectors>(sums, c, cStride, add);
}

template <class Product>
using Microkernel = void (*)(int64_t words, const typename Product::Word* a, int64_t aStride,
                             const void* panel, typename Product::Sum* c, int64_t cStride, bool add,
                             Prefetch prefetch);

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

// What to prefetch during a whole panel: the memory that is read after it, and where its results are written.
struct PanelPrefetch {
  const char* next;
  int64_t nextBytes;
  const char* out;
  int64_t outStride;  // bytes
};

// The same for any number of rows: C = or += A @ panel, `columns` (a multiple of kLanes) wide.
template <class Product>
void multiplyPanel(int64_t rows, int64_t columns, int64_t words, const typename Product::Word* a,
                   int64_t aStride, const void* panel, typename Product::Sum* c, int64_t cStride, bool add,
                   PanelPrefetch prefetch = {}) {
  const Microkernel<Product>* byRows = microkernels<Product>(columns / kLanes);
  const char* next = prefetch.next;
  for (int64_t row = 0; row < rows; row += kMicroRows) {
    const int64_t count = rows - row < kMicroRows ? rows - row : kMicroRows;
    typename Product::Sum* sums = c + row * cStride;
    const bool more = next < prefetch.next + prefetch.nextBytes;
    const Prefetch call{more ? next : static_cast<const char*>(panel), more ? 64 : 0,
                        prefetch.out ? prefetch.out + row * prefetch.outStride : nullptr, prefetch.outStride};
    byRows[count - 1](words, a + row * (Product::kByColumns ? 1 : aStride), aStride, panel, sums, cStride,
                      add, call);
    if (more) next += words / Product::kWords * 64;
  }
}

}  // namespace
}  // namespace saccade
