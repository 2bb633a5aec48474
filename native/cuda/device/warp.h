// Exchange of values between the 32 lanes of a warp. All lanes must call, and none of these functions orders
// accesses to memory.
#pragma once
#include "index.h"
#include "target.h"

namespace saccade::cuda {

#if defined(SACCADE_CUDA_EMULATED)

namespace emulated {

template <class T>
struct Shuffle {
  T value, result;
  int32_t from;  // lane
  static void act(void* const* lanes, const void*) {
    for (int32_t i = 0; i < kWarp; ++i) {
      auto* const lane = static_cast<Shuffle*>(lanes[i]);
      lane->result = static_cast<Shuffle*>(lanes[lane->from])->value;
    }
  }
};

struct Ballot {
  bool predicate;
  uint32_t result;
  static void act(void* const* lanes, const void*) {
    uint32_t bits = 0;
    for (int32_t i = 0; i < kWarp; ++i)
      bits |= static_cast<uint32_t>(static_cast<Ballot*>(lanes[i])->predicate) << i;
    for (int32_t i = 0; i < kWarp; ++i) static_cast<Ballot*>(lanes[i])->result = bits;
  }
};

}  // namespace emulated

// The value of another lane.
template <class T>
SACCADE_DEVICE T shuffle(T value, int32_t lane) {
  emulated::Shuffle<T> slot{value, value, lane & (kWarp - 1)};
  emulation::running->exchange("a shuffle", &slot, emulated::Shuffle<T>::act);
  return slot.result;
}
template <class T>
SACCADE_DEVICE T shuffleXor(T value, int32_t mask) {
  return shuffle(value, laneIndex() ^ mask);
}
// Of which lanes the predicate holds.
SACCADE_DEVICE uint32_t vote(bool predicate) {
  emulated::Ballot slot{predicate, 0};
  emulation::running->exchange("a vote", &slot, emulated::Ballot::act);
  return slot.result;
}

#else

template <class T>
SACCADE_DEVICE T shuffle(T value, int32_t lane) {
  return __shfl_sync(0xffffffff, value, lane);
}
template <class T>
SACCADE_DEVICE T shuffleXor(T value, int32_t mask) {
  return __shfl_xor_sync(0xffffffff, value, mask);
}
SACCADE_DEVICE uint32_t vote(bool predicate) {
  return __ballot_sync(0xffffffff, predicate);
}

#endif

// combine() of the values of all lanes, in every lane, in one order.
template <class T, class Combine>
SACCADE_DEVICE T warpReduce(T value, Combine combine) {
  for (int32_t mask = kWarp / 2; mask > 0; mask /= 2) {
    const T other = shuffleXor(value, mask);
    value = (laneIndex() & mask) == 0 ? combine(value, other) : combine(other, value);
  }
  return value;
}

}  // namespace saccade::cuda
