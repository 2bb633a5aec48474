// Tensor cores of sm_80: ldmatrix and mma.sync. All lanes of a warp call; fragments.h says which elements
// each holds.
#pragma once
#include "fragments.h"
#include "memory.h"
#include "number.h"
#include "target.h"

namespace saccade::cuda {

#if defined(SACCADE_CUDA_EMULATED)

namespace emulated {

// Loads kCount 8 x 8 matrices. Lane 8 * m + r has the offset of row r of matrix m.
template <int32_t kCount, bool kTransposed>
struct LoadMatrices {
  int32_t offset;
  uint32_t* result;
  int32_t rows[kCount * 8];
  static void act(void* const* lanes, const void*) {
    for (int32_t lane = 0; lane < kWarp; ++lane) {
      for (int32_t row = 0; row < kCount * 8; ++row)
        static_cast<LoadMatrices*>(lanes[lane])->rows[row] = static_cast<LoadMatrices*>(lanes[row])->offset;
    }
  }
  // Each lane reads what it receives, so that a race is reported for the right thread.
  void read() const {
    for (int32_t matrix = 0; matrix < kCount; ++matrix) {
      uint16_t pair[2];
      for (int32_t i = 0; i < 2; ++i) {
        const Place place = placeIn8x8(emulation::running->thread() % kWarp, i);
        const int32_t row = kTransposed ? place.column : place.row,
                      column = kTransposed ? place.row : place.column;
        memcpy(&pair[i], emulation::running->readShared(rows[matrix * 8 + row] + column * 2, 2), 2);
      }
      memcpy(&result[matrix], pair, 4);
    }
  }
};

inline float numberOf(Float16 value) {
  return toFloat(value);
}
inline float numberOf(Bfloat16 value) {
  return toFloat(value);
}
// The unit ignores the lowest 13 bits.
inline float numberOf(float value) {
  return floatOf(bitsOf(value) & ~uint32_t{0x1fff});
}

// C += A B with the elements of all lanes. T: float (tf32), Float16 or Bfloat16.
template <class T, int32_t kDepth>
struct Multiply {
  static constexpr int32_t kOfA = 16 * kDepth / kWarp, kOfB = 8 * kDepth / kWarp;
  T a[kOfA], b[kOfB];
  float* c;
  static Place placeInA(int32_t lane, int32_t i) {
    return sizeof(T) == 4 ? placeInA32(lane, i) : placeInA16(lane, i);
  }
  static Place placeInB(int32_t lane, int32_t i) {
    return sizeof(T) == 4 ? placeInB32(lane, i) : placeInB16(lane, i);
  }
  static void act(void* const* lanes, const void*) {
    float a[16][kDepth], b[kDepth][8];
    for (int32_t lane = 0; lane < kWarp; ++lane) {
      const auto* const slot = static_cast<const Multiply*>(lanes[lane]);
      for (int32_t i = 0; i < kOfA; ++i)
        a[placeInA(lane, i).row][placeInA(lane, i).column] = numberOf(slot->a[i]);
      for (int32_t i = 0; i < kOfB; ++i)
        b[placeInB(lane, i).row][placeInB(lane, i).column] = numberOf(slot->b[i]);
    }
    for (int32_t lane = 0; lane < kWarp; ++lane) {
      float* const c = static_cast<const Multiply*>(lanes[lane])->c;
      for (int32_t i = 0; i < 4; ++i) {
        const Place place = placeInC(lane, i);
        for (int32_t k = 0; k < kDepth; ++k) c[i] += a[place.row][k] * b[k][place.column];
      }
    }
  }
};

template <class T, int32_t kDepth, class A, class B>
inline void multiply(float (&c)[4], const A& a, const B& b) {
  Multiply<T, kDepth> slot;
  static_assert(sizeof a == sizeof slot.a && sizeof b == sizeof slot.b);
  memcpy(slot.a, a, sizeof a);
  memcpy(slot.b, b, sizeof b);
  slot.c = c;
  emulation::running->exchange("a matrix product", &slot, Multiply<T, kDepth>::act);
}

}  // namespace emulated

#endif

// Loads kCount (1, 2 or 4) 8 x 8 matrices of 16 bits. Lane 8 * m + r gives the first element of row r of
// matrix m, at a multiple of 16 bytes; with fewer than four matrices the other lanes' are not used. Register
// m gets matrix m.
template <int32_t kCount, bool kTransposed, class T>
SACCADE_DEVICE void loadMatrices(uint32_t (&result)[kCount], const Shared<T>& memory, int32_t i) {
  static_assert(sizeof(T) == 2 && (kCount == 1 || kCount == 2 || kCount == 4));
#if defined(SACCADE_CUDA_EMULATED)
  const bool used = emulation::running->thread() % kWarp < kCount * 8;
  emulated::LoadMatrices<kCount, kTransposed> slot{used ? memory.offset(i, 8) : 0, result, {}};
  if (slot.offset % 16 != 0) emulation::running->fail("ldmatrix: a row is not at a multiple of 16 bytes");
  emulation::running->exchange("ldmatrix", &slot, slot.act);
  slot.read();
#else
  const uint32_t at = memory.address(i);
  if constexpr (kCount == 4) {
    if constexpr (kTransposed) {
      asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                   : "=r"(result[0]), "=r"(result[1]), "=r"(result[2]), "=r"(result[3])
                   : "r"(at)
                   : "memory");
    } else {
      asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                   : "=r"(result[0]), "=r"(result[1]), "=r"(result[2]), "=r"(result[3])
                   : "r"(at)
                   : "memory");
    }
  } else if constexpr (kCount == 2) {
    if constexpr (kTransposed) {
      asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];"
                   : "=r"(result[0]), "=r"(result[1])
                   : "r"(at)
                   : "memory");
    } else {
      asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];"
                   : "=r"(result[0]), "=r"(result[1])
                   : "r"(at)
                   : "memory");
    }
  } else {
    if constexpr (kTransposed) {
      asm volatile("ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%0}, [%1];"
                   : "=r"(result[0])
                   : "r"(at)
                   : "memory");
    } else {
      asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];"
                   : "=r"(result[0])
                   : "r"(at)
                   : "memory");
    }
  }
#endif
}

// c += a b, of [16 x 16] and [16 x 8] elements of T, Float16 or Bfloat16.
template <class T>
SACCADE_DEVICE void multiply16(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if defined(SACCADE_CUDA_EMULATED)
  emulated::multiply<T, 16>(c, a, b);
#else
  if constexpr (T::kBrain) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
        "{%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  } else {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
        "{%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  }
#endif
}

// c += a b, of [16 x 8] and [8 x 8] elements in tf32 (toTf32).
SACCADE_DEVICE void multiplyTf32(float (&c)[4], const float (&a)[4], const float (&b)[2]) {
#if defined(SACCADE_CUDA_EMULATED)
  emulated::multiply<float, 8>(c, a, b);
#else
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(bitsOf(a[0])), "r"(bitsOf(a[1])), "r"(bitsOf(a[2])), "r"(bitsOf(a[3])), "r"(bitsOf(b[0])),
        "r"(bitsOf(b[1])));
#endif
}

}  // namespace saccade::cuda
