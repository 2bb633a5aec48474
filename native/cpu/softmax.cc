// softmax: out = exp(in - max) / sum of the same, along the last axis; with attribute `logarithm`, its
// logarithm. A row that holds NaN or +infinity, or nothing but -infinity, becomes NaN, as in PyTorch.
//
// A tile is a group of rows. Each row is read twice (its maximum; then its exponentials, which are summed and
// put where they go) and scaled; rows that are not dense, or go past the cache, pass through scratch.
#include "accumulate.h"
#include "isa.h"
#include "math.h"
#include "strided.h"

namespace saccade {
namespace {

struct Plan {
  Walk<2> rows;
  int64_t count, perTile;          // rows
  int64_t n, outStride, inStride;  // of a row; strides in bytes
};

Plan planOf(const Call& call) {
  const View &out = call.view[0], &in = call.view[1];
  const int32_t last = out.rank - 1;
  Plan plan{walkOver<2>(call.view, 0, last), 0, 0, out.dim[last], out.stride[last] * 4, in.stride[last] * 4};
  plan.count = elementsOf(out) / plan.n;
  plan.perTile = plan.n < kTileElements / 2 ? kTileElements / 2 / plan.n : 1;
  if (plan.n == 1) plan.outStride = plan.inStride = 4;
  return plan;
}

// Whether rows of an output begin where stream() can write.
bool areStreamable(const Walk<2>& rows) {
  for (int32_t axis = 0; axis < rows.rank; axis++) {
    if (rows.stride[0][axis] % static_cast<int64_t>(sizeof(F)) != 0) return false;
  }
  return true;
}

// A NaN is passed over: its exponential is NaN, and with it the sum.
F largestOf(const float* in, int64_t n) {
  // Four at a time, as each waits for itself.
  F most[4];
  for (F& v : most) v = broadcast(-__builtin_inff());
  int64_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    for (int j = 0; j < 4; j++) most[j] = max(load(in + i + j * kLanes), most[j]);
  }
  forLanes(n - i, [&](int64_t j, auto count) {
    const F value = loadFirst(in + i + j, count);
    most[0] = max(count < kLanes ? select(firstLanes(count), value, most[0]) : value, most[0]);
  });
  return broadcast(largest(max(max(most[0], most[1]), max(most[2], most[3]))));
}

// e^(in - most); lanes past the count are 0.
F exponentials(const float* in, int64_t count, F most) {
  const F value = expBelow0(loadFirst(in, count) - most);
  return count < kLanes ? select(firstLanes(count), value, zero()) : value;
}

// `next` is a row that comes soon, and is fetched meanwhile. `work` holds the exponentials: it is the output,
// or scratch where the output goes past the cache.
void softmaxRow(float* out, const float* in, const float* next, float* work, int64_t n) {
  const F most = largestOf(in, n);
  const float total = sum(combineChains<Sum>(n, [&](int64_t i, auto count) {
    __builtin_prefetch(next + i);
    const F value = exponentials(in + i, count, most);
    storeFirst(work + i, value, count);
    return value;
  }));
  const F scale = broadcast(1.0f / total);
  forLanes(n, [&](int64_t i, auto count) {
    const F value = loadFirst(work + i, count) * scale;
    if (work != out) {
      stream(out + i, value);
    } else {
      storeFirst(out + i, value, count);
    }
  });
}

void logSoftmaxRow(float* out, const float* in, const float* next, int64_t n, bool past) {
  const F most = largestOf(in, n);
  const F shift = log(broadcast(sum(combineChains<Sum>(n, [&](int64_t i, auto count) {
    __builtin_prefetch(next + i);
    return exponentials(in + i, count, most);
  }))));
  forLanes(n, [&](int64_t i, auto count) {
    const F value = (loadFirst(in + i, count) - most) - shift;
    if (past) {
      stream(out + i, value);
    } else {
      storeFirst(out + i, value, count);
    }
  });
}

int64_t tiles(const Call& call) {
  if (elementsOf(call.view[0]) == 0) return 0;
  const Plan plan = planOf(call);
  return ceilDivide(plan.count, plan.perTile);
}

int64_t scratch(const Call& call) {
  const View& out = call.view[0];
  return out.dim[out.rank - 1] * static_cast<int64_t>(sizeof(float));
}

Status run(const Call& call, int64_t tile, char* buffer) {
  const Plan plan = planOf(call);
  const int64_t begin = tile * plan.perTile;
  const int64_t end = least(begin + plan.perTile, plan.count);
  const bool outDense = plan.outStride == 4, inDense = plan.inStride == 4;
  const bool past = isPastCache(call.view[0]) && outDense && plan.n % kLanes == 0 &&
                    streamable(call.view[0].data) && areStreamable(plan.rows);
  float* scratch = reinterpret_cast<float*>(buffer);
  forRuns(plan.rows, begin, end, [&](char* const* run, int64_t rows) {
    for (int64_t i = 0; i < rows; i++) {
      char* out = run[0] + i * plan.rows.innerStride(0);
      const char* in = run[1] + i * plan.rows.innerStride(1);
      const char* next = in + least(2, rows - 1 - i) * plan.rows.innerStride(1);
      char* row = outDense ? out : buffer;
      if (!inDense) copyRun(row, 4, in, plan.inStride, 4, plan.n);
      const float* from = reinterpret_cast<const float*>(inDense ? in : row);
      float* to = reinterpret_cast<float*>(row);
      if (call.attribute[0] == 0) {
        softmaxRow(to, from, reinterpret_cast<const float*>(next), past ? scratch : to, plan.n);
      } else {
        logSoftmaxRow(to, from, reinterpret_cast<const float*>(next), plan.n, past);
      }
      if (!outDense) copyRun(out, plan.outStride, row, 4, 4, plan.n);
    }
  });
  if (past) endStream();
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(softmax);
constexpr Kernel SACCADE_KERNEL(softmax){tiles, scratch, run};

}  // namespace saccade
