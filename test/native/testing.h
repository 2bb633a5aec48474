// What the kernel tests share: strided arrays with guards around them, a way to run a kernel as the runtime
// does (all tiles, in an odd order, on dirty scratch), and the kernel tables this machine can run.
#pragma once
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "../../native/cpu/device/isa.h"
#include "../../native/cpu/table.h"
#include "../../native/runtime/check/check.h"

namespace saccade::testing {

using Dims = std::vector<int64_t>;

// Generic first.
inline std::vector<const KernelTable*> tables() {
  return {usableTables().rbegin(), usableTables().rend()};
}

// Runs `body` once for each table, with the name of its instruction set shown where a check fails.
template <class Body>
void forEachTable(Body body) {
  for (const KernelTable* table : tables()) {
    INFO("instruction set ", std::string(table->isa));
    body(*table);
  }
}

template <class T>
constexpr DType dtypeOf();
template <>
constexpr DType dtypeOf<float>() {
  return DType::float32;
}
template <>
constexpr DType dtypeOf<uint16_t>() {
  return DType::bfloat16;
}
template <>
constexpr DType dtypeOf<int64_t>() {
  return DType::int64;
}
template <>
constexpr DType dtypeOf<int32_t>() {
  return DType::int32;
}
template <>
constexpr DType dtypeOf<uint8_t>() {
  return DType::uint8;
}
template <>
constexpr DType dtypeOf<bool>() {
  return DType::bool_;
}
template <>
constexpr DType dtypeOf<char>() {
  return DType::packed;
}

inline Dims contiguous(const Dims& dims) {
  Dims strides(dims.size(), 1);
  for (size_t axis = dims.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * dims[axis];
  return strides;
}

// Elements of guard behind an array. Under the address sanitizer there are none: its own guard, at the very
// next byte, catches reads as well as writes.
#if defined(__SANITIZE_ADDRESS__)
constexpr int64_t kGuardAfter = 0;
#else
constexpr int64_t kGuardAfter = 64;
#endif

inline char* allocate(size_t bytes) {
  void* memory = nullptr;
  if (posix_memalign(&memory, 64, bytes) != 0) std::abort();
  return static_cast<char*>(memory);
}

// A strided array between guards. Every byte that no element covers must still hold the canary after a run.
template <class T>
class Array {
 public:
  explicit Array(Dims dims) : Array(dims, contiguous(dims)) {}

  Array(Dims dims, Dims strides, DType dtype = dtypeOf<T>())
      : dims_(std::move(dims)), strides_(std::move(strides)), dtype_(dtype) {
    int64_t last = 0;
    for (size_t axis = 0; axis < dims_.size(); axis++) last += (dims_[axis] - 1) * strides_[axis];
    extent_ = last + 1;
    bytes_ = static_cast<size_t>(kGuard + extent_ + kGuardAfter) * sizeof(T);
    memory_.reset(allocate(bytes_));
    std::memset(memory_.get(), kCanary, bytes_);
  }

  Array(Dims dims, std::function<T(int64_t)> value) : Array(std::move(dims)) { fill(value); }

  Array(Dims dims, Dims strides, std::function<T(int64_t)> value)
      : Array(std::move(dims), std::move(strides)) {
    fill(value);
  }

  // value(i) for the i-th element in row-major order.
  void fill(const std::function<T(int64_t)>& value) {
    for (int64_t i = 0; i < size(); i++) (*this)[i] = value(i);
  }

  int64_t size() const {
    return std::accumulate(dims_.begin(), dims_.end(), int64_t{1}, std::multiplies<int64_t>());
  }
  const Dims& dims() const { return dims_; }

  // The i-th element in row-major order, and the element at an index of each axis.
  T& operator[](int64_t i) { return data()[offset(i)]; }
  const T& operator[](int64_t i) const { return const_cast<Array*>(this)->data()[offset(i)]; }
  T& at(std::initializer_list<int64_t> index) {
    int64_t place = 0;
    size_t axis = 0;
    for (const int64_t i : index) place += i * strides_[axis++];
    return data()[place];
  }

  T* data() { return reinterpret_cast<T*>(memory_.get()) + kGuard; }
  int64_t extent() const { return extent_; }

  View view() const {
    View view{};
    view.data = const_cast<Array*>(this)->memory_.get() + kGuard * sizeof(T);
    view.dtype = dtype_;
    view.rank = static_cast<int32_t>(dims_.size());
    for (size_t axis = 0; axis < dims_.size(); axis++) {
      view.dim[axis] = dims_[axis];
      view.stride[axis] = strides_[axis];
    }
    return view;
  }

  // Whether guards and holes are untouched.
  bool intact() const {
    std::vector<bool> covered(bytes_, false);
    for (int64_t i = 0; i < size(); i++) {
      for (size_t byte = 0; byte < sizeof(T); byte++) covered[(kGuard + offset(i)) * sizeof(T) + byte] = true;
    }
    for (size_t byte = 0; byte < bytes_; byte++) {
      if (!covered[byte] && memory_.get()[byte] != kCanary) return false;
    }
    return true;
  }

  bool sameBits(const Array& other) const {
    if (size() != other.size()) return false;
    for (int64_t i = 0; i < size(); i++) {
      if (std::memcmp(&(*this)[i], &other[i], sizeof(T)) != 0) return false;
    }
    return true;
  }

 private:
  static constexpr int64_t kGuard = 64;
  static constexpr char kCanary = 0x5a;

  int64_t offset(int64_t i) const {
    int64_t place = 0;
    for (size_t axis = dims_.size(); axis-- > 0;) {
      place += i % dims_[axis] * strides_[axis];
      i /= dims_[axis];
    }
    return place;
  }

  struct Free {
    void operator()(char* p) const { std::free(p); }
  };
  Dims dims_, strides_;
  DType dtype_;
  int64_t extent_ = 0;
  size_t bytes_ = 0;
  std::unique_ptr<char, Free> memory_;
};

inline View absent() {
  View view{};
  view.rank = -1;
  return view;
}

inline Call makeCall(const std::vector<View>& views, const std::vector<double>& attributes) {
  Call call{};
  call.views = static_cast<int32_t>(views.size());
  call.attributes = static_cast<int32_t>(attributes.size());
  std::copy(views.begin(), views.end(), call.view);
  std::copy(attributes.begin(), attributes.end(), call.attribute);
  return call;
}

// What the runtime says of the operands, with no memory in the views, as when a program is created. "" when
// they are accepted.
inline std::string faultOf(const KernelTable& table, Op op, std::vector<View> views,
                           const std::vector<double>& attributes) {
  for (View& view : views) view.data = nullptr;
  return operandFault(op, makeCall(views, attributes), table.formats);
}

// Runs all tiles, last first, each on scratch full of NaN; scratch past its end must stay as it was.
inline Status run(const KernelTable& table, Op op, const std::vector<View>& views,
                  const std::vector<double>& attributes) {
  const Kernel& kernel = *table.kernel[static_cast<int32_t>(op)];
  const Call call = makeCall(views, attributes);
  REQUIRE(faultOf(table, op, views, attributes) == "");
  const size_t bytes = static_cast<size_t>(kernel.scratch(call)),
               all = bytes + static_cast<size_t>(kGuardAfter) * 4;
  std::unique_ptr<char, decltype(&std::free)> scratch(allocate(all), &std::free);
  Status status = Status::ok;
  for (int64_t tile = kernel.tiles(call); tile-- > 0;) {
    std::memset(scratch.get(), 0xff, all);
    const Status one = kernel.run(call, tile, scratch.get());
    if (one != Status::ok) status = one;
    size_t overrun = 0;
    for (size_t byte = bytes; byte < all; byte++) {
      overrun += static_cast<unsigned char>(scratch.get()[byte]) != 0xff;
    }
    REQUIRE(overrun == 0);
  }
  return status;
}

// The packed form of `b`, [batch, K, N].
inline Array<char> pack(const KernelTable& table, const View& b, Precision precision) {
  Array<char> packed({table.formats.packedBytes(b.dim[0], b.dim[1], b.dim[2], precision)});
  REQUIRE(run(table, Op::pack, {packed.view(), b}, {static_cast<double>(precision)}) == Status::ok);
  CHECK(packed.intact());
  return packed;
}

// Fixed sequences, so that a failure repeats.
class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  float normal() { return normal_(engine_); }
  // A small whole number: sums of products of such are exact in float32, whatever their order.
  float whole() { return static_cast<float>(static_cast<int>(engine_() % 9) - 4); }
  int64_t below(int64_t n) { return static_cast<int64_t>(engine_() % static_cast<uint64_t>(n)); }
  std::function<float(int64_t)> normals() {
    return [this](int64_t) { return normal(); };
  }
  std::function<float(int64_t)> wholes() {
    return [this](int64_t) { return whole(); };
  }

 private:
  std::mt19937 engine_;
  std::normal_distribution<float> normal_;
};

inline double code(Unary kind) {
  return static_cast<double>(kind);
}
inline double code(Precision precision) {
  return static_cast<double>(precision);
}

}  // namespace saccade::testing
