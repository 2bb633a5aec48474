// cp.async: copies from global to shared memory that go on while the thread computes. A copy belongs to the
// group that its thread commits next. Its bytes may be read by the thread after it waited for the group, and
// by others after a barrier that follows.
#pragma once
#include "memory.h"
#include "target.h"

namespace saccade::cuda {

// Copies 16 bytes, past the first-level cache; both addresses are multiples of 16. If not `valid`, writes
// zeros, and reads nothing.
template <class T>
SACCADE_DEVICE void copyAsync16(const Shared<T>& to, int32_t toIndex, const Global<const T>& from,
                                int64_t fromIndex, bool valid) {
#if defined(SACCADE_CUDA_EMULATED)
  const void* const source = valid ? from.address(fromIndex, 16) : nullptr;
  emulation::running->copyAsync(to.offset(toIndex, 16 / sizeof(T)), source, 16);
#else
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to.address(toIndex)),
               "l"(from.address(valid ? fromIndex : 0, 16)), "r"(valid ? 16 : 0)
               : "memory");
#endif
}

// The copies since the last commit become a group.
SACCADE_DEVICE void commitCopies() {
#if defined(SACCADE_CUDA_EMULATED)
  emulation::running->commitCopies();
#else
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

// Waits for all groups of the thread but the last kPending.
template <int32_t kPending>
SACCADE_DEVICE void waitCopies() {
#if defined(SACCADE_CUDA_EMULATED)
  emulation::running->waitCopies(kPending);
#else
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
#endif
}

}  // namespace saccade::cuda
