// norm: out = (in - mean) / sqrt(variance + epsilon) * weight + bias (layer), or in / sqrt(mean square +
// epsilon) * weight + bias (rms), on [N, S, G, C] with statistics over S and C for each (N, G). Attributes:
// mode (0 layer, 1 rms), epsilon.
//
// Statistics take two passes over the input. The first gives a mean rounded to float32. The second sums the
// differences from it and their squares; the differences are exact where they matter (when they are small
// beside the mean), and their own mean corrects both the mean and the variance. So a row of low variance far
// from zero comes out as float64 would give it. For rms the rounded mean is 0 by definition.
#include "accumulate.h"
#include "isa.h"
#include "strided.h"

namespace saccade {
namespace {

// Sums of differences and of their squares.
struct Moments {
  struct Accumulator {
    F sum, square;
  };
  static Accumulator start(F difference) { return {difference, difference * difference}; }
  static Accumulator combine(Accumulator a, Accumulator b) { return {a.sum + b.sum, a.square + b.square}; }
};

// What turns an input into its normal form: (in - mean) * scale + shift.
struct Affine {
  float mean, scale, shift;
};

Affine affineOf(bool rms, float mean, float sum, float square, int64_t elements, double epsilon) {
  const double count = static_cast<double>(elements);
  const double offset = rms ? 0 : static_cast<double>(sum) / count;
  double variance = static_cast<double>(square) / count - offset * offset;
  if (variance < 0) variance = 0;
  const double scale = 1 / __builtin_sqrt(variance + epsilon);
  return {mean, static_cast<float>(scale), static_cast<float>(-offset * scale)};
}

struct Plan {
  int64_t n, s, g, c;
  bool rms;
  double epsilon;
  bool rows;        // S is 1: each (N, G) is a row of C
  int64_t perTile;  // rows, or groups of one N
  int64_t strips;   // of kLanes channels, of the groups of a tile
};

Plan planOf(const Call& call) {
  const int64_t* dim = call.view[0].dim;
  Plan plan{dim[0], dim[1], dim[2], dim[3], call.attribute[0] == 1, call.attribute[1], dim[1] == 1, 0, 0};
  const int64_t most = plan.rows ? plan.n * plan.g : plan.g;
  plan.perTile = kTileElements / (plan.s * plan.c);
  // Groups narrower than a vector are taken together.
  if (!plan.rows && plan.perTile * plan.c < kLanes) plan.perTile = ceilDivide(kLanes, plan.c);
  if (plan.perTile < 1) plan.perTile = 1;
  if (plan.perTile > most) plan.perTile = most;
  plan.strips = groupsOf(plan.perTile * plan.c);
  return plan;
}

// Weight or bias as dense rows of C, each `stride` after the last; null when absent.
struct Parameter {
  const float* data;
  int64_t stride;
};

bool isStaged(const View& view) {
  return !isAbsent(view) && !isDense(view);
}

Parameter parameterOf(const View& view, const Plan& plan, float* staged) {
  if (isAbsent(view)) return {nullptr, 0};
  if (!isStaged(view)) return {reinterpret_cast<const float*>(view.data), view.stride[0]};
  for (int64_t g = 0; g < plan.g; g++) {
    copyRun(reinterpret_cast<char*>(staged + g * plan.c), 4, view.data + g * view.stride[0] * 4,
            view.stride[1] * 4, 4, plan.c);
  }
  return {staged, plan.c};
}

F finish(F x, F mean, F scale, F shift, F weight, F bias) {
  return fma(fma(x - mean, scale, shift), weight, bias);
}

// `next` is a row that comes soon, and is fetched meanwhile: it would be waited for otherwise. `past`: the
// output goes past the cache.
void normRow(float* out, const float* in, const float* next, const Plan& plan, const float* weight,
             const float* bias, bool past) {
  float mean = 0;
  if (!plan.rms) {
    const F total = combineChains<Sum>(plan.c, [&](int64_t i, auto n) { return loadFirst(in + i, n); });
    mean = sum(total) / static_cast<float>(plan.c);
  }
  const F about = broadcast(mean);
  const Moments::Accumulator moments = combineChains<Moments>(plan.c, [&](int64_t i, auto n) {
    __builtin_prefetch(next + i);
    const F difference = loadFirst(in + i, n) - about;
    return Moments::start(n < kLanes ? select(firstLanes(n), difference, zero()) : difference);
  });
  const Affine affine = affineOf(plan.rms, mean, sum(moments.sum), sum(moments.square), plan.c, plan.epsilon);
  const F scale = broadcast(affine.scale), shift = broadcast(affine.shift);
  forLanes(plan.c, [&](int64_t i, auto n) {
    const F w = weight ? loadFirst(weight + i, n) : broadcast(1.0f),
            b = bias ? loadFirst(bias + i, n) : zero();
    const F v = finish(loadFirst(in + i, n), about, scale, shift, w, b);
    if (past) {
      stream(out + i, v);
    } else {
      storeFirst(out + i, v, n);
    }
  });
}

void normRows(const Call& call, const Plan& plan, int64_t tile, Parameter weight, Parameter bias,
              float* buffer) {
  const View &out = call.view[0], &in = call.view[1];
  const int64_t begin = tile * plan.perTile, end = least(begin + plan.perTile, plan.n * plan.g);
  const auto rowOf = [&](const View& view, int64_t row) {
    return reinterpret_cast<float*>(view.data) + row / plan.g * view.stride[0] +
           row % plan.g * view.stride[2];
  };
  const bool past = isPastCache(out) && isDense(out) && streamable(out.data) && plan.c % kLanes == 0 &&
                    out.stride[0] % kLanes == 0 && out.stride[2] % kLanes == 0;
  for (int64_t row = begin; row < end; row++) {
    const int64_t g = row % plan.g;
    float *to = rowOf(out, row), *from = rowOf(in, row);
    if (!isDense(in))
      copyRun(reinterpret_cast<char*>(buffer), 4, reinterpret_cast<char*>(from), in.stride[3] * 4, 4, plan.c);
    normRow(isDense(out) ? to : buffer, isDense(in) ? from : buffer, rowOf(in, least(row + 2, end - 1)), plan,
            weight.data ? weight.data + g * weight.stride : nullptr,
            bias.data ? bias.data + g * bias.stride : nullptr, past);
    if (!isDense(out))
      copyRun(reinterpret_cast<char*>(to), out.stride[3] * 4, reinterpret_cast<char*>(buffer), 4, 4, plan.c);
  }
  if (past) endStream();
}

// Channels g * C + c of one N, kLanes at a time.
struct Channels {
  float* data;
  int64_t rowStride, groupStride, stride, c;
  bool dense;

  Channels(const View& view, int64_t n, const Plan& plan)
      : data(reinterpret_cast<float*>(view.data) + n * view.stride[0]),
        rowStride(view.stride[1]),
        groupStride(view.stride[2]),
        stride(view.stride[3]),
        c(plan.c),
        dense(isDense(view) && (plan.g == 1 || groupStride == c)) {}

  float* at(int64_t row, int64_t channel) const {
    return data + row * rowStride + channel / c * groupStride + channel % c * stride;
  }
  F get(int64_t row, int64_t channel, int64_t count) const {
    return dense ? loadFirst(data + row * rowStride + channel, count) : getScattered(row, channel, count);
  }
  void put(int64_t row, int64_t channel, F value, int64_t count) const {
    if (dense) return storeFirst(data + row * rowStride + channel, value, count);
    putScattered(row, channel, value, count);
  }

 private:
  [[gnu::noinline]] F getScattered(int64_t row, int64_t channel, int64_t count) const {
    float lane[kLanes] = {};
    for (int64_t i = 0; i < count; i++) lane[i] = *at(row, channel + i);
    return load(lane);
  }
  [[gnu::noinline]] void putScattered(int64_t row, int64_t channel, F value, int64_t count) const {
    float lane[kLanes];
    store(lane, value);
    for (int64_t i = 0; i < count; i++) *at(row, channel + i) = lane[i];
  }
};

// Combines get(row) over all rows.
template <class Op, class Get>
typename Op::Accumulator overRows(int64_t rows, Get get) {
  return combineLeaves<Op>(rows, [&](int64_t row, int64_t end) {
    return end - row == kLeafGroups ? fullLeaf<Op>(row, get) : partLeaf<Op>(row, end, get);
  });
}

// Groups [first, first + groups) of one N. Per channel: sums over the rows, then those of a group's channels.
// `work` has five arrays of a float a channel.
void normGroups(const Channels& out, const Channels& in, const Plan& plan, int64_t first, int64_t groups,
                Parameter weight, Parameter bias, float* work) {
  const int64_t channels = groups * plan.c, base = first * plan.c, size = plan.strips * kLanes;
  float *sums = work, *squares = work + size, *means = work + 2 * size, *scales = work + 3 * size,
        *shifts = work + 4 * size;
  const auto eachStrip = [&](auto body) { forLanes(channels, body); };
  const auto overGroup = [&](const float* values, int64_t g) {
    return sumOf(plan.c, [&](int64_t i, int64_t n) { return loadFirst(values + g * plan.c + i, n); });
  };
  const int64_t elements = plan.s * plan.c;
  if (!plan.rms) {
    eachStrip([&](int64_t i, auto n) {
      store(sums + i, overRows<Sum>(plan.s, [&](int64_t row) { return in.get(row, base + i, n); }));
    });
  }
  for (int64_t g = 0; g < groups; g++) {
    const float mean = plan.rms ? 0 : overGroup(sums, g) / static_cast<float>(elements);
    for (int64_t c = 0; c < plan.c; c++) means[g * plan.c + c] = mean;
  }
  eachStrip([&](int64_t i, auto n) {
    const F mean = load(means + i);
    const Moments::Accumulator total = overRows<Moments>(
        plan.s, [&](int64_t row) { return Moments::start(in.get(row, base + i, n) - mean); });
    store(sums + i, total.sum);
    store(squares + i, total.square);
  });
  for (int64_t g = 0; g < groups; g++) {
    const Affine affine = affineOf(plan.rms, means[g * plan.c], overGroup(sums, g), overGroup(squares, g),
                                   elements, plan.epsilon);
    for (int64_t c = 0; c < plan.c; c++) {
      const float w = weight.data ? weight.data[(first + g) * weight.stride + c] : 1;
      const float b = bias.data ? bias.data[(first + g) * bias.stride + c] : 0;
      scales[g * plan.c + c] = affine.scale * w;
      shifts[g * plan.c + c] = affine.shift * w + b;
    }
  }
  for (int64_t row = 0; row < plan.s; row++) {
    eachStrip([&](int64_t i, auto n) {
      const F x = in.get(row, base + i, n) - load(means + i);
      out.put(row, base + i, fma(x, load(scales + i), load(shifts + i)), n);
    });
  }
}

int64_t tiles(const Call& call) {
  if (elementsOf(call.view[0]) == 0) return 0;
  const Plan plan = planOf(call);
  if (plan.rows) return ceilDivide(plan.n * plan.g, plan.perTile);
  return plan.n * ceilDivide(plan.g, plan.perTile);
}

// Staged weight, staged bias, then a row or the five arrays of normGroups.
int64_t scratch(const Call& call) {
  if (elementsOf(call.view[0]) == 0) return 0;
  const Plan plan = planOf(call);
  const int64_t staged = (isStaged(call.view[2]) + isStaged(call.view[3])) * plan.g * plan.c;
  return (staged + (plan.rows ? plan.c : 5 * plan.strips * kLanes)) * static_cast<int64_t>(sizeof(float));
}

Status run(const Call& call, int64_t tile, char* buffer) {
  const Plan plan = planOf(call);
  float* free = reinterpret_cast<float*>(buffer);
  const Parameter weight = parameterOf(call.view[2], plan, free);
  if (isStaged(call.view[2])) free += plan.g * plan.c;
  const Parameter bias = parameterOf(call.view[3], plan, free);
  if (isStaged(call.view[3])) free += plan.g * plan.c;
  if (plan.rows) {
    normRows(call, plan, tile, weight, bias, free);
    return Status::ok;
  }
  const int64_t blocks = ceilDivide(plan.g, plan.perTile);
  const int64_t n = tile / blocks, first = tile % blocks * plan.perTile;
  const int64_t groups = least(plan.g - first, plan.perTile);
  normGroups(Channels(call.view[0], n, plan), Channels(call.view[1], n, plan), plan, first, groups, weight,
             bias, free);
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(norm);
constexpr Kernel SACCADE_KERNEL(norm){tiles, scratch, run};

}  // namespace saccade
