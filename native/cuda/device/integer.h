// Products of small integers.
#pragma once
#include "target.h"

namespace saccade::cuda {

// sum + the products of the four signed bytes of both words.
SACCADE_DEVICE int32_t dot4(int32_t a, int32_t b, int32_t sum) {
#if defined(SACCADE_CUDA_EMULATED)
  for (int32_t byte = 0; byte < 4; ++byte)
    sum += static_cast<int8_t>(a >> (8 * byte)) * static_cast<int8_t>(b >> (8 * byte));
  return sum;
#else
  return __dp4a(a, b, sum);
#endif
}

}  // namespace saccade::cuda
