// Global and shared memory. On a GPU both are plain pointers. In the emulation they know their bounds: an
// access outside them, of memory that nothing wrote, or that races with another thread's, ends the run with
// an error.
#pragma once
#include <type_traits>

#include "../../runtime/op.h"
#include "target.h"
#if defined(SACCADE_CUDA_EMULATED)
#include <string.h>

#include "../emulation/block.h"
#include "../emulation/global.h"
#endif

namespace saccade::cuda {

// Elements that are loaded and stored by one instruction: N * sizeof(T) is 2, 4, 8 or 16.
template <class T, int32_t N>
struct alignas(N * sizeof(T)) Vector {
  T value[N];
  SACCADE_BOTH T& operator[](int32_t i) { return value[i]; }
  SACCADE_BOTH const T& operator[](int32_t i) const { return value[i]; }
};

#if defined(SACCADE_CUDA_EMULATED)

// Elements of global memory.
template <class T>
class Global {
 public:
  using Value = std::remove_const_t<T>;

  Global() = default;
  // Bounds are those of the whole allocation.
  explicit Global(T* data) : data_(data), bounds_(emulation::allocationOf(data)) {}
  Global(T* data, emulation::Bounds bounds) : data_(data), bounds_(bounds) {}

  Value read(int64_t i) const { return readVector<1>(i)[0]; }
  void write(int64_t i, Value value) const { writeVector<1>(i, {{value}}); }

  // N elements from the i-th on, whose address is a multiple of their size together.
  template <int32_t N>
  Vector<Value, N> readVector(int64_t i) const {
    Vector<Value, N> vector;
    memcpy(&vector, checked(i, sizeof vector, "reads"), sizeof vector);
    return vector;
  }
  template <int32_t N>
  void writeVector(int64_t i, Vector<Value, N> vector) const {
    memcpy(checked(i, sizeof vector, "writes"), &vector, sizeof vector);
  }

  Global operator+(int64_t i) const { return {data_ + i, bounds_}; }
  template <class Other>
  Global<Other> as() const {
    return {reinterpret_cast<Other*>(data_), bounds_};
  }
  explicit operator bool() const { return data_ != nullptr; }
  T* address(int64_t i, size_t bytes) const { return checked(i, bytes, "copies from"); }

 private:
  T* checked(int64_t i, size_t bytes, const char* what) const {
    T* const at = data_ + i;
    emulation::checkGlobal(bounds_, reinterpret_cast<const char*>(at), bytes, what);
    return at;
  }

  T* data_ = nullptr;
  emulation::Bounds bounds_;
};

// The elements of a view: nothing outside its first and last element can be accessed.
template <class T>
SACCADE_DEVICE Global<T> globalOf(const View& view) {
  int64_t last = 0;
  for (int32_t axis = 0; axis < view.rank; ++axis) last += (view.dim[axis] - 1) * view.stride[axis];
  const int64_t bytes = (last + 1) * kDTypeBytes[static_cast<int32_t>(view.dtype)];
  return {reinterpret_cast<T*>(view.data), emulation::boundsOf(view.data, bytes)};
}

// An array in shared memory.
template <class T>
class Shared {
 public:
  static_assert(sizeof(T) >= 2, "the emulation watches shared memory in units of 2 bytes");

  Shared(int32_t begin, int32_t count) : begin_(begin), count_(count) {}

  T read(int32_t i) const { return readVector<1>(i)[0]; }
  void write(int32_t i, T value) const { writeVector<1>(i, {{value}}); }

  template <int32_t N>
  Vector<T, N> readVector(int32_t i) const {
    Vector<T, N> vector;
    memcpy(&vector, emulation::running->readShared(offset(i, N), sizeof vector), sizeof vector);
    return vector;
  }
  template <int32_t N>
  void writeVector(int32_t i, Vector<T, N> vector) const {
    memcpy(emulation::running->writeShared(offset(i, N), sizeof vector), &vector, sizeof vector);
  }

  // Of N elements from the i-th on, in the block's shared memory.
  int32_t offset(int32_t i, int32_t n) const {
    if (i < 0 || i > count_ - n) emulation::running->failIndex(i, n, count_);
    return begin_ + i * static_cast<int32_t>(sizeof(T));
  }

 private:
  int32_t begin_, count_;
};

// The block's dynamic shared memory, handed out from its beginning.
class SharedMemory {
 public:
  template <class T>
  Shared<T> take(int32_t count) {
    const int32_t begin = (used_ + 15) / 16 * 16;
    used_ = begin + count * static_cast<int32_t>(sizeof(T));
    emulation::running->checkShared(used_);
    return {begin, count};
  }

 private:
  int32_t used_ = 0;
};

#else

template <class T>
class Global {
 public:
  using Value = std::remove_const_t<T>;

  Global() = default;
  SACCADE_DEVICE explicit Global(T* data) : data_(data) {}

  SACCADE_DEVICE Value read(int64_t i) const { return data_[i]; }
  SACCADE_DEVICE void write(int64_t i, Value value) const { data_[i] = value; }
  template <int32_t N>
  SACCADE_DEVICE Vector<Value, N> readVector(int64_t i) const {
    return *reinterpret_cast<const Vector<Value, N>*>(data_ + i);
  }
  template <int32_t N>
  SACCADE_DEVICE void writeVector(int64_t i, Vector<Value, N> vector) const {
    *reinterpret_cast<Vector<Value, N>*>(data_ + i) = vector;
  }

  SACCADE_DEVICE Global operator+(int64_t i) const { return Global(data_ + i); }
  template <class Other>
  SACCADE_DEVICE Global<Other> as() const {
    return Global<Other>(reinterpret_cast<Other*>(data_));
  }
  SACCADE_DEVICE explicit operator bool() const { return data_ != nullptr; }
  SACCADE_DEVICE T* address(int64_t i, size_t) const { return data_ + i; }

 private:
  T* data_ = nullptr;
};

template <class T>
SACCADE_DEVICE Global<T> globalOf(const View& view) {
  return Global<T>(reinterpret_cast<T*>(view.data));
}

template <class T>
class Shared {
 public:
  SACCADE_DEVICE explicit Shared(T* data) : data_(data) {}

  SACCADE_DEVICE T read(int32_t i) const { return data_[i]; }
  SACCADE_DEVICE void write(int32_t i, T value) const { data_[i] = value; }
  template <int32_t N>
  SACCADE_DEVICE Vector<T, N> readVector(int32_t i) const {
    return *reinterpret_cast<const Vector<T, N>*>(data_ + i);
  }
  template <int32_t N>
  SACCADE_DEVICE void writeVector(int32_t i, Vector<T, N> vector) const {
    *reinterpret_cast<Vector<T, N>*>(data_ + i) = vector;
  }
  // In the address space of shared memory, for instructions that take it.
  SACCADE_DEVICE uint32_t address(int32_t i) const {
    return static_cast<uint32_t>(__cvta_generic_to_shared(data_ + i));
  }

 private:
  T* data_;
};

extern __shared__ __align__(128) char sharedBytes[];

class SharedMemory {
 public:
  template <class T>
  SACCADE_DEVICE Shared<T> take(int32_t count) {
    const int32_t begin = (used_ + 15) / 16 * 16;
    used_ = begin + count * static_cast<int32_t>(sizeof(T));
    return Shared<T>(reinterpret_cast<T*>(sharedBytes + begin));
  }

 private:
  int32_t used_ = 0;
};

#endif

// What SharedMemory needs for arrays of so many bytes, taken one after the other.
constexpr int32_t sharedBytesOf() {
  return 0;
}
template <class... Bytes>
constexpr int32_t sharedBytesOf(int32_t first, Bytes... rest) {
  const int32_t after = sharedBytesOf(rest...);
  return after == 0 ? first : (first + 15) / 16 * 16 + after;
}

}  // namespace saccade::cuda
