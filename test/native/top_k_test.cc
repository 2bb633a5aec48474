// topK: the same indices as a stable sort, at all strides, with ties, infinities and NaN.
#include <algorithm>
#include <numeric>

#include "testing.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

struct Case {
  Dims dims, in;  // shape and strides of the input
  int64_t k;
};

const Case kCases[] = {
    {{1}, {1}, 1},
    {{9}, {1}, 9},
    {{1, 5000}, {5000, 1}, 10},
    {{70, 197}, {197, 1}, 3},
    {{5, 33}, {66, 2}, 33},
    {{33, 5}, {1, 33}, 2},
    {{2, 3, 4, 17}, {17, 136, 34, 1}, 4},
    {{3, 40}, {40, 1}, 0},
};

// NaN is larger than any number.
bool isBetter(float a, float b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && !std::isnan(b);
  return a > b;
}

}  // namespace

TEST_CASE("topK gives the indices of a stable sort, the largest first") {
  forEachTable([](const KernelTable& table) {
    for (const Case& c : kCases) {
      const int64_t n = c.dims.back();
      INFO("rows of ", n, ", k ", c.k);
      for (const bool special : {false, true}) {
        Random random(11);
        // Few distinct values, so that there are ties.
        Array<float> in(c.dims, c.in, [&](int64_t) -> float {
          const double x = random.normal();
          if (!special) return std::floor(4 * x);
          return x > 1 ? NAN : x < -1 ? -INFINITY : x > 0.8 ? INFINITY : float(x);
        });
        Dims dims = c.dims;
        dims.back() = c.k;
        Dims strides(dims.size(), 1);
        for (size_t axis = dims.size() - 1; axis > 0; axis--)
          strides[axis - 1] = strides[axis] * std::max<int64_t>(1, dims[axis]);
        Array<int32_t> out(dims, strides);
        REQUIRE(run(table, Op::topK, {out.view(), in.view()}, {}) == Status::ok);
        std::vector<int64_t> order(n);
        for (int64_t row = 0; row < in.size() / n; row++) {
          std::iota(order.begin(), order.end(), 0);
          std::stable_sort(order.begin(), order.end(),
                           [&](int64_t a, int64_t b) { return isBetter(in[row * n + a], in[row * n + b]); });
          for (int64_t i = 0; i < c.k; i++) CHECK(out[row * c.k + i] == order[i]);
        }
        CHECK(out.intact());
      }
    }
  });
}
