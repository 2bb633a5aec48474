// The kernels of one instruction set, in the order of Op.
#include "isa.h"
#include "quantized.h"

namespace saccade {

#define SACCADE_DECLARE(name, ...) extern const Kernel SACCADE_KERNEL(name);
SACCADE_OPS(SACCADE_DECLARE)
#undef SACCADE_DECLARE

namespace {

// The CPU has kernels for float32 only.
bool computes(Op, DType) {
  return false;
}

int64_t packedBytes(int64_t batch, int64_t k, int64_t n, Precision precision) {
  return batch * PackedShape{k, n, precision}.batchBytes();
}

}  // namespace

#define SACCADE_POINT(name, ...) &SACCADE_KERNEL(name),
extern const KernelTable SACCADE_TABLE;
constexpr KernelTable SACCADE_TABLE{
    SACCADE_TEXT(SACCADE_ISA), {SACCADE_OPS(SACCADE_POINT)}, {computes, packedBytes, quantizedRowBytes}};
#undef SACCADE_POINT

}  // namespace saccade
