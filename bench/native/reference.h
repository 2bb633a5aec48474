// How far a result is from what float64 gives, at some of its places: the largest difference, over the
// largest magnitude of what is right.
#pragma once
#include <stdint.h>

#include <algorithm>
#include <cmath>

namespace saccade::bench {

class Error {
 public:
  void add(double got, double right) {
    difference_ = std::max(difference_, std::isnan(got) ? INFINITY : std::fabs(got - right));
    magnitude_ = std::max(magnitude_, std::fabs(right));
  }
  double relative() const { return difference_ / magnitude_; }

 private:
  double difference_ = 0, magnitude_ = 0;
};

// `places` places spread over 0..count-1, both ends among them.
template <class Visit>
void sample(int64_t count, int64_t places, Visit visit) {
  if (count <= places) {
    for (int64_t i = 0; i < count; ++i) visit(i);
    return;
  }
  for (int64_t i = 0; i < places; ++i) visit(i * (count - 1) / (places - 1));
}

}  // namespace saccade::bench
