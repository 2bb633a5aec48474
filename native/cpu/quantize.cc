// quantize: rows of float32 to 8 bits with one scale a row, for gemm (quantized.h). Symmetric: scale =
// largest magnitude / 127. A row's result depends on that row only.
//
// A row with an infinity or NaN has the scale NaN, so that results show it. A scale is at least 2^-126, so
// that it and its inverse are normal; rows of smaller magnitude are rounded to coarser steps.
#include "quantized.h"

namespace saccade {
namespace {

// Elements of a tile: enough that claiming it costs little.
constexpr int64_t kTileRowElements = 1 << 14;

int64_t rowsOf(const View& in) {
  return max(kTileRowElements / max(in.dim[2], 1), 1);
}

int64_t tiles(const Call& call) {
  const View& in = call.view[1];
  return in.dim[0] * ((in.dim[1] + rowsOf(in) - 1) / rowsOf(in));
}

// For a contiguous copy of a row that is not.
int64_t scratch(const Call& call) {
  const View& in = call.view[1];
  return in.stride[2] == 1 ? 0 : 4 * in.dim[2];
}

float maxMagnitude(const float* in, int64_t k) {
  // Four independent chains, as each maximum waits for the one before.
  F chain[4] = {zero(), zero(), zero(), zero()};
  int64_t j = 0;
  for (; j + 4 * kLanes <= k; j += 4 * kLanes) {
    for (int i = 0; i < 4; i++) chain[i] = maximum(chain[i], abs(load(in + j + i * kLanes)));
  }
  for (; j < k; j += kLanes) chain[0] = maximum(chain[0], abs(load(in + j, min(kLanes, k - j))));
  return maxLane(maximum(maximum(chain[0], chain[1]), maximum(chain[2], chain[3])));
}

void quantizeRow(const float* in, int64_t k, char* out) {
  float magnitude = maxMagnitude(in, k);
  const bool finite = magnitude < __builtin_inff();
  if (magnitude < 0x1p-119f) magnitude = 0x1p-119f;
  *reinterpret_cast<float*>(out) = finite ? magnitude / 127.0f : __builtin_nanf("");
  auto* bytes = reinterpret_cast<uint8_t*>(out + kQuantizedHead);
  const F inverse = broadcast(finite ? 127.0f / magnitude : 0.0f);
  const auto put = [&](int64_t j, F v) {
    storeBytes(bytes + j, toInt(finite ? v * inverse : zero()) + broadcast(int32_t{128}));
  };
  int64_t j = 0;
  for (; j + kLanes <= k; j += kLanes) put(j, load(in + j));
  if (j < k) put(j, load(in + j, k - j));
  for (j = roundUp(k, kLanes); j < roundUp(k, 64); j++) bytes[j] = 128;
}

Status run(const Call& call, int64_t tile, char* scratch) {
  const View &out = call.view[0], &in = call.view[1];
  const int64_t rows = rowsOf(in), perBatch = (in.dim[1] + rows - 1) / rows;
  const int64_t batch = tile / perBatch, first = tile % perBatch * rows;
  for (int64_t row = first; row < min(first + rows, in.dim[1]); row++) {
    const float* from = reinterpret_cast<const float*>(in.data) + batch * in.stride[0] + row * in.stride[1];
    if (in.stride[2] != 1) {
      auto* copy = reinterpret_cast<float*>(scratch);
      for (int64_t j = 0; j < in.dim[2]; j++) copy[j] = from[j * in.stride[2]];
      from = copy;
    }
    quantizeRow(from, in.dim[2], out.data + batch * out.stride[0] + row * out.stride[1]);
  }
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(quantize);
constexpr Kernel SACCADE_KERNEL(quantize){tiles, scratch, run};

}  // namespace saccade
