// resample: uint8 [outer, length, inner] to another length along the middle axis, with the bits of Pillow's
// resize. Attributes: Filter, length, offset, size, first.
//
// Weights have 22 fraction bits (filter.h); a sum starts at one half, is shifted and clamped to 0..255. Sums
// are of integers, so their order does not matter. A tile is a block of output positions, whose weights it
// computes once, times a block of the outer and of the inner axis. Vertically (inner is a row of pixels)
// kLanes bytes are summed at a time; horizontally (inner is a pixel of 3 or 4 bytes) a pixel is one small
// vector.
#include "../runtime/filter.h"
#include "isa.h"
#include "simd.h"
#include "strided.h"

namespace saccade {
namespace {

typedef uint8_t Bytes __attribute__((vector_size(kLanes)));
typedef int32_t Pixel __attribute__((vector_size(16)));
typedef uint8_t PixelBytes __attribute__((vector_size(4)));

constexpr int32_t kHalf = 1 << (kPrecisionBits - 1);
constexpr int64_t kPositions = 16;
constexpr int64_t kInner = 1 << 14;
constexpr int64_t kTileWork = 1 << 20;  // products

struct Plan {
  Resampling axis;
  int64_t offset, first;  // positions of the axes where the input and the output begin
  int64_t outer, inner;
  int64_t positions, outerBlock, innerBlock;  // of a tile
  int64_t positionBlocks, outerBlocks, innerBlocks;
};

Plan planOf(const Call& call) {
  const View& out = call.view[0];
  Plan plan{Resampling(static_cast<Filter>(static_cast<int32_t>(call.attribute[0])),
                       static_cast<int64_t>(call.attribute[1]), static_cast<int64_t>(call.attribute[3])),
            static_cast<int64_t>(call.attribute[2]),
            static_cast<int64_t>(call.attribute[4]),
            out.dim[0],
            out.dim[2],
            kPositions,
            1,
            min(out.dim[2], kInner),
            0,
            0,
            0};
  if (plan.positions > out.dim[1]) plan.positions = out.dim[1];
  const int64_t work = plan.positions * plan.axis.maxTaps * plan.innerBlock;
  plan.outerBlock = kTileWork / work + 1;
  if (plan.outerBlock > plan.outer) plan.outerBlock = plan.outer;
  plan.positionBlocks = ceilDivide(out.dim[1], plan.positions);
  plan.outerBlocks = ceilDivide(plan.outer, plan.outerBlock);
  plan.innerBlocks = ceilDivide(plan.inner, plan.innerBlock);
  return plan;
}

uint8_t clamp(int32_t sum) {
  const int32_t value = sum >> kPrecisionBits;
  return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

// The inputs of one output position: `count` of them, `step` bytes apart.
struct Taps {
  const uint8_t* in;
  int64_t step, count;
  const int32_t* weights;
};

// Computes kVectors * kLanes neighbouring bytes.
template <int kVectors>
void sumBytes(uint8_t* out, const Taps& taps, int64_t offset) {
  I sums[kVectors];
  for (int j = 0; j < kVectors; j++) sums[j] = broadcast(kHalf);
  const uint8_t* in = taps.in + offset;
  for (int64_t t = 0; t < taps.count; t++, in += taps.step) {
    const I weight = broadcast(taps.weights[t]);
    for (int j = 0; j < kVectors; j++) {
      Bytes bytes;
      __builtin_memcpy(&bytes, in + j * kLanes, sizeof bytes);
      sums[j] += __builtin_convertvector(bytes, I) * weight;
    }
  }
  for (int j = 0; j < kVectors; j++) {
    I value = sums[j] >> kPrecisionBits;
    value = select(less(value, broadcast(0)), broadcast(0), value);
    value = select(less(broadcast(255), value), broadcast(255), value);
    const Bytes bytes = __builtin_convertvector(value, Bytes);
    __builtin_memcpy(out + offset + j * kLanes, &bytes, sizeof bytes);
  }
}

void sumLine(uint8_t* out, const Taps& taps, int64_t inner) {
  int64_t i = 0;
  for (; i + 4 * kLanes <= inner; i += 4 * kLanes) sumBytes<4>(out, taps, i);
  for (; i + kLanes <= inner; i += kLanes) sumBytes<1>(out, taps, i);
  for (; i < inner; i++) {
    int32_t sum = kHalf;
    for (int64_t t = 0; t < taps.count; t++) sum += taps.in[t * taps.step + i] * taps.weights[t];
    out[i] = clamp(sum);
  }
}

// Computes a pixel of 3 or 4 bytes. 4 bytes are loaded of each input but the last, which another input
// follows.
template <int kInnerBytes>
void sumPixel(uint8_t* out, const Taps& taps) {
  Pixel sum = {kHalf, kHalf, kHalf, kHalf};
  const uint8_t* in = taps.in;
  for (int64_t t = 0; t + 1 < taps.count; t++, in += taps.step) {
    PixelBytes bytes;
    __builtin_memcpy(&bytes, in, sizeof bytes);
    sum += __builtin_convertvector(bytes, Pixel) * taps.weights[t];
  }
  for (int i = 0; i < kInnerBytes; i++) out[i] = clamp(sum[i] + in[i] * taps.weights[taps.count - 1]);
}

void sumStrided(char* out, int64_t outStride, const Taps& taps, int64_t inStride, int64_t inner) {
  for (int64_t i = 0; i < inner; i++) {
    int32_t sum = kHalf;
    for (int64_t t = 0; t < taps.count; t++) sum += taps.in[t * taps.step + i * inStride] * taps.weights[t];
    out[i * outStride] = static_cast<char>(clamp(sum));
  }
}

int64_t tiles(const Call& call) {
  if (elementsOf(call.view[0]) == 0) return 0;
  const Plan plan = planOf(call);
  return plan.positionBlocks * plan.outerBlocks * plan.innerBlocks;
}

// Weights of one position as doubles, and of all positions of a tile in fixed point.
int64_t scratch(const Call& call) {
  if (elementsOf(call.view[0]) == 0) return 0;
  const Plan plan = planOf(call);
  return plan.axis.maxTaps * (8 + 4 * plan.positions);
}

Status run(const Call& call, int64_t tile, char* buffer) {
  const View &out = call.view[0], &in = call.view[1];
  const Plan plan = planOf(call);
  const int64_t maxTaps = plan.axis.maxTaps;
  const int64_t position = tile % plan.positionBlocks * plan.positions;
  const int64_t inner = tile / plan.positionBlocks % plan.innerBlocks * plan.innerBlock;
  const int64_t outer = tile / plan.positionBlocks / plan.innerBlocks * plan.outerBlock;
  const int64_t positions = min(plan.positions, out.dim[1] - position);
  const int64_t bytes = min(plan.innerBlock, plan.inner - inner);
  const int64_t outerEnd = min(plan.outer, outer + plan.outerBlock);

  double* exact = reinterpret_cast<double*>(buffer);
  int32_t* weights = reinterpret_cast<int32_t*>(exact + maxTaps);
  Resampling::Range range[kPositions];
  const bool nearest = plan.axis.filter == Filter::nearest;
  const int64_t begin = plan.first + position;
  if (nearest) plan.axis.nearestPositions(begin, begin + positions, range);
  for (int64_t p = 0; p < positions && !nearest; p++)
    range[p] = plan.axis.weigh(begin + p, exact, weights + p * maxTaps);
  // A program can ask for positions that depend on more than the input has.
  int64_t skipped[kPositions];
  for (int64_t p = 0; p < positions; p++) {
    const int64_t from = max(range[p].first, plan.offset);
    skipped[p] = from - range[p].first;
    range[p].count = min(range[p].first + range[p].count, plan.offset + in.dim[1]) - from;
    range[p].first = from - plan.offset;
  }

  const bool dense = (out.stride[2] == 1 && in.stride[2] == 1) || plan.inner == 1;
  const bool pixels = dense && in.stride[1] == plan.inner;
  for (int64_t o = outer; o < outerEnd; o++) {
    for (int64_t p = 0; p < positions; p++) {
      if (range[p].count < 1) continue;
      char* to = out.data + o * out.stride[0] + (position + p) * out.stride[1] + inner * out.stride[2];
      const char* from = in.data + o * in.stride[0] + range[p].first * in.stride[1] + inner * in.stride[2];
      const Taps taps{reinterpret_cast<const uint8_t*>(from), in.stride[1], range[p].count,
                      weights + p * maxTaps + skipped[p]};
      if (nearest) {
        copyRun(to, out.stride[2], from, in.stride[2], 1, bytes);
      } else if (pixels && plan.inner == 3) {
        sumPixel<3>(reinterpret_cast<uint8_t*>(to), taps);
      } else if (pixels && plan.inner == 4) {
        sumPixel<4>(reinterpret_cast<uint8_t*>(to), taps);
      } else if (dense) {
        sumLine(reinterpret_cast<uint8_t*>(to), taps, bytes);
      } else {
        sumStrided(to, out.stride[2], taps, in.stride[2], bytes);
      }
    }
  }
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(resample);
constexpr Kernel SACCADE_KERNEL(resample){tiles, scratch, run};

}  // namespace saccade
