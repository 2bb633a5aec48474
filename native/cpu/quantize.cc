// quantize: rows of float32 made 8 bits each, with one scale a row, for gemm (quantized.h). Symmetric: scale
// = largest magnitude / 127. A row depends on itself alone.
//
// A row that holds an infinity or NaN gets the scale NaN, so that it shows in the result. No scale is below
// 2^-126, so that neither it nor its inverse leaves the normal numbers: smaller rows take coarser steps.
#include "quantized.h"

namespace saccade {
namespace {

// Numbers that make a tile worth its claim.
constexpr int64_t kTileNumbers = 1 << 14;

int64_t rowsOf(const View& in) {
  return larger(kTileNumbers / larger(in.dim[2], 1), 1);
}

int64_t tiles(const Call& call) {
  const View& in = call.view[1];
  return in.dim[0] * ((in.dim[1] + rowsOf(in) - 1) / rowsOf(in));
}

// A row whose numbers are apart, together.
int64_t scratch(const Call& call) {
  const View& in = call.view[1];
  return in.stride[2] == 1 ? 0 : 4 * in.dim[2];
}

float largestOf(const float* in, int64_t k) {
  // Four at a time, as each waits for itself.
  F most[4] = {zero(), zero(), zero(), zero()};
  int64_t j = 0;
  for (; j + 4 * kLanes <= k; j += 4 * kLanes) {
    for (int i = 0; i < 4; i++) most[i] = maximum(most[i], abs(load(in + j + i * kLanes)));
  }
  for (; j < k; j += kLanes) most[0] = maximum(most[0], abs(load(in + j, smaller(kLanes, k - j))));
  return largest(maximum(maximum(most[0], most[1]), maximum(most[2], most[3])));
}

void quantizeRow(const float* in, int64_t k, char* out) {
  float most = largestOf(in, k);
  const bool finite = most < __builtin_inff();
  if (most < 0x1p-119f) most = 0x1p-119f;
  *reinterpret_cast<float*>(out) = finite ? most / 127.0f : __builtin_nanf("");
  auto* numbers = reinterpret_cast<uint8_t*>(out + kQuantizedHead);
  const F inverse = broadcast(finite ? 127.0f / most : 0.0f);
  const auto put = [&](int64_t j, F v) {
    storeBytes(numbers + j, toInt(finite ? v * inverse : zero()) + broadcast(int32_t{128}));
  };
  int64_t j = 0;
  for (; j + kLanes <= k; j += kLanes) put(j, load(in + j));
  if (j < k) put(j, load(in + j, k - j));
  for (j = roundUp(k, kLanes); j < roundUp(k, 64); j++) numbers[j] = 128;
}

Status run(const Call& call, int64_t tile, char* scratch) {
  const View &out = call.view[0], &in = call.view[1];
  const int64_t rows = rowsOf(in), perBatch = (in.dim[1] + rows - 1) / rows;
  const int64_t batch = tile / perBatch, first = tile % perBatch * rows;
  for (int64_t row = first; row < smaller(first + rows, in.dim[1]); row++) {
    const float* from = reinterpret_cast<const float*>(in.data) + batch * in.stride[0] + row * in.stride[1];
    if (in.stride[2] != 1) {
      auto* together = reinterpret_cast<float*>(scratch);
      for (int64_t j = 0; j < in.dim[2]; j++) together[j] = from[j * in.stride[2]];
      from = together;
    }
    quantizeRow(from, in.dim[2], out.data + batch * out.stride[0] + row * out.stride[1]);
  }
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(quantize);
constexpr Kernel SACCADE_KERNEL(quantize){tiles, scratch, run};

}  // namespace saccade
