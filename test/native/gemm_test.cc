// pack and gemm: whole numbers bit for bit, random numbers against float64, and the promise that an element's
// bits depend on its row, its column and k alone.
#include "testing.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

struct Case {
  int64_t batch, m, k, n;
};

// Ragged on every side of the tiles of every instruction set.
const Case kCases[] = {{1, 1, 1, 1},     {1, 1, 64, 130},  {1, 5, 3, 7},    {1, 6, 256, 64},
                       {2, 7, 257, 65},  {1, 13, 300, 17}, {3, 73, 31, 33}, {1, 145, 40, 50},
                       {2, 1, 515, 200}, {1, 600, 20, 5}};

std::vector<double> attributes(const Case& c, int64_t batches, Unary activation, Precision precision,
                               double scale) {
  return {double(c.k), double(c.n), double(batches), code(activation), code(precision), scale};
}

double naive(Array<float>& a, Array<float>& b, const Case& c, int64_t batch, int64_t row, int64_t column,
             double* magnitude = nullptr) {
  const int64_t bBatch = b.dims()[0] == 1 ? 0 : batch;
  double sum = 0, size = 0;
  for (int64_t k = 0; k < c.k; k++) {
    const double product = double(a.at({batch, row, k})) * double(b.at({bBatch, k, column}));
    sum += product;
    size += std::fabs(product);
  }
  if (magnitude) *magnitude = size;
  return sum;
}

// Largest relative error of a product by storing the weight in a precision, and in bfloat16 perhaps the other
// factor too. int8 keeps an absolute step a column instead.
double epsilonOf(Precision precision) {
  switch (precision) {
    case Precision::bfloat16:
      return 0x1p-8 + 0x1p-18;
    case Precision::float16:
      return 0x1p-11;
    default:
      return 0;
  }
}

}  // namespace

TEST_CASE("gemm of whole numbers is exact, in every precision that holds them") {
  forEachTable([](const KernelTable& table) {
    Random random(1);
    for (const Case& c : kCases) {
      for (const Precision precision : {Precision::float32, Precision::bfloat16, Precision::float16}) {
        INFO("[", c.batch, ", ", c.m, ", ", c.k, "] @ ", c.n, ", precision ", code(precision));
        Array<float> a({c.batch, c.m, c.k}, random.wholes()), b({1, c.k, c.n}, random.wholes());
        Array<float> out({c.batch, c.m, c.n});
        const Array<char> packed = pack(table, b.view(), precision);
        run(table, Op::gemm, {out.view(), a.view(), packed.view(), absent(), absent()},
            attributes(c, 1, Unary::identity, precision, 1));
        int64_t wrong = 0;
        for (int64_t i = 0; i < c.batch; i++) {
          for (int64_t row = 0; row < c.m; row++) {
            for (int64_t column = 0; column < c.n; column++) {
              wrong += double(out.at({i, row, column})) != naive(a, b, c, i, row, column);
            }
          }
        }
        CHECK(wrong == 0);
        CHECK(out.intact());
      }
    }
  });
}

TEST_CASE("gemm in int8 is exact where a column's largest weight is 127") {
  forEachTable([](const KernelTable& table) {
    Random random(2);
    for (const Case& c : kCases) {
      INFO("[", c.batch, ", ", c.m, ", ", c.k, "] @ ", c.n);
      Array<float> a({c.batch, c.m, c.k}, random.wholes()), b({1, c.k, c.n});
      // Column j holds whole multiples of 2^(j % 5), one of them 127 times that.
      b.fill([&](int64_t i) {
        const float unit = std::ldexp(1.0f, int(i % c.n % 5));
        return unit * (i / c.n == c.k / 2 ? -127.0f : float(random.below(200) - 100));
      });
      Array<float> out({c.batch, c.m, c.n});
      const Array<char> packed = pack(table, b.view(), Precision::int8);
      run(table, Op::gemm, {out.view(), a.view(), packed.view(), absent(), absent()},
          attributes(c, 1, Unary::identity, Precision::int8, 1));
      int64_t wrong = 0;
      for (int64_t i = 0; i < out.size(); i++) {
        const int64_t column = i % c.n, row = i / c.n % c.m, batch = i / c.n / c.m;
        wrong += double(out[i]) != naive(a, b, c, batch, row, column);
      }
      CHECK(wrong == 0);
      CHECK(out.intact());
    }
  });
}

TEST_CASE("gemm of random numbers stays within the error bound of its chains") {
  forEachTable([](const KernelTable& table) {
    Random random(3);
    for (const Case& c : {Case{2, 67, 700, 70}, Case{1, 197, 768, 130}}) {
      for (const Precision precision :
           {Precision::float32, Precision::bfloat16, Precision::float16, Precision::int8}) {
        INFO("K ", c.k, ", precision ", code(precision));
        Array<float> a({c.batch, c.m, c.k}, random.normals()), b({c.batch, c.k, c.n}, random.normals());
        Array<float> out({c.batch, c.m, c.n});
        const Array<char> packed = pack(table, b.view(), precision);
        run(table, Op::gemm, {out.view(), a.view(), packed.view(), absent(), absent()},
            attributes(c, c.batch, Unary::identity, precision, 1));
        double worst = 0;
        for (int64_t i = 0; i < out.size(); i++) {
          const int64_t column = i % c.n, row = i / c.n % c.m, batch = i / c.n / c.m;
          double magnitude;
          const double expected = naive(a, b, c, batch, row, column, &magnitude);
          const double chain = precision == Precision::bfloat16 ? double(c.k) : double(256 + c.k / 256);
          double bound = ((chain + 2) * 0x1p-24 + epsilonOf(precision)) * magnitude;
          if (precision == Precision::int8) {
            double largest = 0, sum = 0;
            for (int64_t k = 0; k < c.k; k++) {
              largest = std::fmax(largest, std::fabs(b.at({batch, k, column})));
              sum += std::fabs(a.at({batch, row, k}));
            }
            bound += sum * largest / 127 * 0.5001;
          }
          worst = std::fmax(worst, std::fabs(out[i] - expected) / bound);
        }
        CHECK(worst <= 1);
      }
    }
  });
}

TEST_CASE("gemm takes any strides of a and b, and a batch of b") {
  forEachTable([](const KernelTable& table) {
    Random random(4);
    const Case c{3, 37, 70, 45};
    const Dims aStrides[] = {
        {37 * 70, 70, 1}, {37 * 70, 1, 37}, {1, 3 * 70, 3}, {70 * 80, 80, 1}, {0, 70, 1}};
    const Dims bStrides[] = {{70 * 45, 45, 1}, {70 * 45, 1, 70}, {2, 45 * 6, 6}, {45 * 99, 1, 99}};
    for (const Dims& aStride : aStrides) {
      for (const Dims& bStride : bStrides) {
        Array<float> a({c.batch, c.m, c.k}, aStride, random.wholes());
        Array<float> b({c.batch, c.k, c.n}, bStride, random.wholes());
        Array<float> out({c.batch, c.m, c.n}, Dims{c.m * 60, 60, 1}),
            residual({c.batch, c.m, c.n}, Dims{0, 47, 1});
        residual.fill(random.wholes());
        const Array<char> packed = pack(table, b.view(), Precision::float32);
        run(table, Op::gemm, {out.view(), a.view(), packed.view(), absent(), residual.view()},
            attributes(c, c.batch, Unary::identity, Precision::float32, 2));
        int64_t wrong = 0;
        for (int64_t i = 0; i < out.size(); i++) {
          const int64_t column = i % c.n, row = i / c.n % c.m, batch = i / c.n / c.m;
          wrong += double(out[i]) != 2 * naive(a, b, c, batch, row, column) + double(residual[i]);
        }
        CHECK(wrong == 0);
        CHECK(out.intact());
      }
    }
  });
}

TEST_CASE("gemm shares one b among batches of one row or more, with gaps between them") {
  forEachTable([](const KernelTable& table) {
    Random random(8);
    for (const Case& c : {Case{7, 1, 30, 20}, Case{3, 7, 30, 20}, Case{4, 80, 30, 20}}) {
      const Dims aStrides{c.m * 40 + 11, 40, 1}, outStrides{c.m * 25 + 9, 25, 1},
          residualStrides{c.m * 33 + 5, 33, 1};
      Array<float> a({c.batch, c.m, c.k}, aStrides, random.wholes()), b({1, c.k, c.n}, random.wholes());
      Array<float> out({c.batch, c.m, c.n}, outStrides);
      Array<float> residual({c.batch, c.m, c.n}, residualStrides, random.wholes());
      const Array<char> packed = pack(table, b.view(), Precision::float32);
      run(table, Op::gemm, {out.view(), a.view(), packed.view(), absent(), residual.view()},
          attributes(c, 1, Unary::identity, Precision::float32, 1));
      int64_t wrong = 0;
      for (int64_t i = 0; i < out.size(); i++) {
        const int64_t column = i % c.n, row = i / c.n % c.m, batch = i / c.n / c.m;
        wrong += double(out[i]) != naive(a, b, c, batch, row, column) + double(residual[i]);
      }
      CHECK(wrong == 0);
      CHECK(out.intact());
    }
  });
}

TEST_CASE("pack converts half floats exactly and rounds to nearest even") {
  forEachTable([](const KernelTable& table) {
    // Each of the 65536 half floats, as a column of one; the product with 1 gives it back.
    for (const DType dtype : {DType::float16, DType::bfloat16}) {
      for (const Precision precision : {Precision::float32, Precision::float16, Precision::bfloat16}) {
        if (dtype == DType::float16 && precision == Precision::bfloat16) continue;
        if (dtype == DType::bfloat16 && precision == Precision::float16) continue;
        Array<uint16_t> b({1, 1, 65536}, contiguous({1, 1, 65536}), dtype);
        b.fill([](int64_t i) { return uint16_t(i); });
        Array<float> a({1, 1, 1}, [](int64_t) { return 1.0f; }), out({1, 1, 65536});
        const Array<char> packed = pack(table, b.view(), precision);
        run(table, Op::gemm, {out.view(), a.view(), packed.view(), absent(), absent()},
            attributes({1, 1, 1, 65536}, 1, Unary::identity, precision, 1));
        int64_t wrong = 0;
        for (int64_t i = 0; i < 65536; i++) {
          const int exponent = dtype == DType::float16 ? int(i >> 10 & 31) : int(i >> 7 & 255);
          const int bits = dtype == DType::float16 ? 10 : 7, top = dtype == DType::float16 ? 31 : 255;
          const int bias = top / 2;
          const double fraction = double(i & ((1 << bits) - 1)), sign = i & 0x8000 ? -1 : 1;
          const double value = exponent == 0 ? std::ldexp(fraction, 1 - bias - bits)
                                             : std::ldexp(fraction + (1 << bits), exponent - bias - bits);
          if (exponent == top && fraction != 0) {
            wrong += !std::isnan(out[i]);
          } else if (precision == Precision::bfloat16 && exponent == 0) {
            wrong += double(out[i]) != sign * value && out[i] != 0;  // products of pairs have no subnormals
          } else {
            wrong += double(out[i]) != sign * (exponent == top ? INFINITY : value);
          }
        }
        CHECK(wrong == 0);
      }
    }
    // 1 + half a step of each: to even, and just past it, up.
    Array<float> ones({1, 1, 1}, [](int64_t) { return 1.0f; }), out({1, 1, 4});
    Array<float> b({1, 1, 4}, [](int64_t i) {
      return i == 0 ? 1 + 0x1p-8f : i == 1 ? 1 + 0x3p-8f : i == 2 ? 1 + 0x1p-8f + 0x1p-20f : 3.4e38f;
    });
    const Array<char> packed = pack(table, b.view(), Precision::bfloat16);
    run(table, Op::gemm, {out.view(), ones.view(), packed.view(), absent(), absent()},
        attributes({1, 1, 1, 4}, 1, Unary::identity, Precision::bfloat16, 1));
    CHECK(out[0] == 1.0f);
    CHECK(out[1] == 1 + 0x1p-6f);
    CHECK(out[2] == 1 + 0x1p-7f);
    CHECK(std::isinf(out[3]));
  });
}

TEST_CASE(
    "gemm's epilogue: scale, then bias, then activation, then residual, which may be the output itself") {
  forEachTable([](const KernelTable& table) {
    Random random(5);
    const Case c{2, 29, 50, 75};
    Array<float> a({c.batch, c.m, c.k}, random.wholes()), b({1, c.k, c.n}, random.wholes());
    Array<float> bias({c.n}, random.wholes()), residual({c.batch, c.m, c.n}, random.wholes());
    const Array<char> packed = pack(table, b.view(), Precision::float32);
    for (const Unary activation : {Unary::identity, Unary::relu, Unary::gelu, Unary::silu}) {
      Array<float> out({c.batch, c.m, c.n});
      out.fill([&](int64_t i) { return residual[i]; });
      run(table, Op::gemm, {out.view(), a.view(), packed.view(), bias.view(), out.view()},
          attributes(c, 1, activation, Precision::float32, 0.25));
      double worst = 0;
      for (int64_t i = 0; i < out.size(); i++) {
        const int64_t column = i % c.n, row = i / c.n % c.m, batch = i / c.n / c.m;
        const double x = 0.25 * naive(a, b, c, batch, row, column) + double(bias[column]);
        const double y = activation == Unary::relu   ? std::fmax(x, 0)
                         : activation == Unary::gelu ? x * 0.5 * std::erfc(-x * std::sqrt(0.5))
                         : activation == Unary::silu ? x / (1 + std::exp(-x))
                                                     : x;
        worst = std::fmax(worst, std::fabs(out[i] - (y + double(residual[i]))) / (std::fabs(x) + 1));
      }
      CHECK(worst <= (activation == Unary::identity || activation == Unary::relu ? 0 : 1e-6));
      CHECK(out.intact());
    }
  });
}

TEST_CASE("an element of gemm has the same bits whatever rows, batches and columns surround it") {
  forEachTable([](const KernelTable& table) {
    Random random(6);
    for (const Precision precision :
         {Precision::float32, Precision::bfloat16, Precision::float16, Precision::int8}) {
      const Case all{1, 150, 700, 150};
      Array<float> a({1, all.m, all.k}, random.normals()), b({1, all.k, all.n}, random.normals());
      Array<float> whole({1, all.m, all.n});
      const Array<char> packed = pack(table, b.view(), precision);
      run(table, Op::gemm, {whole.view(), a.view(), packed.view(), absent(), absent()},
          attributes(all, 1, Unary::gelu, precision, 1));
      // Any rows by themselves, as a batch of single rows, and any columns by themselves.
      for (const Case& part : {Case{1, 1, 700, 150}, Case{1, 7, 700, 150}, Case{5, 1, 700, 150},
                               Case{3, 4, 700, 150}, Case{1, 20, 700, 33}}) {
        const int64_t first = 100, rows = part.batch * part.m;
        Array<float> some({part.batch, part.m, part.k}, [&](int64_t i) { return a[first * all.k + i]; });
        Array<float> columns({1, part.k, part.n},
                             [&](int64_t i) { return b[i / part.n * all.n + i % part.n]; });
        Array<float> out({part.batch, part.m, part.n});
        const Array<char> packedColumns = pack(table, columns.view(), precision);
        run(table, Op::gemm, {out.view(), some.view(), packedColumns.view(), absent(), absent()},
            attributes(part, 1, Unary::gelu, precision, 1));
        int64_t different = 0;
        for (int64_t row = 0; row < rows; row++) {
          different +=
              std::memcmp(&out[row * part.n], &whole[(first + row) * all.n], size_t(part.n) * 4) != 0;
        }
        CHECK(different == 0);
      }
    }
  });
}

TEST_CASE("NaN and infinity reach the output, through int8 too") {
  forEachTable([](const KernelTable& table) {
    for (const Precision precision :
         {Precision::float32, Precision::bfloat16, Precision::float16, Precision::int8}) {
      const Case c{1, 9, 20, 40};
      Array<float> a({1, c.m, c.k}, [](int64_t) { return 1.0f; }),
          b({1, c.k, c.n}, [](int64_t) { return 1.0f; });
      a.at({0, 4, 7}) = NAN;
      b.at({0, 3, 33}) = NAN;
      Array<float> out({1, c.m, c.n});
      const Array<char> packed = pack(table, b.view(), precision);
      run(table, Op::gemm, {out.view(), a.view(), packed.view(), absent(), absent()},
          attributes(c, 1, Unary::relu, precision, 1));
      int64_t wrong = 0;
      for (int64_t i = 0; i < out.size(); i++) {
        wrong += std::isnan(out[i]) != (i / c.n == 4 || i % c.n == 33);
      }
      CHECK(wrong == 0);
    }
  });
}

TEST_CASE("a column of int8 weights with an infinity gives NaN") {
  forEachTable([](const KernelTable& table) {
    Array<float> a({1, 1, 3}, [](int64_t) { return 1.0f; }), out({1, 1, 2});
    Array<float> b({1, 3, 2}, [](int64_t i) { return i == 2 ? -INFINITY : 1.0f; });
    const Array<char> packed = pack(table, b.view(), Precision::int8);
    run(table, Op::gemm, {out.view(), a.view(), packed.view(), absent(), absent()},
        attributes({1, 1, 3, 2}, 1, Unary::identity, Precision::int8, 1));
    CHECK(std::isnan(out[0]));
    CHECK(out[1] == 3.0f);
  });
}

TEST_CASE("pack in int8 takes columns of zeros and of subnormal weights") {
  forEachTable([](const KernelTable& table) {
    // 190 of the smallest steps: the scale, 190 / 127, can only be 1 step, and 190 has no int8.
    const float columns[] = {0.0f, 0x1p-149f * 7, 0x1p-149f * 190, 2.0f};
    Array<float> a({1, 1, 2}, [](int64_t) { return 1.0f; }), out({1, 1, 4});
    Array<float> b({1, 2, 4}, [&](int64_t i) { return columns[i % 4]; });
    const Array<char> packed = pack(table, b.view(), Precision::int8);
    run(table, Op::gemm, {out.view(), a.view(), packed.view(), absent(), absent()},
        attributes({1, 1, 2, 4}, 1, Unary::identity, Precision::int8, 1));
    CHECK(out[0] == 0.0f);
    CHECK(std::fabs(out[1]) <= 0x1p-149f * 14);
    CHECK(out[2] == 0x1p-149f * 254);
    CHECK(std::fabs(out[3] - 4.0f) < 1e-6f);
  });
}

TEST_CASE("gemm and pack refuse what they could not run") {
  forEachTable([](const KernelTable& table) {
    Array<float> out({2, 5, 7}), a({2, 5, 3}), b({1, 3, 7}, [](int64_t) { return 1.0f; });
    Array<float> bias({7}), residual({2, 5, 7});
    const Array<char> packed = pack(table, b.view(), Precision::float32);
    const std::vector<View> views{out.view(), a.view(), packed.view(), bias.view(), residual.view()};
    const std::vector<double> good{3, 7, 1, 0, 0, 1};
    CHECK(faultOf(table, Op::gemm, views, good) == "");

    const auto refuses = [&](auto change) {
      std::vector<View> changed = views;
      std::vector<double> numbers = good;
      change(changed, numbers);
      return !faultOf(table, Op::gemm, changed, numbers).empty();
    };
    using Views = std::vector<View>&;
    using Numbers = std::vector<double>&;
    CHECK(refuses([](Views v, Numbers) { v.pop_back(); }));
    CHECK(refuses([](Views, Numbers n) { n.pop_back(); }));
    CHECK(refuses([](Views v, Numbers) { v[0].rank = 2; }));
    CHECK(refuses([](Views v, Numbers) { v[1].rank = -1; }));
    CHECK(refuses([](Views v, Numbers) { v[0].dtype = DType::float16; }));
    CHECK(refuses([](Views v, Numbers) { v[1].dtype = DType::int32; }));
    CHECK(refuses([](Views v, Numbers) { v[1].dim[1] = 4; }));
    CHECK(refuses([](Views v, Numbers) { v[1].dim[0] = 1; }));
    CHECK(refuses([](Views v, Numbers) { v[0].stride[2] = 2; }));
    CHECK(refuses([](Views v, Numbers) { v[2].dim[0] -= 1; }));
    CHECK(refuses([](Views v, Numbers) { v[2].dtype = DType::uint8; }));
    CHECK(refuses([](Views v, Numbers) { v[2].rank = -1; }));
    CHECK(refuses([](Views v, Numbers) { v[3].dim[0] = 6; }));
    CHECK(refuses([](Views v, Numbers) { v[3].stride[0] = 2; }));
    CHECK(refuses([](Views v, Numbers) { v[4].dim[1] = 1; }));
    CHECK(refuses([](Views v, Numbers) { v[4].stride[2] = 7; }));
    CHECK(refuses([](Views, Numbers n) { n[0] = 4; }));
    CHECK(refuses([](Views, Numbers n) { n[0] = 0; }));
    CHECK(refuses([](Views, Numbers n) { n[1] = 6.5; }));
    CHECK(refuses([](Views, Numbers n) { n[2] = 2; }));
    CHECK(refuses([](Views, Numbers n) { n[2] = 3; }));
    CHECK(refuses([](Views, Numbers n) { n[3] = 1000; }));
    CHECK(refuses([](Views, Numbers n) { n[3] = code(Unary::leakyRelu); }));
    CHECK(refuses([](Views, Numbers n) { n[4] = code(Precision::bfloat16); }));
    CHECK(refuses([](Views, Numbers n) { n[4] = -1; }));
    CHECK(refuses([](Views, Numbers n) { n[4] = NAN; }));

    CHECK(faultOf(table, Op::pack, {packed.view(), b.view()}, {0}) == "");
    CHECK(faultOf(table, Op::pack, {packed.view(), b.view()}, {4}) != "");
    CHECK(faultOf(table, Op::pack, {packed.view(), b.view()}, {0.5}) != "");
    CHECK(faultOf(table, Op::pack, {packed.view(), b.view()}, {code(Precision::bfloat16)}) != "");
    CHECK(faultOf(table, Op::pack, {out.view(), b.view()}, {0}) != "");
    CHECK(faultOf(table, Op::pack, {packed.view(), bias.view()}, {0}) != "");
  });
}
