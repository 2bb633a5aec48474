#include "isa.h"

#include <stdlib.h>

#include <string>

#include "../../runtime/error.h"
#include "../table.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace saccade {
namespace {

#if defined(__x86_64__)
struct Features {
  bool avx2 = false;
  bool avx512 = false;
  bool avx512bf16 = false;
};

bool has(uint32_t word, uint32_t bits) {
  return (word & bits) == bits;
}

// The registers that the operating system saves on a context switch. Instruction sets with other registers
// must not be used, even if the processor has them.
uint32_t savedRegisters() {
  uint32_t low;
  uint32_t high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

Features detect() {
  constexpr uint32_t kYmm = 0x6;   // xmm and ymm
  constexpr uint32_t kZmm = 0xe6;  // and mask registers, zmm
  constexpr uint32_t kLeaf1 = bit_FMA | bit_OSXSAVE | bit_AVX | bit_F16C;
  constexpr uint32_t kAvx2 = bit_AVX2 | bit_BMI2;
  constexpr uint32_t kAvx512 = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
  Features features;
  uint32_t a = 0;
  uint32_t b = 0;
  uint32_t c = 0;
  uint32_t d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !has(c, kLeaf1)) return features;
  const uint32_t saved = savedRegisters();
  if (!has(saved, kYmm) || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return features;
  features.avx2 = has(b, kAvx2);
  features.avx512 = features.avx2 && has(b, kAvx512) && has(saved, kZmm);
  const bool hasVnni = has(c, bit_AVX512VNNI);
  // Subleaf 0 of leaf 7 gives the number of the last subleaf.
  if (a < 1 || !__get_cpuid_count(7, 1, &a, &b, &c, &d)) return features;
  features.avx512bf16 = features.avx512 && hasVnni && has(a, bit_AVX512BF16);
  return features;
}
#endif

std::vector<const KernelTable*> findTables() {
  std::vector<const KernelTable*> tables;
#if defined(__x86_64__)
  [[maybe_unused]] const Features features = detect();
  // The build can leave some out (ISAS in CMakeLists.txt).
#ifndef SACCADE_WITHOUT_AVX512BF16
  if (features.avx512bf16) tables.push_back(&table_avx512bf16);
#endif
#ifndef SACCADE_WITHOUT_AVX512
  if (features.avx512) tables.push_back(&table_avx512);
#endif
#ifndef SACCADE_WITHOUT_AVX2
  if (features.avx2) tables.push_back(&table_avx2);
#endif
#endif
  tables.push_back(&table_generic);
  return tables;
}

const KernelTable& choose() {
  const char* asked = getenv("SACCADE_ISA");
  if (asked == nullptr || *asked == '\0') return *usableTables().front();
  std::string names;
  for (const KernelTable* table : usableTables()) {
    if (std::string(table->isa) == asked) return *table;
    names += std::string(names.empty() ? "" : ", ") + table->isa;
  }
  fail("OPTION_INVALID", "SACCADE_ISA is '", asked, "', but this machine and build have: ", names);
}

}  // namespace

const std::vector<const KernelTable*>& usableTables() {
  static const auto* const tables = new std::vector<const KernelTable*>(findTables());
  return *tables;
}

const KernelTable& kernels() {
  static const KernelTable& table = choose();
  return table;
}

}  // namespace saccade
