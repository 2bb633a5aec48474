// pool: against a plain implementation that follows torch's rules for windows and divisors.
#include "testing.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

struct Window {
  int64_t kernel, stride, pad, dilation;
  bool ceil;
};

struct Case {
  Dims dims;
  Window h, w;
};

const Case kCases[] = {
    {{1, 1, 1, 1}, {1, 1, 0, 1, false}, {1, 1, 0, 1, false}},
    {{2, 9, 11, 5}, {3, 2, 1, 1, false}, {2, 2, 0, 1, false}},
    {{2, 9, 10, 37}, {3, 2, 1, 1, true}, {3, 2, 1, 1, true}},
    {{1, 12, 13, 64}, {2, 2, 0, 1, true}, {3, 3, 0, 1, true}},
    {{1, 14, 9, 3}, {3, 1, 1, 2, false}, {2, 3, 1, 3, true}},
    {{3, 7, 7, 100}, {7, 7, 0, 1, false}, {7, 1, 0, 1, false}},
    {{1, 40, 50, 8}, {3, 2, 1, 1, false}, {3, 2, 1, 1, false}},
};

// torch: round up or down, but a window must begin before the padding after the input.
int64_t outputs(int64_t in, const Window& w) {
  const int64_t span = in + 2 * w.pad - w.dilation * (w.kernel - 1) - 1;
  int64_t count = (span + (w.ceil ? w.stride - 1 : 0)) / w.stride + 1;
  if (w.ceil && (count - 1) * w.stride >= in + w.pad) count--;
  return count;
}

double ceilExtra(int64_t in, int64_t out, const Window& w) {
  const int64_t reach = (out - 1) * w.stride + w.dilation * (w.kernel - 1) + 1;
  return static_cast<double>(std::max<int64_t>(0, reach - in - 2 * w.pad));
}

// The largest, or the mean, with what is in the padded input (and outside the input) counted on request.
double plain(Array<float>& in, const Case& c, bool average, bool countPadding, int64_t n, int64_t y,
             int64_t x, int64_t channel) {
  double max = -INFINITY, sum = 0;
  int64_t inside = 0, counted = 0;
  for (int64_t i = 0; i < c.h.kernel; i++) {
    for (int64_t j = 0; j < c.w.kernel; j++) {
      const int64_t row = y * c.h.stride - c.h.pad + i * c.h.dilation;
      const int64_t column = x * c.w.stride - c.w.pad + j * c.w.dilation;
      counted += row < c.dims[1] + c.h.pad && column < c.dims[2] + c.w.pad;
      if (row < 0 || row >= c.dims[1] || column < 0 || column >= c.dims[2]) continue;
      inside++;
      const double value = in.at({n, row, column, channel});
      sum += value;
      if (std::isnan(value) || (!std::isnan(max) && value > max)) max = value;
    }
  }
  return average ? sum / static_cast<double>(countPadding ? counted : inside) : max;
}

std::vector<double> attributes(const Case& c, const Dims& out, bool average, bool countPadding) {
  const auto pairOf = [&](auto member) { return std::pair(double(c.h.*member), double(c.w.*member)); };
  std::vector<double> result{double(average)};
  for (const auto& [h, w] :
       {pairOf(&Window::kernel), pairOf(&Window::stride), pairOf(&Window::pad), pairOf(&Window::dilation)}) {
    result.push_back(h);
    result.push_back(w);
  }
  result.push_back(countPadding);
  result.push_back(ceilExtra(c.dims[1], out[1], c.h));
  result.push_back(ceilExtra(c.dims[2], out[2], c.w));
  return result;
}

}  // namespace

TEST_CASE("pooling follows torch's rules, at all strides") {
  forEachTable([](const KernelTable& table) {
    Random random(1);
    int64_t nans = 0;
    for (const Case& c : kCases) {
      const Dims dims = {c.dims[0], outputs(c.dims[1], c.h), outputs(c.dims[2], c.w), c.dims[3]};
      INFO("[", c.dims[1], ", ", c.dims[2], ", ", c.dims[3], "] by ", c.h.kernel, " to ", dims[1], " x ",
           dims[2]);
      for (const bool channelsFirst : {false, true}) {
        const auto strides = [&](const Dims& d) {
          return channelsFirst ? Dims{d[1] * d[2] * d[3], d[2], 1, d[1] * d[2]} : contiguous(d);
        };
        Array<float> in(c.dims, strides(c.dims), random.wholes()), max(dims, strides(dims));
        Array<float> padded(dims, strides(dims)), inside(dims, strides(dims));
        if (in.size() > 100) in[in.size() / 2] = NAN;
        REQUIRE(run(table, Op::pool, {max.view(), in.view()}, attributes(c, dims, false, false)) ==
                Status::ok);
        REQUIRE(run(table, Op::pool, {padded.view(), in.view()}, attributes(c, dims, true, true)) ==
                Status::ok);
        REQUIRE(run(table, Op::pool, {inside.view(), in.view()}, attributes(c, dims, true, false)) ==
                Status::ok);
        int64_t wrong = 0;
        for (int64_t i = 0; i < max.size(); i++) {
          const int64_t channel = i % dims[3], x = i / dims[3] % dims[2], y = i / dims[3] / dims[2] % dims[1];
          const int64_t n = i / dims[3] / dims[2] / dims[1];
          const auto differs = [&](float value, double expected) {
            nans += std::isnan(expected);
            return std::isnan(expected) ? !std::isnan(value) : value != static_cast<float>(expected);
          };
          wrong += differs(max[i], plain(in, c, false, false, n, y, x, channel));
          wrong += differs(padded[i], plain(in, c, true, true, n, y, x, channel));
          wrong += differs(inside[i], plain(in, c, true, false, n, y, x, channel));
        }
        CHECK(wrong == 0);
        CHECK(max.intact());
        CHECK(padded.intact());
      }
    }
    CHECK(nans > 0);
  });
}

TEST_CASE("padding of TensorFlow's kind: one more element after than before") {
  // 'same' for 8 elements, kernel 3, stride 2: none before, one after, all counted.
  forEachTable([](const KernelTable& table) {
    Array<float> in({1, 8, 1, 2}, [](int64_t i) { return static_cast<float>(i); }), out({1, 4, 1, 2});
    REQUIRE(run(table, Op::pool, {out.view(), in.view()}, {1, 3, 1, 2, 1, 0, 0, 1, 1, 1, 0, 0}) ==
            Status::ok);
    CHECK(out.at({0, 0, 0, 0}) == 2);
    CHECK(out.at({0, 3, 0, 0}) == (12.0f + 14.0f) / 3);
    REQUIRE(run(table, Op::pool, {out.view(), in.view()}, {1, 3, 1, 2, 1, 0, 0, 1, 1, 0, 0, 0}) ==
            Status::ok);
    CHECK(out.at({0, 3, 0, 1}) == 14);
  });
}

TEST_CASE("what does not fit is refused") {
  forEachTable([](const KernelTable& table) {
    Array<float> in({2, 8, 8, 4}), out({2, 4, 4, 4}), wrong({2, 4, 4, 5});
    const std::vector<double> good = {0, 2, 2, 2, 2, 0, 0, 1, 1, 0, 0, 0};
    const auto refused = [&](const View& to, const View& from, std::vector<double> given) {
      return faultOf(table, Op::pool, {to, from}, given) != "";
    };
    const auto with = [&](size_t index, double value) {
      std::vector<double> changed = good;
      changed[index] = value;
      return changed;
    };
    CHECK(!refused(out.view(), in.view(), good));
    CHECK(refused(wrong.view(), in.view(), good));
    CHECK(refused(out.view(), in.view(), with(0, 2)));
    for (const size_t positive : {1, 2, 3, 4, 7, 8}) CHECK(refused(out.view(), in.view(), with(positive, 0)));
    for (const size_t any : {5, 6, 9, 10, 11}) CHECK(refused(out.view(), in.view(), with(any, -1)));
    CHECK(refused(out.view(), in.view(), with(1, 1.5)));
    CHECK(refused(out.view(), in.view(), with(3, 3)));   // the last window would begin past the input
    CHECK(refused(out.view(), in.view(), with(10, 2)));  // the last window would be outside the input
  });
}
