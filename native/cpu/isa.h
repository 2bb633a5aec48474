// Names that differ with the instruction set a kernel file is compiled for. The build gives SACCADE_ISA
// (generic, avx2, avx512 or avx512bf16) and the flags that go with it; the same source is compiled once for
// each.
#pragma once
#include "kernel.h"

#define SACCADE_GLUE(a, b) a##_##b
#define SACCADE_NAME_FOR_ISA(name, isa) SACCADE_GLUE(name, isa)
#define SACCADE_QUOTE(text) #text
#define SACCADE_TEXT(macro) SACCADE_QUOTE(macro)

// The one object a kernel file exports: SACCADE_KERNEL(gemm) is gemm_avx512 in an AVX-512 unit. All else in
// the file stands in an anonymous namespace, so that no code compiled for one instruction set can be linked
// into another.
#define SACCADE_KERNEL(name) SACCADE_NAME_FOR_ISA(name, SACCADE_ISA)
#define SACCADE_TABLE SACCADE_NAME_FOR_ISA(table, SACCADE_ISA)
