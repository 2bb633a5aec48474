// Copies of strided and float64 elements.
#include "../../native/runtime/layout.h"

#include <doctest/doctest.h>
#include <string.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "../../native/runtime/error.h"

using namespace saccade;

namespace {

template <class T>
std::vector<T> copyOf(const std::vector<char>& from, const Layout& layout) {
  checkLayout(layout, static_cast<int64_t>(from.size()));
  const auto bytes = static_cast<size_t>(layout.copyBytes());
  std::vector<T> copy(bytes / sizeof(T) + 1, T{77});  // one more, which must stay
  copyRowMajor(reinterpret_cast<char*>(copy.data()), from.data(), layout);
  CHECK(copy.back() == T{77});
  copy.pop_back();
  return copy;
}

// From an address that no type but bytes is aligned to.
template <class T>
std::vector<T> unaligned(const std::vector<T>& elements, const Layout& layout) {
  std::vector<char> bytes(elements.size() * sizeof(T) + 1);
  memcpy(bytes.data() + 1, elements.data(), elements.size() * sizeof(T));
  checkLayout(layout, static_cast<int64_t>(bytes.size() - 1));
  std::vector<T> copy(static_cast<size_t>(layout.copyBytes()) / sizeof(T));
  copyRowMajor(reinterpret_cast<char*>(copy.data()), bytes.data() + 1, layout);
  return copy;
}

template <class T>
std::vector<char> bytesOf(const std::vector<T>& elements) {
  std::vector<char> bytes(elements.size() * sizeof(T));
  memcpy(bytes.data(), elements.data(), bytes.size());
  return bytes;
}

std::string codeOf(const Layout& layout, int64_t bytes) {
  try {
    checkLayout(layout, bytes);
  } catch (const Error& error) {
    return error.code();
  }
  return "ok";
}

template <class T>
void transposes() {
  std::vector<T> elements(24);
  std::iota(elements.begin(), elements.end(), T{0});
  constexpr auto kBytes = static_cast<int64_t>(sizeof(T));
  // [2, 3, 4], stored as [4, 3, 2].
  const Layout layout{kBytes, false, {2, 3, 4}, {1, 2, 6}};
  std::vector<T> expected;
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 4; ++k) expected.push_back(static_cast<T>(i + 2 * j + 6 * k));
  CHECK(copyOf<T>(bytesOf(elements), layout) == expected);
  CHECK(unaligned(elements, layout) == expected);
  CHECK(unaligned(elements, {kBytes, false, {24}, {1}}) == elements);
}

}  // namespace

TEST_CASE("elements of each size") {
  transposes<uint8_t>();
  transposes<uint16_t>();
  transposes<uint32_t>();
  transposes<uint64_t>();
}

TEST_CASE("steps, repeated elements, a scalar, and none") {
  const std::vector<char> bytes = bytesOf(std::vector<int32_t>{0, 1, 2, 3, 4, 5});
  CHECK(copyOf<int32_t>(bytes, {4, false, {3}, {2}}) == std::vector<int32_t>{0, 2, 4});
  CHECK(copyOf<int32_t>(bytes, {4, false, {2, 2, 2}, {0, 3, 0}}) ==
        std::vector<int32_t>{0, 0, 3, 3, 0, 0, 3, 3});
  CHECK(copyOf<int32_t>(bytes, {4, false, {}, {}}) == std::vector<int32_t>{0});
  CHECK(copyOf<int32_t>(bytes, {4, false, {5, 0}, {100, 1}}).empty());
}

TEST_CASE("float64 is rounded to float32, and infinite beyond its range") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<double> values{1 + 0x1p-24, 1 + 3 * 0x1p-24, 1e-46, -1e39, 3.4028235677973366e38, -0.0};
  const auto copy = copyOf<float>(bytesOf(values), {8, true, {6}, {1}});
  CHECK(copy == std::vector<float>{1, 1 + 0x1p-22F, 0, -kInfinity, kInfinity, 0});
  CHECK(std::signbit(copy[5]));
}

TEST_CASE("a layout that is none, goes past the end, or is larger than any memory") {
  constexpr int64_t kLarge = int64_t{1} << 53;
  CHECK(codeOf({3, false, {1}, {1}}, 100) == "INPUT_INVALID");
  CHECK(codeOf({4, true, {1}, {1}}, 100) == "INPUT_INVALID");
  CHECK(codeOf({4, false, {1, 2}, {1}}, 100) == "INPUT_INVALID");
  CHECK(codeOf({4, false, {25}, {1}}, 100) == "ok");
  CHECK(codeOf({4, false, {26}, {1}}, 100) == "INPUT_INVALID");
  CHECK(codeOf({4, false, {2, 3}, {11, 6}}, 100) == "ok");
  CHECK(codeOf({4, false, {2, 3}, {13, 6}}, 100) == "INPUT_INVALID");
  CHECK(codeOf({4, false, {2, 2}, {kLarge, kLarge}}, 100) == "INPUT_INVALID");
  CHECK(codeOf({4, false, {2}, {kLarge}}, kLarge) == "INPUT_INVALID");
  CHECK(codeOf({1, false, {kLarge}, {0}}, 100) == "OUT_OF_MEMORY");
  const Layout empty{8, false, {kLarge, kLarge, 0}, {kLarge, kLarge, kLarge}};
  CHECK(codeOf(empty, 0) == "ok");
  CHECK(empty.copyBytes() == 0);
  CHECK(codeOf({8, false, std::vector<int64_t>(9, int64_t{1} << 30), std::vector<int64_t>(9, 0)}, 100) ==
        "OUT_OF_MEMORY");
}
