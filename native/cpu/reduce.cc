// reduce: out[outer...] = sum, mean, max, min, argmax or argmin of in[outer..., r reduced axes].
// Attributes: kind, r. NaN wins max, min and their places, as in PyTorch.
//
// Where the reduced elements lie side by side, or nothing does, each output is computed by itself, a vector
// holding kLanes elements. Where neighbouring outputs read neighbouring elements (a reduction over leading
// axes), kLanes outputs are computed at once. Both combine in the order of accumulate.h, so their bits agree.
#include "accumulate.h"
#include "isa.h"
#include "strided.h"

namespace saccade {
namespace {

template <bool largest>
struct Extreme {
  using Accumulator = F;
  static Accumulator start(F value, I) { return value; }
  static F combine(F a, F b) { return largest ? maximum(a, b) : minimum(a, b); }
  static constexpr float kIdentity = largest ? -__builtin_inff() : __builtin_inff();
};

struct Total : Sum {
  static Accumulator start(F value, I) { return value; }
  static constexpr float kIdentity = 0;
};

// Values with their places; of equals the first place.
template <bool largest>
struct Place {
  struct Accumulator {
    F value;
    I place;
  };
  static Accumulator start(F value, I place) { return {value, place}; }
  static Accumulator combine(Accumulator a, Accumulator b) {
    const M better = either(largest ? less(a.value, b.value) : less(b.value, a.value),
                            both(isNan(b.value), opposite(isNan(a.value))));
    const M same = either(equal(a.value, b.value), both(isNan(a.value), isNan(b.value)));
    const M take = either(better, both(same, less(b.place, a.place)));
    return {select(take, b.value, a.value), select(take, b.place, a.place)};
  }
  static constexpr float kIdentity = largest ? -__builtin_inff() : __builtin_inff();
};

// The reduced axes of the input, merged; strides in elements.
struct Reduced {
  int32_t rank;
  int64_t dim[kMaxRank], stride[kMaxRank];
  int64_t elements;

  bool isDense() const { return rank == 1 && stride[0] == 1; }
  int64_t place(int64_t i) const { return rank == 1 ? i * stride[0] : scatteredPlace(i); }

 private:
  [[gnu::noinline]] int64_t scatteredPlace(int64_t i) const {
    int64_t place = 0;
    for (int32_t axis = rank - 1; axis >= 0; axis--) {
      place += i % dim[axis] * stride[axis];
      i /= dim[axis];
    }
    return place;
  }
};

Reduced reducedAxes(const View& in, int32_t from) {
  Reduced axes;
  axes.rank = 0;
  axes.elements = 1;
  for (int32_t axis = from; axis < in.rank; axis++) {
    axes.elements *= in.dim[axis];
    if (in.dim[axis] == 1) continue;
    if (axes.rank > 0 && axes.stride[axes.rank - 1] == in.stride[axis] * in.dim[axis]) {
      axes.dim[axes.rank - 1] *= in.dim[axis];
      axes.stride[axes.rank - 1] = in.stride[axis];
    } else {
      axes.dim[axes.rank] = in.dim[axis];
      axes.stride[axes.rank++] = in.stride[axis];
    }
  }
  if (axes.rank == 0) {
    axes.rank = 1;
    axes.dim[0] = 1;
    axes.stride[0] = 1;
  }
  return axes;
}

struct Plan {
  Walk<2> outer;
  Reduced reduced;
  bool columns;  // kLanes outputs at once
  int64_t outputs, perTile;
};

Plan planOf(const Call& call) {
  const View &out = call.view[0], &in = call.view[1];
  Plan plan{walkOver<2>(call.view, 0, out.rank), reducedAxes(in, out.rank), false, elementsOf(out), 0};
  plan.columns = !plan.reduced.isDense() && plan.outer.isDense(1) && plan.outer.inner() > 1;
  const int64_t fewest = plan.columns ? kLanes : 1;
  plan.perTile = kTileElements / plan.reduced.elements / fewest * fewest;
  if (plan.perTile < fewest) plan.perTile = fewest;
  return plan;
}

// n elements of one output, from the i-th on, that are not side by side.
[[gnu::noinline]] F loadScattered(const float* in, const Reduced& axes, int64_t i, int64_t n) {
  float lane[kLanes] = {};
  for (int64_t j = 0; j < n; j++) lane[j] = in[axes.place(i + j)];
  return load(lane);
}

inline I laneNumbers() {
  int32_t lane[kLanes];
  for (int i = 0; i < kLanes; i++) lane[i] = i;
  return load(lane);
}

template <class Op>
typename Op::Accumulator reduceRow(const float* in, const Reduced& axes) {
  const I lanes = laneNumbers();
  const bool dense = axes.isDense();
  return combineElements<Op>(axes.elements, [&](int64_t i, auto n) {
    F value = dense ? loadFirst(in + i, n) : loadScattered(in, axes, i, n);
    if (n < kLanes) value = select(firstLanes(n), value, broadcast(Op::kIdentity));
    return Op::start(value, lanes + broadcast(static_cast<int32_t>(i)));
  });
}

// An accumulator for each lane that the elements of one output would take up in reduceRow; its own lanes are
// neighbouring outputs.
template <class Op>
struct Columns {
  struct Accumulator {
    typename Op::Accumulator lane[kLanes];
  };
  static Accumulator combine(const Accumulator& a, const Accumulator& b) {
    Accumulator result;
    for (int i = 0; i < kLanes; i++) result.lane[i] = Op::combine(a.lane[i], b.lane[i]);
    return result;
  }
};

// Of the outputs at in, in + 1, ..., in + outputs - 1.
template <class Op>
typename Op::Accumulator reduceColumns(const float* in, const Reduced& axes, int64_t outputs) {
  const auto row = [&](int64_t i) {
    F value = broadcast(Op::kIdentity);
    if (i < axes.elements) value = loadFirst(in + axes.place(i), outputs);
    return Op::start(value, broadcast(static_cast<int32_t>(i)));
  };
  typename Columns<Op>::Accumulator total =
      combineLeaves<Columns<Op>>(groupsOf(axes.elements), [&](int64_t group, int64_t end) {
        const bool full = isFullLeaf(group, end, axes.elements);
        typename Columns<Op>::Accumulator leaf;
        for (int i = 0; i < kLanes; i++) {
          const auto get = [&](int64_t g) { return row(g * kLanes + i); };
          leaf.lane[i] = full ? fullLeaf<Op>(group, get) : partLeaf<Op>(group, end, get);
        }
        return leaf;
      });
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; i++) total.lane[i] = Op::combine(total.lane[i], total.lane[i + half]);
  }
  return total.lane[0];
}

// What is written: the lanes of an accumulator, and the one that all lanes together give.
inline void storeLanes(float* out, F value) {
  store(out, value);
}
template <class Pair>
inline void storeLanes(int32_t* out, Pair pair) {
  store(out, pair.place);
}

template <class Op>
float foldLanes(const float*, F value) {
  if constexpr (Op::kIdentity == 0) return sum(value);
  return Op::kIdentity < 0 ? largest(value) : smallest(value);
}
template <class Op>
int32_t foldLanes(const int32_t*, typename Op::Accumulator pair) {
  typename Op::Accumulator one = pair;
  float value[kLanes];
  int32_t place[kLanes];
  store(value, pair.value);
  store(place, pair.place);
  for (int i = 1; i < kLanes; i++) one = Op::combine(one, {broadcast(value[i]), broadcast(place[i])});
  store(place, one.place);
  return place[0];
}

template <class Op, class T>
void reduceTile(const Plan& plan, int64_t tile) {
  const int64_t begin = tile * plan.perTile;
  const int64_t end = least(begin + plan.perTile, plan.outputs);
  const int64_t outStride = plan.outer.innerStride(0) / static_cast<int64_t>(sizeof(T));
  const int64_t inStride = plan.outer.innerStride(1) / static_cast<int64_t>(sizeof(float));
  forRuns(plan.outer, begin, end, [&](char* const* run, int64_t n) {
    T* out = reinterpret_cast<T*>(run[0]);
    const float* in = reinterpret_cast<const float*>(run[1]);
    for (int64_t i = 0; i < n && !plan.columns; i++)
      out[i * outStride] = foldLanes<Op>(out, reduceRow<Op>(in + i * inStride, plan.reduced));
    for (int64_t i = 0; i < n && plan.columns; i += kLanes) {
      const int64_t count = least(n - i, kLanes);
      T lane[kLanes];
      storeLanes(lane, reduceColumns<Op>(in + i, plan.reduced, count));
      for (int64_t j = 0; j < count; j++) out[(i + j) * outStride] = lane[j];
    }
  });
}

// Divides the tile's outputs once they are sums.
void divideTile(const Plan& plan, int64_t tile) {
  const int64_t begin = tile * plan.perTile;
  const int64_t end = least(begin + plan.perTile, plan.outputs);
  const float elements = static_cast<float>(plan.reduced.elements);
  forRuns(plan.outer, begin, end, [&](char* const* run, int64_t n) {
    for (int64_t i = 0; i < n; i++)
      *reinterpret_cast<float*>(run[0] + i * plan.outer.innerStride(0)) /= elements;
  });
}

int64_t tiles(const Call& call) {
  const Plan plan = planOf(call);
  return ceilDivide(plan.outputs, plan.perTile);
}

int64_t scratch(const Call&) {
  return 0;
}

Status run(const Call& call, int64_t tile, char*) {
  const Plan plan = planOf(call);
  switch (static_cast<Reduce>(static_cast<int32_t>(call.attribute[0]))) {
    case Reduce::sum:
      reduceTile<Total, float>(plan, tile);
      break;
    case Reduce::mean:
      reduceTile<Total, float>(plan, tile);
      divideTile(plan, tile);
      break;
    case Reduce::max:
      reduceTile<Extreme<true>, float>(plan, tile);
      break;
    case Reduce::min:
      reduceTile<Extreme<false>, float>(plan, tile);
      break;
    case Reduce::argmax:
      reduceTile<Place<true>, int32_t>(plan, tile);
      break;
    case Reduce::argmin:
      reduceTile<Place<false>, int32_t>(plan, tile);
      break;
    case Reduce::count:
      break;
  }
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(reduce);
constexpr Kernel SACCADE_KERNEL(reduce){tiles, scratch, run};

}  // namespace saccade
