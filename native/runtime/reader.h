// Reads the numbers of an encoded program. Each must be an integer in the range that the caller gives, so
// that no later use of it can overflow or index out of bounds.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include <cmath>

#include "error.h"

namespace saccade {

class Reader {
 public:
  Reader(const double* code, size_t length) : code_(code), length_(length) {}

  double number(const char* what) {
    if (at_ == length_) fail("INTERNAL", "the program ends, expected ", what);
    return code_[at_++];
  }

  // An integer, low <= value <= high.
  int64_t integer(const char* what, int64_t low, int64_t high) {
    const double value = number(what);
    if (!(value >= static_cast<double>(low) && value <= static_cast<double>(high)) ||
        value != std::floor(value)) {
      fail("INTERNAL", what, " is ", value, ", expected an integer from ", low, " to ", high);
    }
    return static_cast<int64_t>(value);
  }

  // A count of items that follow, each of at least `size` numbers. A count larger than the code can hold is
  // an error before memory is reserved for it.
  int64_t count(const char* what, int64_t size) {
    return integer(what, 0, static_cast<int64_t>(length_ - at_) / size);
  }

  bool atEnd() const { return at_ == length_; }

 private:
  const double* code_;
  size_t length_;
  size_t at_ = 0;
};

}  // namespace saccade
