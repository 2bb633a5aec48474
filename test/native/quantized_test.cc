// quantize, and gemm of what it writes with int8 weights: whole numbers bit for bit, random numbers against
// float64, the same bits on every instruction set and whatever surrounds a row.
#include "testing.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

struct Case {
  int64_t batch, m, k, n;
};

// Ragged on every side of the tiles and of the blocks of K of every instruction set.
const Case kCases[] = {{1, 1, 1, 1},     {1, 1, 64, 130},  {1, 5, 3, 7},     {1, 6, 256, 64},
                       {2, 7, 257, 65},  {1, 13, 515, 17}, {3, 73, 31, 33},  {1, 145, 40, 50},
                       {2, 1, 515, 200}, {1, 7, 2049, 70}, {1, 3, 4110, 20}, {1, 600, 20, 5}};

int64_t rowBytes(int64_t k) {
  return 64 + (k + 63) / 64 * 64;
}

Array<uint8_t> quantize(const KernelTable& table, const Array<float>& a) {
  const Dims& dims = a.dims();
  Array<uint8_t> out({dims[0], dims[1], rowBytes(dims[2])});
  run(table, Op::quantize, {out.view(), a.view()}, {});
  CHECK(out.intact());
  return out;
}

float scaleOf(Array<uint8_t>& quantized, int64_t batch, int64_t row) {
  float scale;
  std::memcpy(&scale, &quantized.at({batch, row, 0}), 4);
  return scale;
}

Array<float> multiply(const KernelTable& table, const Array<float>& a, const Array<float>& b, int64_t n,
                      Unary activation = Unary::identity) {
  const Array<uint8_t> rows = quantize(table, a);
  const Array<char> packed = pack(table, b.view(), Precision::int8);
  Array<float> out({a.dims()[0], a.dims()[1], n});
  run(table, Op::gemm, {out.view(), rows.view(), packed.view(), absent(), absent()},
      {double(a.dims()[2]), double(n), double(b.dims()[0]), code(activation), code(Precision::int8), 1});
  CHECK(out.intact());
  return out;
}

double magnitudeOf(double a, double b) {
  return std::fmax(a, std::fabs(b));
}

}  // namespace

TEST_CASE("quantize rounds each row to 127 steps of its own, from any strides") {
  forEachTable([](const KernelTable& table) {
    Random random(1);
    for (const int64_t k : {1, 15, 64, 130}) {
      for (const Dims& strides : {Dims{7 * 150, 150, 1}, Dims{1, 2, 14}, Dims{7 * k, k, 1}}) {
        Array<float> a({2, 7, k}, strides, random.normals());
        Array<uint8_t> out({2, 7, rowBytes(k)}, Dims{8 * rowBytes(k), rowBytes(k) + 4, 1});
        run(table, Op::quantize, {out.view(), a.view()}, {});
        CHECK(out.intact());
        int64_t wrong = 0;
        for (int64_t i = 0; i < 14; i++) {
          const int64_t batch = i / 7, row = i % 7;
          float magnitude = 0;
          for (int64_t j = 0; j < k; j++) magnitude = std::fmax(magnitude, std::fabs(a.at({batch, row, j})));
          wrong += scaleOf(out, batch, row) != magnitude / 127.0f;
          for (int64_t j = 0; j < rowBytes(k) - 64; j++) {
            const float steps = j < k ? std::nearbyint(a.at({batch, row, j}) * (127.0f / magnitude)) : 0;
            wrong += float(out.at({batch, row, 64 + j})) != 128 + steps;
          }
        }
        CHECK(wrong == 0);
      }
    }
  });
}

TEST_CASE("quantize keeps zeros, shows NaN and infinity, and takes the smallest rows") {
  forEachTable([](const KernelTable& table) {
    const float rows[] = {0, 1, NAN, INFINITY, -INFINITY, 0x1p-149f, 0x1p-120f, 3.4e38f};
    Array<float> a({1, 8, 70}, [&](int64_t i) { return i % 70 == 66 ? rows[i / 70] : 0; });
    Array<float> b({1, 70, 3}, [](int64_t) { return 1.0f; });
    Array<float> out = multiply(table, a, b, 3);
    CHECK(out.at({0, 0, 0}) == 0);
    CHECK(std::fabs(out.at({0, 1, 1}) - 1) < 1e-6);
    for (const int64_t row : {2, 3, 4}) CHECK(std::isnan(out.at({0, row, 2})));
    CHECK(std::fabs(double(out.at({0, 5, 0}))) <= 0x1p-126);
    CHECK(std::fabs(double(out.at({0, 6, 0})) - 0x1p-120) <= 0x1p-126);
    CHECK(std::fabs(double(out.at({0, 7, 0})) / 3.4e38 - 1) < 1e-6);
  });
}

TEST_CASE("quantized gemm of whole numbers is exact") {
  forEachTable([](const KernelTable& table) {
    Random random(2);
    for (const Case& c : kCases) {
      INFO("[", c.batch, ", ", c.m, ", ", c.k, "] @ ", c.n);
      // One number of each row, and of each column, has the largest magnitude: the scales are 1.
      Array<float> a({c.batch, c.m, c.k}), b({1, c.k, c.n});
      a.fill([&](int64_t i) { return i % c.k == c.k / 3 ? 127.0f : float(random.below(255)) - 127; });
      b.fill([&](int64_t i) { return i / c.n == c.k / 2 ? -127.0f : float(random.below(255)) - 127; });
      Array<float> out = multiply(table, a, b, c.n);
      int64_t wrong = 0;
      for (int64_t i = 0; i < out.size(); i++) {
        const int64_t column = i % c.n, row = i / c.n % c.m, batch = i / c.n / c.m;
        int64_t sum = 0;
        for (int64_t k = 0; k < c.k; k++)
          sum += int64_t(a.at({batch, row, k})) * int64_t(b.at({0, k, column}));
        wrong += out[i] != float(sum);
      }
      CHECK(wrong == 0);
    }
  });
}

TEST_CASE("quantized gemm does not overflow at the largest K") {
  forEachTable([](const KernelTable& table) {
    const int64_t k = 65536;
    Array<float> a({1, 2, k}, [](int64_t i) { return i < 65536 ? 1.0f : -1.0f; });
    Array<float> b({1, k, 2}, [](int64_t i) { return i % 2 ? -127.0f : 127.0f; });
    Array<float> out = multiply(table, a, b, 2);
    for (const int64_t row : {0, 1}) {
      for (const int64_t column : {0, 1}) {
        const double expected = (row == column ? 127.0 : -127.0) * k;
        CHECK(std::fabs(out.at({0, row, column}) / expected - 1) < 1e-6);
      }
    }
  });
}

TEST_CASE("quantized gemm of random numbers stays within half a step of rows and columns") {
  forEachTable([](const KernelTable& table) {
    Random random(3);
    for (const Case& c : {Case{2, 67, 700, 70}, Case{1, 40, 2500, 65}}) {
      Array<float> a({c.batch, c.m, c.k}, random.normals()), b({c.batch, c.k, c.n}, random.normals());
      Array<float> out = multiply(table, a, b, c.n);
      double worst = 0;
      for (int64_t i = 0; i < out.size(); i++) {
        const int64_t column = i % c.n, row = i / c.n % c.m, batch = i / c.n / c.m;
        double sum = 0, sumA = 0, sumB = 0, mostA = 0, mostB = 0;
        for (int64_t k = 0; k < c.k; k++) {
          const double x = a.at({batch, row, k}), y = b.at({batch, k, column});
          sum += x * y;
          sumA += std::fabs(x);
          sumB += std::fabs(y);
          mostA = magnitudeOf(mostA, x);
          mostB = magnitudeOf(mostB, y);
        }
        const double rowScale = mostA / 127, columnScale = mostB / 127;
        const double bound =
            sumA * columnScale / 2 + sumB * rowScale / 2 + double(c.k) * rowScale * columnScale / 4;
        worst = std::fmax(worst, std::fabs(out[i] - sum) / (bound * 1.0001));
      }
      CHECK(worst <= 1);
    }
  });
}

TEST_CASE("a quantized product has the same bits on every instruction set") {
  Random random(4);
  const Case c{1, 50, 2500, 130};
  Array<float> a({1, c.m, c.k}, random.normals()), b({1, c.k, c.n}, random.normals());
  const Array<float> expected = multiply(*tables().front(), a, b, c.n);
  forEachTable([&](const KernelTable& table) { CHECK(multiply(table, a, b, c.n).sameBits(expected)); });
}

TEST_CASE("an element of a quantized product has the same bits whatever surrounds it") {
  forEachTable([](const KernelTable& table) {
    Random random(5);
    const int64_t k = 700, n = 150;
    Array<float> a({1, 150, k}, random.normals()), b({1, k, n}, random.normals());
    Array<float> whole = multiply(table, a, b, n, Unary::gelu);
    for (const Case& part :
         {Case{1, 1, k, n}, Case{1, 7, k, n}, Case{5, 1, k, n}, Case{3, 4, k, n}, Case{1, 20, k, 33}}) {
      const int64_t first = 100;
      Array<float> some({part.batch, part.m, k}, [&](int64_t i) { return a[first * k + i]; });
      Array<float> columns({1, k, part.n}, [&](int64_t i) { return b[i / part.n * n + i % part.n]; });
      Array<float> out = multiply(table, some, columns, part.n, Unary::gelu);
      int64_t different = 0;
      for (int64_t row = 0; row < part.batch * part.m; row++) {
        different += std::memcmp(&out[row * part.n], &whole[(first + row) * n], size_t(part.n) * 4) != 0;
      }
      CHECK(different == 0);
    }
  });
}

TEST_CASE("quantized gemm applies scale, bias, activation and residual in order") {
  forEachTable([](const KernelTable& table) {
    Random random(6);
    const Case c{2, 29, 50, 75};
    Array<float> a({c.batch, c.m, c.k}, random.wholes()), b({c.batch, c.k, c.n}, random.wholes());
    for (int64_t i = 0; i < c.batch * c.m; i++) a[i * c.k] = 127;
    for (int64_t i = 0; i < c.batch * c.n; i++) b.at({i / c.n, 1, i % c.n}) = 127;
    Array<float> bias({c.n}, random.wholes()), out({c.batch, c.m, c.n}),
        residual({c.batch, c.m, c.n}, random.wholes());
    const Array<uint8_t> rows = quantize(table, a);
    const Array<char> packed = pack(table, b.view(), Precision::int8);
    out.fill([&](int64_t i) { return residual[i]; });
    run(table, Op::gemm, {out.view(), rows.view(), packed.view(), bias.view(), out.view()},
        {double(c.k), double(c.n), 2, code(Unary::relu), code(Precision::int8), 0.25});
    int64_t wrong = 0;
    for (int64_t i = 0; i < out.size(); i++) {
      const int64_t column = i % c.n, row = i / c.n % c.m, batch = i / c.n / c.m;
      double sum = 0;
      for (int64_t k = 0; k < c.k; k++)
        sum += double(a.at({batch, row, k})) * double(b.at({batch, k, column}));
      wrong += double(out[i]) != std::fmax(sum * 0.25 + double(bias[column]), 0) + double(residual[i]);
    }
    CHECK(wrong == 0);
    CHECK(out.intact());
  });
}

TEST_CASE("quantize and gemm refuse rows that do not fit") {
  forEachTable([](const KernelTable& table) {
    Array<float> in({2, 5, 30}), out({2, 5, 7}), b({1, 30, 7}, [](int64_t) { return 1.0f; });
    Array<uint8_t> rows({2, 5, 128});
    const Array<char> packed = pack(table, b.view(), Precision::int8);
    CHECK(faultOf(table, Op::quantize, {rows.view(), in.view()}, {}) == "");
    const auto refuses = [&](auto change) {
      std::vector<View> views{rows.view(), in.view()};
      std::vector<double> numbers;
      change(views, numbers);
      return !faultOf(table, Op::quantize, views, numbers).empty();
    };
    using Views = std::vector<View>&;
    using Numbers = std::vector<double>&;
    CHECK(refuses([](Views, Numbers n) { n.push_back(1); }));
    CHECK(refuses([](Views v, Numbers) { v.pop_back(); }));
    CHECK(refuses([](Views v, Numbers) { v[0].dtype = DType::float32; }));
    CHECK(refuses([](Views v, Numbers) { v[0].dim[2] = 64; }));
    CHECK(refuses([](Views v, Numbers) { v[0].dim[1] = 4; }));
    CHECK(refuses([](Views v, Numbers) { v[0].stride[1] = 129; }));
    CHECK(refuses([](Views v, Numbers) { v[1].dtype = DType::int32; }));
    CHECK(refuses([](Views v, Numbers) { v[1].dim[2] = 65537; }));

    const std::vector<View> good{out.view(), rows.view(), packed.view(), absent(), absent()};
    const std::vector<double> numbers{30, 7, 1, 0, code(Precision::int8), 1};
    CHECK(faultOf(table, Op::gemm, good, numbers) == "");
    const auto refusesGemm = [&](auto change) {
      std::vector<View> views = good;
      change(views);
      return !faultOf(table, Op::gemm, views, numbers).empty();
    };
    CHECK(refusesGemm([](Views v) { v[1].dim[2] = 64; }));
    CHECK(refusesGemm([](Views v) { v[1].stride[2] = 2; }));
    CHECK(refusesGemm([](Views v) { v[1].stride[1] = 130; }));
    std::vector<View> wide = good;
    const Array<char> half = pack(table, b.view(), Precision::bfloat16);
    wide[2] = half.view();
    CHECK(faultOf(table, Op::gemm, wide, {30, 7, 1, 0, code(Precision::bfloat16), 1}) != "");
  });
}
