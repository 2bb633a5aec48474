#include "loops.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace saccade::bench {
namespace {

// Chains that do not wait for each other. Latency times throughput of a multiply-add is 8 at most (4 cycles,
// two a cycle); more would not fit the 16 registers that there are without AVX-512.
constexpr int kChains = 12;
// Of a product and a separate sum, which takes one cycle.
constexpr int kSumChains = 6;

// What is read here the compiler must take for used.
volatile char sink;
void consume(const void* result) {
  sink = *static_cast<const char*>(result);
}

typedef float Vector __attribute__((vector_size(16)));

// Without a fused instruction: a product and a sum each.
void float32Generic(int64_t steps) {
  Vector sums[kChains];
  const Vector x = {0.5f, 0.25f, 0.5f, 0.25f};
  for (int i = 0; i < kChains; ++i) sums[i] = Vector{1, 2, 3, 4} + static_cast<float>(i);
  for (int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) sums[i] = sums[i] * x + x;
  }
  for (int i = 1; i < kChains; ++i) sums[0] += sums[i];
  consume(&sums[0]);
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) void float32Avx2(int64_t steps) {
  __m256 sums[kChains];
  const __m256 x = _mm256_set1_ps(0.5f), y = _mm256_set1_ps(1);
  for (int i = 0; i < kChains; ++i) sums[i] = _mm256_set1_ps(static_cast<float>(i));
  for (int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) sums[i] = _mm256_fmadd_ps(sums[i], x, y);
  }
  for (int i = 1; i < kChains; ++i) sums[0] = _mm256_add_ps(sums[0], sums[i]);
  consume(&sums[0]);
}

// 8-bit numbers widened to 16, as the products of 8 bits that AVX2 has would saturate.
__attribute__((target("avx2"))) void int8Avx2(int64_t steps) {
  __m256i sums[kSumChains];
  const __m256i a = _mm256_set1_epi16(3);
  __m256i b = _mm256_set1_epi16(5);
  for (int i = 0; i < kSumChains; ++i) sums[i] = _mm256_set1_epi32(i);
  for (int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 6
    for (int i = 0; i < kSumChains; ++i) {
      __asm__("" : "+x"(b));  // or the product would be taken out of the loop
      sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(a, b));
    }
  }
  for (int i = 1; i < kSumChains; ++i) sums[0] = _mm256_add_epi32(sums[0], sums[i]);
  consume(&sums[0]);
}

__attribute__((target("avx512f"))) void float32Avx512(int64_t steps) {
  __m512 sums[kChains];
  const __m512 x = _mm512_set1_ps(0.5f), y = _mm512_set1_ps(1);
  for (int i = 0; i < kChains; ++i) sums[i] = _mm512_set1_ps(static_cast<float>(i));
  for (int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) sums[i] = _mm512_fmadd_ps(sums[i], x, y);
  }
  for (int i = 1; i < kChains; ++i) sums[0] = _mm512_add_ps(sums[0], sums[i]);
  consume(&sums[0]);
}

__attribute__((target("avx512f,avx512bw"))) void int8Avx512(int64_t steps) {
  __m512i sums[kSumChains];
  const __m512i a = _mm512_set1_epi16(3);
  __m512i b = _mm512_set1_epi16(5);
  for (int i = 0; i < kSumChains; ++i) sums[i] = _mm512_set1_epi32(i);
  for (int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 6
    for (int i = 0; i < kSumChains; ++i) {
      __asm__("" : "+v"(b));
      sums[i] = _mm512_add_epi32(sums[i], _mm512_madd_epi16(a, b));
    }
  }
  for (int i = 1; i < kSumChains; ++i) sums[0] = _mm512_add_epi32(sums[0], sums[i]);
  consume(&sums[0]);
}

__attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16"))) void bfloat16Avx512(int64_t steps) {
  __m512 sums[kChains];
  const __m512bh x = _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.5f), _mm512_set1_ps(0.25f));
  for (int i = 0; i < kChains; ++i) sums[i] = _mm512_set1_ps(static_cast<float>(i));
  for (int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) sums[i] = _mm512_dpbf16_ps(sums[i], x, x);
  }
  for (int i = 1; i < kChains; ++i) sums[0] = _mm512_add_ps(sums[0], sums[i]);
  consume(&sums[0]);
}

__attribute__((target("avx512f,avx512vnni"))) void int8Vnni(int64_t steps) {
  __m512i sums[kChains];
  const __m512i x = _mm512_set1_epi32(0x01020304);
  for (int i = 0; i < kChains; ++i) sums[i] = _mm512_set1_epi32(i);
  for (int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) sums[i] = _mm512_dpbusd_epi32(sums[i], x, x);
  }
  for (int i = 1; i < kChains; ++i) sums[0] = _mm512_add_epi32(sums[0], sums[i]);
  consume(&sums[0]);
}
#endif

Loop missing(const char* why) {
  return {nullptr, 0, why};
}

bool isAvx512(const std::string& isa) {
  return isa.rfind("avx512", 0) == 0;
}

}  // namespace

Loop float32Loop(const std::string& isa) {
#if defined(__x86_64__)
  if (isAvx512(isa)) return {float32Avx512, kChains * 16 * 2, nullptr};
  if (isa == "avx2") return {float32Avx2, kChains * 8 * 2, nullptr};
#endif
  return {float32Generic, kChains * 4 * 2, nullptr};
}

Loop bfloat16Loop(const std::string& isa) {
#if defined(__x86_64__)
  if (isa == "avx512bf16") return {bfloat16Avx512, kChains * 16 * 4, nullptr};
#endif
  return missing("these kernels have no product of bfloat16");
}

Loop int8Loop(const std::string& isa) {
#if defined(__x86_64__)
  if (isa == "avx512bf16") return {int8Vnni, kChains * 16 * 8, nullptr};
  if (isa == "avx512") return {int8Avx512, kSumChains * 16 * 4, nullptr};
  if (isa == "avx2") return {int8Avx2, kSumChains * 8 * 4, nullptr};
#endif
  return missing("these kernels have no product of int8");
}

}  // namespace saccade::bench
