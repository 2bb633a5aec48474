#include "fiber.h"

#include <stdint.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

// saccade_change_fiber(save, load): pushes the registers that a function must preserve, stores the stack
// pointer at `save`, and continues with the stack `load`. A new stack returns into saccade_start_fiber, which
// calls the entry.
#if defined(SACCADE_UCONTEXT)
#elif defined(__x86_64__)
asm(R"(
.text
.type saccade_change_fiber, @function
saccade_change_fiber:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size saccade_change_fiber, .-saccade_change_fiber
.type saccade_start_fiber, @function
saccade_start_fiber:
  movq %r12, %rdi
  callq *%rbx
  ud2
.size saccade_start_fiber, .-saccade_start_fiber
)");
#else
asm(R"(
.text
.type saccade_change_fiber, @function
saccade_change_fiber:
  sub sp, sp, #160
  stp x19, x20, [sp]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
.size saccade_change_fiber, .-saccade_change_fiber
.type saccade_start_fiber, @function
saccade_start_fiber:
  mov x0, x20
  blr x19
  brk #1
.size saccade_start_fiber, .-saccade_start_fiber
)");
#endif

#if !defined(SACCADE_UCONTEXT)
extern "C" void saccade_change_fiber(void** save, void* load);
extern "C" void saccade_start_fiber();
#endif

namespace saccade::emulation {

#if defined(SACCADE_UCONTEXT)
void Fiber::start(unsigned low, unsigned high) {
  const auto* const fiber = reinterpret_cast<const Fiber*>(uintptr_t{high} << 32 | low);
  fiber->entry_(fiber->argument_);
}
#endif

void Fiber::prepare(char* stack, size_t bytes, Entry entry, void* argument) {
  stack_ = stack;
  bytes_ = bytes;
  fake_ = nullptr;
#if defined(__SANITIZE_ADDRESS__)
  // A thread of an earlier block may have ended in the middle of its functions.
  __asan_unpoison_memory_region(stack, bytes);
#endif
#if defined(SACCADE_UCONTEXT)
  getcontext(&context_);
  context_.uc_stack.ss_sp = stack;
  context_.uc_stack.ss_size = bytes;
  context_.uc_link = nullptr;
  entry_ = entry;
  argument_ = argument;
  // makecontext passes ints.
  const auto self = reinterpret_cast<uintptr_t>(this);
  makecontext(&context_, reinterpret_cast<void (*)()>(start), 2, static_cast<unsigned>(self),
              static_cast<unsigned>(self >> 32));
#else
  auto** const end = reinterpret_cast<void**>(stack + bytes);
  void* const start = reinterpret_cast<void*>(saccade_start_fiber);
  void* const code = reinterpret_cast<void*>(entry);
#if defined(__x86_64__)
  // r15, r14, r13, r12, rbx, rbp, the return address; then the stack is aligned for the call.
  void* const frame[] = {nullptr, nullptr, nullptr, argument, code, nullptr, start};
  constexpr size_t kFrame = 7;
#else
  void* frame[20] = {code, argument};
  frame[11] = start;
  constexpr size_t kFrame = 20;
#endif
  for (size_t i = 0; i < kFrame; ++i) end[i - kFrame] = frame[i];
  top_ = end - kFrame;
#endif
}

void Fiber::change(Fiber& from, Fiber& to, [[maybe_unused]] bool last) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(last ? nullptr : &from.fake_, to.stack_, to.bytes_);
#endif
#if defined(SACCADE_UCONTEXT)
  swapcontext(&from.context_, &to.context_);
#else
  saccade_change_fiber(&from.top_, to.top_);
#endif
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(from.fake_, nullptr, nullptr);
#endif
}

void Fiber::enter(Fiber& main, Fiber& to) {
  change(main, to, false);
}

void Fiber::giveWay(Fiber& from, Fiber& main) {
  change(from, main, false);
}

void Fiber::leave(Fiber& from, Fiber& main) {
  change(from, main, true);
  abort();
}

void Fiber::begin([[maybe_unused]] Fiber& main) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &main.stack_, &main.bytes_);
#endif
}

}  // namespace saccade::emulation
