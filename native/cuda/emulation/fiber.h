// A thread of a block: a function with a stack of its own, which runs until it gives way.
#pragma once
#include <stddef.h>

// Where there is no switch of our own; it takes ten times as long, as it saves the mask of signals.
#if !((defined(__x86_64__) || defined(__aarch64__)) && defined(__linux__)) && !defined(SACCADE_UCONTEXT)
#define SACCADE_UCONTEXT
#endif
#if defined(SACCADE_UCONTEXT)
#include <ucontext.h>
#endif

namespace saccade::emulation {

class Fiber {
 public:
  using Entry = void (*)(void*);

  // Memory of a stack: `bytes` from `stack` on. entry() must not return, but leave().
  void prepare(char* stack, size_t bytes, Entry entry, void* argument);
  // The main fiber, the caller's own, goes on where it stopped when `to` gives way.
  static void enter(Fiber& main, Fiber& to);
  // Back to the main fiber, until it enters again.
  static void giveWay(Fiber& from, Fiber& main);
  // Back to the main fiber for the last time.
  [[noreturn]] static void leave(Fiber& from, Fiber& main);
  // The first thing that an entry calls.
  static void begin(Fiber& main);

 private:
  static void change(Fiber& from, Fiber& to, bool last);

#if defined(SACCADE_UCONTEXT)
  static void start(unsigned low, unsigned high);
  ucontext_t context_;
  Entry entry_ = nullptr;
  void* argument_ = nullptr;
#else
  void* top_ = nullptr;  // of its stack, where the registers are
#endif
  // For the address sanitizer.
  const void* stack_ = nullptr;
  size_t bytes_ = 0;
  void* fake_ = nullptr;
};

}  // namespace saccade::emulation
