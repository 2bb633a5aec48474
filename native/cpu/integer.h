// Arithmetic of sizes and offsets.
#pragma once
#include <stdint.h>

namespace saccade {
namespace {

constexpr int64_t min(int64_t a, int64_t b) {
  return a < b ? a : b;
}
constexpr int64_t max(int64_t a, int64_t b) {
  return a > b ? a : b;
}
constexpr int64_t ceilDivide(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}
constexpr int64_t roundUp(int64_t n, int64_t step) {
  return ceilDivide(n, step) * step;
}

}  // namespace
}  // namespace saccade
