// resample: uint8 [outer, length, inner] to another length along the middle axis, bit for bit as Pillow
// resizes. Attributes: filter (0 nearest, 1 box, 2 bilinear, 3 hamming, 4 bicubic, 5 lanczos), box start, box
// end.
//
// Weights are 22-bit fixed point (filter.h); a sum starts at one half, is shifted back and cut to 0..255. The
// sums are whole numbers, so their order is free. A tile is a block of output places, whose weights it
// computes once, for a block of the outer axis and one of the inner. Rows of an image (inner is a line of
// pixels) are summed kLanes bytes at a time; along a line (inner is a pixel of 3 or 4 bytes) a pixel is one
// small vector.
#include "filter.h"
#include "isa.h"
#include "simd.h"
#include "strided.h"

namespace saccade {
namespace {

typedef uint8_t Bytes __attribute__((vector_size(kLanes)));
typedef int32_t Pixel __attribute__((vector_size(16)));
typedef uint8_t PixelBytes __attribute__((vector_size(4)));

constexpr int32_t kHalf = 1 << (kPrecisionBits - 1);
constexpr int64_t kPlaces = 16;
constexpr int64_t kInner = 1 << 14;
constexpr int64_t kTileWork = 1 << 20;  // products

struct Plan {
  Resampling axis;
  int64_t outer, inner;
  int64_t places, outerBlock, innerBlock;  // of a tile
  int64_t placeBlocks, outerBlocks, innerBlocks;
};

Plan planOf(const Call& call) {
  const View &out = call.view[0], &in = call.view[1];
  Plan plan{Resampling(static_cast<Filter>(static_cast<int32_t>(call.attribute[0])), in.dim[1], out.dim[1],
                       call.attribute[1], call.attribute[2]),
            out.dim[0],
            out.dim[2],
            kPlaces,
            1,
            least(out.dim[2], kInner),
            0,
            0,
            0};
  if (plan.places > out.dim[1]) plan.places = out.dim[1];
  const int64_t work = plan.places * plan.axis.most * plan.innerBlock;
  plan.outerBlock = kTileWork / work + 1;
  if (plan.outerBlock > plan.outer) plan.outerBlock = plan.outer;
  plan.placeBlocks = ceilDivide(out.dim[1], plan.places);
  plan.outerBlocks = ceilDivide(plan.outer, plan.outerBlock);
  plan.innerBlocks = ceilDivide(plan.inner, plan.innerBlock);
  return plan;
}

uint8_t cut(int32_t sum) {
  const int32_t value = sum >> kPrecisionBits;
  return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

// One place: `count` inputs `step` bytes apart, each with `inner` bytes.
struct Taps {
  const uint8_t* in;
  int64_t step, count;
  const int32_t* weights;
};

// Of kVectors * kLanes neighbouring bytes.
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
    out[i] = cut(sum);
  }
}

// A pixel of 3 or 4 bytes. All inputs but the last have a byte of the next behind them, so 4 can be read of
// each.
template <int kInnerBytes>
void sumPixel(uint8_t* out, const Taps& taps) {
  Pixel sum = {kHalf, kHalf, kHalf, kHalf};
  const uint8_t* in = taps.in;
  for (int64_t t = 0; t + 1 < taps.count; t++, in += taps.step) {
    PixelBytes bytes;
    __builtin_memcpy(&bytes, in, sizeof bytes);
    sum += __builtin_convertvector(bytes, Pixel) * taps.weights[t];
  }
  for (int i = 0; i < kInnerBytes; i++) out[i] = cut(sum[i] + in[i] * taps.weights[taps.count - 1]);
}

void sumStrided(char* out, int64_t outStride, const Taps& taps, int64_t inStride, int64_t inner) {
  for (int64_t i = 0; i < inner; i++) {
    int32_t sum = kHalf;
    for (int64_t t = 0; t < taps.count; t++) sum += taps.in[t * taps.step + i * inStride] * taps.weights[t];
    out[i * outStride] = static_cast<char>(cut(sum));
  }
}

int64_t tiles(const Call& call) {
  if (elementsOf(call.view[0]) == 0) return 0;
  const Plan plan = planOf(call);
  return plan.placeBlocks * plan.outerBlocks * plan.innerBlocks;
}

// Weights of the places as doubles (of one) and as fixed point (of all).
int64_t scratch(const Call& call) {
  if (elementsOf(call.view[0]) == 0) return 0;
  const Plan plan = planOf(call);
  return plan.axis.most * (8 + 4 * plan.places);
}

Status run(const Call& call, int64_t tile, char* buffer) {
  const View &out = call.view[0], &in = call.view[1];
  const Plan plan = planOf(call);
  const int64_t most = plan.axis.most;
  const int64_t place = tile % plan.placeBlocks * plan.places;
  const int64_t inner = tile / plan.placeBlocks % plan.innerBlocks * plan.innerBlock;
  const int64_t outer = tile / plan.placeBlocks / plan.innerBlocks * plan.outerBlock;
  const int64_t places = least(plan.places, plan.axis.size - place);
  const int64_t bytes = least(plan.innerBlock, plan.inner - inner);
  const int64_t outerEnd = least(plan.outer, outer + plan.outerBlock);

  double* exact = reinterpret_cast<double*>(buffer);
  int32_t* weights = reinterpret_cast<int32_t*>(exact + most);
  Resampling::Range range[kPlaces];
  const bool nearest = plan.axis.filter == Filter::nearest;
  if (nearest) plan.axis.nearestPlaces(place, place + places, range);
  for (int64_t p = 0; p < places && !nearest; p++)
    range[p] = plan.axis.weigh(place + p, exact, weights + p * most);

  const bool dense = (out.stride[2] == 1 && in.stride[2] == 1) || plan.inner == 1;
  const bool pixels = dense && in.stride[1] == plan.inner;
  for (int64_t o = outer; o < outerEnd; o++) {
    for (int64_t p = 0; p < places; p++) {
      char* to = out.data + o * out.stride[0] + (place + p) * out.stride[1] + inner * out.stride[2];
      const char* from = in.data + o * in.stride[0] + range[p].first * in.stride[1] + inner * in.stride[2];
      const Taps taps{reinterpret_cast<const uint8_t*>(from), in.stride[1], range[p].count,
                      weights + p * most};
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
