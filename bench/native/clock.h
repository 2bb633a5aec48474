// Clocks. A line of one thread is timed by that thread's own processor time: on a shared machine a neighbour
// then costs it cache, but not the turns it had to wait for. On a quiet machine both clocks say the same.
#pragma once
#include <stdint.h>
#include <time.h>

namespace saccade::bench {

// Seconds since some point.
inline double secondsNow(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

inline clockid_t clockFor(int32_t threads) {
  return threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
}

// Seconds that body() takes. With one thread, body() works on the calling thread.
template <class Body>
double timed(int32_t threads, Body body) {
  const clockid_t clock = clockFor(threads);
  const double start = secondsNow(clock);
  body();
  return secondsNow(clock) - start;
}

}  // namespace saccade::bench
