// norm: layer, RMS and group forms against float64, rows of low variance far from zero, all strides, and the
// promise that a sample's bits do not depend on the batch.
#include "testing.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

struct Case {
  Dims dims, out, in;  // [N, S, G, C] and strides
  Dims weight, bias;   // strides of [G, C]; empty: absent
};

const Case kCases[] = {
    {{1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1}, {1, 1}},
    {{5, 1, 1, 768}, {768, 768, 768, 1}, {768, 768, 768, 1}, {768, 1}, {768, 1}},
    {{70, 1, 1, 13}, {13, 13, 13, 1}, {13, 13, 13, 1}, {}, {}},
    {{3, 1, 1, 100}, {200, 1, 1, 2}, {1, 3, 3, 3}, {0, 3}, {0, 0}},
    {{6, 1, 4, 32}, {128, 128, 32, 1}, {32, 9, 192, 1}, {0, 1}, {32, 1}},
    {{6, 1, 4, 7}, {28, 28, 1, 4}, {28, 28, 7, 1}, {1, 4}, {}},
    {{2, 50, 32, 8}, {12800, 256, 8, 1}, {12800, 256, 8, 1}, {8, 1}, {8, 1}},
    {{2, 49, 4, 3}, {588, 12, 3, 1}, {588, 12, 3, 1}, {3, 1}, {}},
    {{2, 9, 3, 20}, {540, 60, 20, 1}, {1, 2, 360, 18}, {20, 1}, {0, 1}},  // channels first
    {{1, 300, 1, 130}, {39000, 130, 1, 1}, {39000, 130, 1, 1}, {1, 1}, {1, 1}},
    {{2, 7, 5, 1}, {35, 5, 1, 1}, {35, 5, 1, 3}, {1, 9}, {1, 9}},
};

struct Reference {
  std::vector<double> values, sizes;  // sizes: what a relative error of 1 would be
};

Reference expected(Array<float>& in, Array<float>* weight, Array<float>* bias, bool rms, double epsilon) {
  const int64_t n = in.dims()[0], s = in.dims()[1], g = in.dims()[2], c = in.dims()[3];
  Reference result{std::vector<double>(static_cast<size_t>(in.size())), {}};
  result.sizes = result.values;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t group = 0; group < g; group++) {
      double sum = 0, squares = 0;
      const auto each = [&](auto body) {
        for (int64_t row = 0; row < s; row++) {
          for (int64_t column = 0; column < c; column++)
            body(row, column, double(in.at({i, row, group, column})));
        }
      };
      each([&](int64_t, int64_t, double x) { sum += x; });
      const double mean = rms ? 0 : sum / static_cast<double>(s * c);
      each([&](int64_t, int64_t, double x) { squares += (x - mean) * (x - mean); });
      const double scale = 1 / std::sqrt(squares / static_cast<double>(s * c) + epsilon);
      each([&](int64_t row, int64_t column, double x) {
        const double w = weight ? weight->at({group, column}) : 1, b = bias ? bias->at({group, column}) : 0;
        const size_t index = static_cast<size_t>(((i * s + row) * g + group) * c + column);
        result.values[index] = (x - mean) * scale * w + b;
        result.sizes[index] = (std::fabs((x - mean) * scale) + 1) * std::fabs(w) + std::fabs(b);
      });
    }
  }
  return result;
}

double worstError(const Array<float>& out, const Reference& reference) {
  double worst = 0;
  for (int64_t i = 0; i < out.size(); i++) {
    const size_t index = static_cast<size_t>(i);
    const double error = std::fabs(out[i] - reference.values[index]) / reference.sizes[index];
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

}  // namespace

TEST_CASE("norms are near float64 in every form, at all strides") {
  forEachTable([](const KernelTable& table) {
    Random random(1);
    for (const Case& c : kCases) {
      INFO("[", c.dims[0], ", ", c.dims[1], ", ", c.dims[2], ", ", c.dims[3], "]");
      Array<float> in(c.dims, c.in, [&](int64_t) { return 0.5f + random.normal(); });
      const Dims parameters = {c.dims[2], c.dims[3]};
      const auto parameter = [&](const Dims& strides) {
        return std::make_unique<Array<float>>(parameters, strides.empty() ? Dims{0, 0} : strides,
                                              random.normals());
      };
      const auto weight = parameter(c.weight), bias = parameter(c.bias);
      for (const bool rms : {false, true}) {
        Array<float> out(c.dims, c.out);
        REQUIRE(run(table, Op::norm,
                    {out.view(), in.view(), c.weight.empty() ? absent() : weight->view(),
                     c.bias.empty() ? absent() : bias->view()},
                    {double(rms), 1e-5}) == Status::ok);
        const Reference reference = expected(in, c.weight.empty() ? nullptr : weight.get(),
                                             c.bias.empty() ? nullptr : bias.get(), rms, 1e-5);
        CHECK(worstError(out, reference) <= 6 * 0x1p-24);
        CHECK(out.intact());
      }
    }
  });
}

TEST_CASE("low variance far from zero is kept") {
  forEachTable([](const KernelTable& table) {
    Random random(2);
    // A thousand and a few units in the last place: the differences are exact, and all there is.
    const auto value = [&](int64_t) { return 1000 + 0x1p-14f * static_cast<float>(random.below(9)); };
    for (const Dims& dims : {Dims{3, 1, 1, 768}, Dims{3, 1, 1, 5}, Dims{2, 60, 4, 8}}) {
      Array<float> in(dims, value), out(dims);
      REQUIRE(run(table, Op::norm, {out.view(), in.view(), absent(), absent()}, {0, 1e-12}) == Status::ok);
      CHECK(worstError(out, expected(in, nullptr, nullptr, false, 1e-12)) <= 8 * 0x1p-24);
    }
    Array<float> same({2, 1, 1, 100}, [](int64_t) { return 0.1f; }), out({2, 1, 1, 100});
    REQUIRE(run(table, Op::norm, {out.view(), same.view(), absent(), absent()}, {0, 1e-12}) == Status::ok);
    for (int64_t i = 0; i < out.size(); i++) CHECK(std::fabs(out[i]) < 1e-2);
  });
}

TEST_CASE("NaN stays in its row, in place works, and a sample alone has the bits it has in a batch") {
  forEachTable([](const KernelTable& table) {
    Random random(3);
    for (const Dims& dims : {Dims{5, 1, 1, 77}, Dims{5, 40, 6, 5}, Dims{5, 1, 3, 20}}) {
      Array<float> in(dims, random.normals()), out(dims);
      const auto norm = [&](const View& to, const View& from) {
        REQUIRE(run(table, Op::norm, {to, from, absent(), absent()}, {0, 1e-6}) == Status::ok);
      };
      norm(out.view(), in.view());
      const int64_t sample = in.size() / 5;
      Array<float> one({1, dims[1], dims[2], dims[3]}, [&](int64_t i) { return in[3 * sample + i]; });
      norm(one.view(), one.view());
      for (int64_t i = 0; i < sample; i++) CHECK(std::memcmp(&one[i], &out[3 * sample + i], 4) == 0);
      in[sample] = NAN;
      norm(out.view(), in.view());
      CHECK(std::isnan(out[sample]));
      CHECK(std::isfinite(out[0]));
      CHECK(std::isfinite(out[2 * sample]));
    }
  });
}

TEST_CASE("what does not fit is refused") {
  forEachTable([](const KernelTable& table) {
    Array<float> x({2, 3, 4, 5}), y({2, 3, 5, 4}), weight({4, 5}), wrong({5, 4}), flat({20});
    Array<int32_t> whole({2, 3, 4, 5});
    const auto refused = [&](const View& out, const View& in, const View& w, const View& b, double mode,
                             double eps) {
      return faultOf(table, Op::norm, {out, in, w, b}, {mode, eps}) != "";
    };
    CHECK(!refused(x.view(), x.view(), weight.view(), absent(), 0, 1e-5));
    CHECK(refused(x.view(), y.view(), weight.view(), absent(), 0, 1e-5));
    CHECK(refused(x.view(), whole.view(), weight.view(), absent(), 0, 1e-5));
    CHECK(refused(x.view(), x.view(), wrong.view(), absent(), 0, 1e-5));
    CHECK(refused(x.view(), x.view(), absent(), flat.view(), 0, 1e-5));
    CHECK(refused(x.view(), x.view(), absent(), absent(), 2, 1e-5));
    CHECK(refused(x.view(), x.view(), absent(), absent(), 0, -1));
    CHECK(refused(x.view(), x.view(), absent(), absent(), 0, NAN));
  });
}
