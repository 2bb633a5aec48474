// How the elements of a tensor lie in memory of the host, such as a mapped file, and their copy as programs
// need them: in row-major order, and aligned.
#pragma once
#include <stdint.h>

#include <vector>

namespace saccade {

struct Layout {
  int64_t elementBytes;  // 1, 2, 4 or 8
  bool narrow;           // the elements are float64, and the copy is float32
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;  // in elements

  int64_t copyBytes() const;
};

// Throws INPUT_INVALID unless the layout is one of `bytes` bytes, OUT_OF_MEMORY if no memory could hold the
// copy.
void checkLayout(const Layout& layout, int64_t bytes);

// Copies the elements of a checked layout to copyBytes() bytes. Neither needs to be aligned. A float64 beyond
// the range of float32 becomes infinite.
void copyRowMajor(char* to, const char* from, const Layout& layout);

}  // namespace saccade
