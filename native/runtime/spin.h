// Busy waiting, for the few microseconds between two instructions: to wake a sleeping thread takes longer
// than most instructions.
#pragma once
#include <stdint.h>

#include <chrono>

namespace saccade {

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

// Waits until ready() is true or the time is over; returns ready().
template <class Ready>
bool spinUntil(Ready ready, std::chrono::nanoseconds time) {
  if (ready()) return true;
  const auto end = std::chrono::steady_clock::now() + time;
  do {
    for (int32_t i = 0; i < 16; ++i) {
      relax();
      if (ready()) return true;
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

}  // namespace saccade
