// softmax and its logarithm: against float64, at all strides, and for rows of infinities and NaN.
#include "testing.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

struct Case {
  Dims dims, out, in;  // strides
};

const Case kCases[] = {
    {{1}, {1}, {1}},
    {{3}, {1}, {1}},
    {{1, 5000}, {5000, 1}, {5000, 1}},
    {{40000}, {1}, {1}},
    {{70, 197}, {197, 1}, {197, 1}},
    {{5, 33}, {40, 1}, {66, 2}},
    {{33, 5}, {1, 33}, {5, 1}},
    {{2, 3, 4, 17}, {204, 68, 17, 1}, {17, 136, 34, 1}},
    {{2, 129, 31}, {3999, 1, 129}, {3999, 1, 129}},
    {{1000, 1}, {1, 1}, {1, 7}},
};

}  // namespace

TEST_CASE("softmax and its logarithm are near float64, at all strides") {
  forEachTable([](const KernelTable& table) {
    for (const Case& c : kCases) {
      const int64_t n = c.dims.back();
      INFO("rows of ", n);
      Random random(4);
      Array<float> in(c.dims, c.in, [&](int64_t) { return 5 * random.normal(); });
      Array<float> soft(c.dims, c.out), logarithm(c.dims, c.out);
      REQUIRE(run(table, Op::softmax, {soft.view(), in.view()}, {0}) == Status::ok);
      REQUIRE(run(table, Op::softmax, {logarithm.view(), in.view()}, {1}) == Status::ok);
      double worst = 0, worstLogarithm = 0;
      for (int64_t first = 0; first < in.size(); first += n) {
        double most = -INFINITY, sum = 0;
        for (int64_t i = 0; i < n; i++) most = std::max(most, double(in[first + i]));
        for (int64_t i = 0; i < n; i++) sum += std::exp(in[first + i] - most);
        for (int64_t i = 0; i < n; i++) {
          const double shifted = in[first + i] - most, expected = std::exp(shifted) / sum;
          // The difference is rounded to half an ulp, which exp makes a relative error.
          const double eps = 0x1p-24 * (8 + std::fabs(shifted));
          worst = std::max(worst, std::fabs(soft[first + i] - expected) / (expected * eps));
          const double expectedLogarithm = shifted - std::log(sum);
          // Roundings of the difference, of the sum and its logarithm, and of the result.
          const double bound = 0x1p-24 * (8 + 2 * std::fabs(shifted) + 3 * std::log(sum));
          worstLogarithm =
              std::max(worstLogarithm, std::fabs(logarithm[first + i] - expectedLogarithm) / bound);
        }
      }
      CHECK(worst <= 1);
      CHECK(worstLogarithm <= 1);
      CHECK(soft.intact());
      CHECK(logarithm.intact());
    }
  });
}

TEST_CASE("softmax works in place and gives a row alone the same bits") {
  forEachTable([](const KernelTable& table) {
    Random random(5);
    Array<float> in({9, 301}, random.normals()), out({9, 301}),
        again({9, 301}, [&](int64_t i) { return in[i]; });
    run(table, Op::softmax, {out.view(), in.view()}, {0});
    run(table, Op::softmax, {again.view(), again.view()}, {0});
    CHECK(out.sameBits(again));
    Array<float> row({1, 301}, [&](int64_t i) { return in[4 * 301 + i]; }), alone({1, 301});
    run(table, Op::softmax, {alone.view(), row.view()}, {0});
    for (int64_t i = 0; i < 301; i++) CHECK(alone[i] == out[4 * 301 + i]);
  });
}

TEST_CASE("rows of infinities and NaN") {
  forEachTable([](const KernelTable& table) {
    for (const int64_t n : {3, 16, 37}) {
      Array<float> in({4, n}), out({4, n});
      in.fill([&](int64_t i) {
        const int64_t row = i / n, column = i % n;
        if (row == 0) return -INFINITY;
        if (row == 1) return column == 1 ? NAN : 0.0f;
        if (row == 2) return column == 1 ? INFINITY : 0.0f;
        return column == 2 ? 7.0f : -INFINITY;
      });
      for (const double logarithm : {0.0, 1.0}) {
        run(table, Op::softmax, {out.view(), in.view()}, {logarithm});
        for (int64_t i = 0; i < 2 * n; i++) CHECK(std::isnan(out[i]));
        CHECK(std::isnan(out[2 * n + 1]));
        for (int64_t i = 0; i < n; i++) {
          const float expected = i == 2 ? 1.0f : 0.0f;
          CHECK(out[3 * n + i] == (logarithm == 0 ? expected : std::log(expected)));
        }
      }
    }
  });
}

TEST_CASE("what does not fit is refused") {
  forEachTable([](const KernelTable& table) {
    Array<float> x({4, 5}), y({5, 4}), scalar{Dims{}};
    Array<int32_t> whole({4, 5});
    const auto refused = [&](const View& out, const View& in, double logarithm) {
      return faultOf(table, Op::softmax, {out, in}, {logarithm}) != "";
    };
    CHECK(!refused(x.view(), x.view(), 0));
    CHECK(refused(x.view(), y.view(), 0));
    CHECK(refused(x.view(), whole.view(), 0));
    CHECK(refused(x.view(), x.view(), 2));
    CHECK(refused(scalar.view(), scalar.view(), 0));
  });
}
