// Survives page faults in mapped files. A read past the end of a file that was cut after it was mapped, or
// from a disk that fails, is the signal SIGBUS, which ends the process. For the ranges guarded here, the
// handler puts zeros in place of the file, and the read goes on; the owner of the range asks faulted() before
// it trusts what was read.
//
// The handler is installed with the first range. A fault elsewhere is passed on to the handler that was there
// before, or has its usual effect.
#pragma once
#include <stdint.h>

namespace saccade {

class FaultGuard {
 public:
  // Guards a mapping from its first page to its last. It must stay mapped as long as the guard lives.
  FaultGuard(const char* data, int64_t bytes);
  ~FaultGuard();
  FaultGuard(const FaultGuard&) = delete;
  FaultGuard& operator=(const FaultGuard&) = delete;

  // Whether a part of the range was replaced by zeros.
  bool faulted() const;

  struct Range;

 private:
  Range* range_;
};

}  // namespace saccade
