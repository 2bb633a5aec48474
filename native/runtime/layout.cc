#include "layout.h"

#include <string.h>

#include <algorithm>

#include "error.h"

namespace saccade {
namespace {

// `count` elements, which are `stride` elements apart.
template <class From, class To>
void copyRow(char* to, const char* from, int64_t count, int64_t stride) {
  constexpr auto kFrom = static_cast<int64_t>(sizeof(From));
  constexpr auto kTo = static_cast<int64_t>(sizeof(To));
  for (int64_t i = 0; i < count; ++i) {
    From element;
    memcpy(&element, from + i * stride * kFrom, sizeof(From));
    const auto copied = static_cast<To>(element);
    memcpy(to + i * kTo, &copied, sizeof(To));
  }
}

using CopyRow = void (*)(char*, const char*, int64_t, int64_t);

CopyRow copyRowOf(const Layout& layout) {
  if (layout.narrow) return copyRow<double, float>;
  switch (layout.elementBytes) {
    case 1:
      return copyRow<uint8_t, uint8_t>;
    case 2:
      return copyRow<uint16_t, uint16_t>;
    case 4:
      return copyRow<uint32_t, uint32_t>;
    default:
      return copyRow<uint64_t, uint64_t>;
  }
}

// A double, because the numbers of a layout may be larger than int64_t together.
double elementsOf(const Layout& layout) {
  double elements = 1;
  for (const int64_t size : layout.shape) elements *= static_cast<double>(size);
  return elements;
}

}  // namespace

int64_t Layout::copyBytes() const {
  // First, because the other sizes of an empty tensor have no bound.
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  int64_t bytes = narrow ? 4 : elementBytes;
  for (const int64_t size : shape) bytes *= size;
  return bytes;
}

void checkLayout(const Layout& layout, int64_t bytes) {
  const int64_t size = layout.elementBytes;
  if ((size != 1 && size != 2 && size != 4 && size != 8) || (layout.narrow && size != 8)) {
    fail("INPUT_INVALID", "layout: expected elements of 1, 2, 4 or 8 bytes (8 to narrow), got ", size);
  }
  if (layout.shape.size() != layout.strides.size()) {
    fail("INPUT_INVALID", "layout: expected a stride for each of ", layout.shape.size(), " axes, got ",
         layout.strides.size());
  }
  const double elements = elementsOf(layout);
  if (elements > 1e15) fail("OUT_OF_MEMORY", "a tensor of ", elements, " elements is larger than any memory");
  if (elements == 0) return;
  double end = 1;
  for (size_t axis = 0; axis < layout.shape.size(); ++axis) {
    end += static_cast<double>(layout.shape[axis] - 1) * static_cast<double>(layout.strides[axis]);
  }
  if (end * static_cast<double>(size) > static_cast<double>(bytes)) {
    fail("INPUT_INVALID", "layout: its elements go past the end of ", bytes, " bytes");
  }
}

void copyRowMajor(char* to, const char* from, const Layout& layout) {
  const int64_t bytes = layout.copyBytes();
  if (bytes == 0) return;
  const CopyRow copyRow = copyRowOf(layout);
  const size_t outer = layout.shape.empty() ? 0 : layout.shape.size() - 1;
  const int64_t count = layout.shape.empty() ? 1 : layout.shape[outer];
  const int64_t stride = layout.shape.empty() ? 1 : layout.strides[outer];
  const int64_t rowBytes = count * (layout.narrow ? 4 : layout.elementBytes);
  std::vector<int64_t> index(outer, 0);
  int64_t first = 0;  // element of the row
  for (char* row = to; row < to + bytes; row += rowBytes) {
    copyRow(row, from + first * layout.elementBytes, count, stride);
    for (size_t axis = outer; axis-- > 0;) {
      first += layout.strides[axis];
      if (++index[axis] < layout.shape[axis]) break;
      first -= layout.strides[axis] * layout.shape[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace saccade
