// pool: out = the largest or the mean of each window of in, [N, H, W, C].
// Attributes: kind (0 max, 1 average), kh, kw, stride h, w, pad top, left, dilation h, w, count padding, ceil
// extra h, w. The padding after the input ends where the last window does, less the ceil extra. Max looks at
// the places inside the input alone, and a NaN wins. Average divides the sum of those by the places of the
// window inside the padded input, or, without count padding, by the places inside the input.
//
// A tile is a run of output pixels; kLanes channels are computed at once.
#include "accumulate.h"
#include "isa.h"
#include "strided.h"

namespace saccade {
namespace {

// One axis of the windows.
struct Axis {
  int64_t in, out, kernel, stride, pad, dilation, paddedEnd;

  // Places first, first + dilation, ... of the input: `inside` of them lie in it, `counted` in the padded
  // input.
  struct Window {
    int64_t first, inside, counted;
  };
  Window window(int64_t place) const {
    const int64_t start = place * stride - pad;
    const int64_t skipped = start < 0 ? ceilDivide(-start, dilation) : 0;
    const int64_t until = before(start, in), counted = before(start, paddedEnd);
    return {start + skipped * dilation, until > skipped ? until - skipped : 0, counted};
  }

 private:
  // How many of the window's places lie before `end`.
  int64_t before(int64_t start, int64_t end) const {
    if (start >= end) return 0;
    return least(ceilDivide(end - start, dilation), kernel);
  }
};

Axis axisOf(const Call& call, int axis) {
  const double* attribute = call.attribute + 1 + axis;
  const auto whole = [&](int i) { return static_cast<int64_t>(attribute[i]); };
  Axis result{
      call.view[1].dim[1 + axis], call.view[0].dim[1 + axis], whole(0), whole(2), whole(4), whole(6), 0};
  const int64_t reach = result.dilation * (result.kernel - 1) + 1;
  result.paddedEnd = (result.out - 1) * result.stride - result.pad + reach - whole(9);
  return result;
}

struct Plan {
  Axis h, w;
  bool average, countPadding;
  int64_t channels, pixels, perTile;
};

Plan planOf(const Call& call) {
  const View& out = call.view[0];
  Plan plan{
      axisOf(call, 0), axisOf(call, 1), call.attribute[0] == 1, call.attribute[9] == 1, out.dim[3], 0, 0};
  plan.pixels = out.dim[0] * out.dim[1] * out.dim[2];
  plan.perTile = kTileElements / (plan.channels * plan.h.kernel * plan.w.kernel);
  if (plan.perTile < 1) plan.perTile = 1;
  return plan;
}

[[gnu::noinline]] F loadScattered(const float* p, int64_t stride, int64_t n) {
  float lane[kLanes] = {};
  for (int64_t i = 0; i < n; i++) lane[i] = p[i * stride];
  return load(lane);
}

F loadChannels(const float* p, int64_t stride, int64_t n) {
  return stride == 1 ? loadFirst(p, n) : loadScattered(p, stride, n);
}

void storeChannels(float* p, int64_t stride, F value, int64_t n) {
  if (stride == 1) return storeFirst(p, value, n);
  float lane[kLanes];
  store(lane, value);
  for (int64_t i = 0; i < n; i++) p[i * stride] = lane[i];
}

// Of n channels at `in`, the window's first place. Sums go by rows, then over rows.
template <bool average>
F overWindow(const float* in, const View& view, Axis::Window h, Axis::Window w, const Plan& plan, int64_t n) {
  const int64_t down = plan.h.dilation * view.stride[1], right = plan.w.dilation * view.stride[2];
  F result = broadcast(average ? 0.0f : -__builtin_inff());
  for (int64_t y = 0; y < h.inside; y++) {
    F row = broadcast(average ? 0.0f : -__builtin_inff());
    for (int64_t x = 0; x < w.inside; x++) {
      const F value = loadChannels(in + y * down + x * right, view.stride[3], n);
      row = average ? row + value : maximum(row, value);
    }
    result = average ? result + row : maximum(result, row);
  }
  return result;
}

void poolPixel(const Call& call, const Plan& plan, int64_t n, int64_t y, int64_t x) {
  const View &out = call.view[0], &in = call.view[1];
  const Axis::Window h = plan.h.window(y), w = plan.w.window(x);
  float* to = reinterpret_cast<float*>(out.data) + n * out.stride[0] + y * out.stride[1] + x * out.stride[2];
  const float* from = reinterpret_cast<const float*>(in.data) + n * in.stride[0];
  if (h.inside > 0 && w.inside > 0) from += h.first * in.stride[1] + w.first * in.stride[2];
  const int64_t places = plan.countPadding ? h.counted * w.counted : h.inside * w.inside;
  const F count = broadcast(static_cast<float>(places > 0 ? places : 1));
  for (int64_t c = 0; c < plan.channels; c += kLanes) {
    const int64_t lanes = least(plan.channels - c, kLanes);
    const float* first = from + c * in.stride[3];
    const F value = plan.average ? overWindow<true>(first, in, h, w, plan, lanes) / count
                                 : overWindow<false>(first, in, h, w, plan, lanes);
    storeChannels(to + c * out.stride[3], out.stride[3], value, lanes);
  }
}

int64_t tiles(const Call& call) {
  if (elementsOf(call.view[0]) == 0) return 0;
  const Plan plan = planOf(call);
  return ceilDivide(plan.pixels, plan.perTile);
}

int64_t scratch(const Call&) {
  return 0;
}

Status run(const Call& call, int64_t tile, char*) {
  const Plan plan = planOf(call);
  const int64_t begin = tile * plan.perTile;
  for (int64_t pixel = begin; pixel < plan.pixels && pixel < begin + plan.perTile; pixel++) {
    const int64_t row = pixel / plan.w.out;
    poolPixel(call, plan, row / plan.h.out, row % plan.h.out, pixel % plan.w.out);
  }
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(pool);
constexpr Kernel SACCADE_KERNEL(pool){tiles, scratch, run};

}  // namespace saccade
