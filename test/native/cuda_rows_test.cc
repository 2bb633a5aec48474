// reduce, softmax, norm and topK on CUDA, against float64.
#include <algorithm>
#include <limits>

#include "cuda_machine.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

struct Row {
  std::vector<double> values;
  double sum() const {
    double total = 0;
    for (const double v : values) total += v;
    return total;
  }
  double magnitude() const {
    double total = 0;
    for (const double v : values) total += std::abs(v);
    return total;
  }
};

}  // namespace

TEST_CASE("reduce over the last axes, dense and strided, in each float dtype") {
  Numbers random(1);
  for (const DType dtype : kFloats) {
    for (const auto& [dims, strides, r] :
         std::vector<std::tuple<Dims, Dims, int64_t>>{{{5, 300}, {300, 1}, 1},
                                                      {{3, 4, 7}, {1, 21, 3}, 2},
                                                      {{2, 1}, {1, 1}, 1},
                                                      {{4}, {1}, 0},
                                                      {{130, 3}, {1, 130}, 2}}) {
      const Operand in(dtype, dims, strides, random.normals());
      const Dims outDims(dims.begin(), dims.end() - r);
      const int64_t count = in.size() / Operand(dtype, outDims).size();
      const auto row = [&](int64_t i) {
        Row values;
        for (int64_t j = 0; j < count; ++j) values.values.push_back(in[i * count + j]);
        return values;
      };
      const auto run = [&](Reduce kind) {
        const bool index = kind == Reduce::argmax || kind == Reduce::argmin;
        return cuda().run(Op::reduce, {Operand(index ? DType::int32 : dtype, outDims), in},
                          {code(kind), double(r)});
      };
      const auto bound = [&](int64_t i) { return row(i).magnitude() * 1e-6; };
      const auto none = [](int64_t) { return 0.0; };
      checkAll(
          run(Reduce::sum), [&](int64_t i) { return row(i).sum(); }, bound);
      checkAll(
          run(Reduce::mean), [&](int64_t i) { return row(i).sum() / static_cast<double>(count); }, bound);
      const auto extreme = [&](int64_t i, bool max) {
        const auto values = row(i).values;
        return max ? std::max_element(values.begin(), values.end()) - values.begin()
                   : std::min_element(values.begin(), values.end()) - values.begin();
      };
      checkAll(
          run(Reduce::max), [&](int64_t i) { return in[i * count + extreme(i, true)]; }, none);
      checkAll(
          run(Reduce::min), [&](int64_t i) { return in[i * count + extreme(i, false)]; }, none);
      checkAll(
          run(Reduce::argmax), [&](int64_t i) { return static_cast<double>(extreme(i, true)); }, none);
      checkAll(
          run(Reduce::argmin), [&](int64_t i) { return static_cast<double>(extreme(i, false)); }, none);
    }
  }
}

TEST_CASE("extremes prefer NaN, and of equal elements the first") {
  const Operand in(DType::float32, {1, 200}, [](int64_t i) {
    return i == 150 || i == 170 ? NAN : i == 3 ? 9 : 1;
  });
  const auto indexOf = [](const Operand& operand, Reduce kind) {
    return cuda().run(Op::reduce, {Operand(DType::int32, {1}), operand}, {code(kind), 1})[0];
  };
  CHECK(indexOf(in, Reduce::argmax) == 150);
  CHECK(indexOf(in, Reduce::argmin) == 150);
  CHECK(std::isnan(cuda().run(Op::reduce, {Operand(DType::float32, {1}), in}, {code(Reduce::max), 1})[0]));
  const Operand equal(DType::float32, {1, 200}, [](int64_t i) { return i >= 70 ? -INFINITY : -INFINITY; });
  CHECK(indexOf(equal, Reduce::argmax) == 0);
}

TEST_CASE("softmax and its logarithm, of ragged rows, in place and of corners") {
  Numbers random(2);
  for (const int64_t n : {1, 2, 31, 130, 300}) {
    const Operand in(DType::float32, {2, 3, n}, {3 * n + 2, n, 1},
                     [&](int64_t) { return 5 * random.normal(); });
    const auto logarithm = [&](int64_t i) {
      double sum = 0;
      for (int64_t j = 0; j < n; ++j) sum += std::exp(in[i / n * n + j]);
      return in[i] - std::log(sum);
    };
    checkAll(
        cuda().run(Op::softmax, {Operand(DType::float32, in.dims), in}, {0}),
        [&](int64_t i) { return std::exp(logarithm(i)); },
        [&](int64_t i) { return 3e-6 * std::exp(logarithm(i)); });
    checkAll(cuda().run(Op::softmax, {Operand(DType::float32, in.dims), in}, {1}), logarithm,
             [](int64_t) { return 2e-6; });
  }
  for (const double corner : {NAN, INFINITY, -INFINITY}) {
    const Operand in(DType::float32, {1, 40},
                     [&](int64_t i) { return i == 7 || corner == -INFINITY ? corner : 1; });
    checkAll(
        cuda().run(Op::softmax, {Operand(DType::float32, in.dims), in}, {0}), [](int64_t) { return NAN; },
        [](int64_t) { return 0; });
  }
}

TEST_CASE("layer, RMS and group norm, also far from zero") {
  Numbers random(3);
  for (const DType dtype : kFloats) {
    for (const Dims& dims : std::vector<Dims>{{5, 1, 1, 768}, {1, 1, 1, 1}, {2, 9, 4, 3}, {3, 1, 2, 33}}) {
      for (const double offset : {0.0, 300.0}) {
        if (offset != 0 && dtype != DType::float32) continue;
        const int64_t s = dims[1], g = dims[2], c = dims[3];
        const Operand in(dtype, dims, [&](int64_t) { return random.normal() + offset; });
        const Operand weight(DType::float32, {g, c}, random.normals()),
            bias(DType::float32, {g, c}, {0, 1}, random.normals());
        for (const bool rms : {false, true}) {
          const auto expected = [&](int64_t i) {
            const int64_t group = i / c % g, n = i / c / g / s;
            double sum = 0, square = 0;
            for (int64_t j = 0; j < s * c; ++j) sum += in.at({n, j / c, group, j % c});
            const double mean = rms ? 0 : sum / static_cast<double>(s * c);
            for (int64_t j = 0; j < s * c; ++j) square += std::pow(in.at({n, j / c, group, j % c}) - mean, 2);
            const double scale = 1 / std::sqrt(square / static_cast<double>(s * c) + 1e-5);
            return (in[i] - mean) * scale * weight.at({group, i % c}) + bias.at({group, i % c});
          };
          const auto bound = [&](int64_t i) {
            return 4e-6 * (1 + std::abs(weight.at({i / c % g, i % c}))) * (rms ? 300 : 1);
          };
          checkAll(cuda().run(Op::norm, {Operand(dtype, dims), in, weight, bias}, {rms ? 1.0 : 0.0, 1e-5}),
                   expected, bound);
        }
        const Operand plain =
            cuda().run(Op::norm, {Operand(dtype, dims), in, Operand::absent(), Operand::absent()}, {0, 1e-5});
        CHECK(std::isfinite(plain[0]));
      }
    }
  }
}

TEST_CASE("topK is a stable sort, largest first, with ties and NaN") {
  Numbers random(4);
  for (const auto& [n, k] : std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {50, 50}, {300, 7}, {33, 0}}) {
    if (k == 0) continue;
    const Operand in(DType::float32, {3, n}, {n + 1, 1},
                     [&](int64_t i) { return i % 17 == 5 ? NAN : random.below(6); });
    const auto expected = [&, n = n](int64_t row) {
      std::vector<int64_t> order(static_cast<size_t>(n));
      for (int64_t i = 0; i < n; ++i) order[static_cast<size_t>(i)] = i;
      const auto key = [&](int64_t i) { return std::isnan(in[row * n + i]) ? INFINITY : in[row * n + i]; };
      std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return key(a) > key(b); });
      return order;
    };
    checkAll(
        cuda().run(Op::topK, {Operand(DType::int32, {3, k}), in}, {}),
        [&, k = k](int64_t i) { return static_cast<double>(expected(i / k)[static_cast<size_t>(i % k)]); },
        [](int64_t) { return 0; });
  }
}
