// pack, gemm, quantize, convolution, depthwise and pool on CUDA, against float64.
#include "cuda_machine.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

constexpr Precision kPrecisions[] = {Precision::float32, Precision::bfloat16, Precision::float16,
                                     Precision::int8};

// Half a step of the precision, relative to the value; of int8 to the largest value of its column.
double stepOf(Precision precision) {
  return precision == Precision::float32    ? 0x1p-24
         : precision == Precision::bfloat16 ? 0x1p-9
         : precision == Precision::float16  ? 0x1p-12
                                            : 1 / 254.0;
}

double gelu(double x) {
  return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
}

}  // namespace

TEST_CASE("gemm with bias, activation and residual at ragged sizes, in each dtype and precision") {
  Numbers random(1);
  for (const auto& [batch, m, n, k] :
       std::vector<std::array<int64_t, 4>>{{1, 1, 1, 1}, {2, 70, 65, 33}, {1, 5, 130, 104}}) {
    const Operand b(DType::float32, {1, k, n}, {1, 1, k}, random.normals());
    double largest = 0;
    for (int64_t i = 0; i < b.size(); ++i) largest = std::max(largest, std::abs(b[i]));
    for (const Precision precision : kPrecisions) {
      const Operand packed = cuda().pack(b, precision);
      for (const DType dtype : kFloats) {
        if (m > 1 && dtype == DType::float16 && precision == Precision::float32) continue;  // as bfloat16
        INFO("m ", m, " n ", n, " k ", k, " precision ", static_cast<int>(precision), " dtype ",
             static_cast<int>(dtype));
        // Dense rows of whole pieces of 16 bytes in one case, single elements in the others.
        const Operand a(dtype, {batch, m, k}, k % 8 == 0 ? Dims{m * k, k, 1} : Dims{1, batch, batch * m},
                        random.normals());
        const Operand bias(DType::float32, {n}, random.normals()),
            residual(dtype, {batch, m, n}, random.normals());
        const Operand out(dtype, {batch, m, n}, {m * (n + 3), n + 3, 1});
        double magnitude = 0;
        const auto sum = [&](int64_t i) {
          double total = 0;
          magnitude = 0;
          for (int64_t j = 0; j < k; ++j) {
            const double x = a.at({i / n / m, i / n % m, j});
            total += x * b.at({0, j, i % n});
            magnitude +=
                std::abs(x) * (precision == Precision::int8 ? largest : std::abs(b.at({0, j, i % n})));
          }
          return total;
        };
        const double kind = code(Unary::gelu);
        checkAll(
            cuda().run(Op::gemm, {out, a, packed, bias, residual},
                       {double(k), double(n), 1, kind, code(precision), 0.5}),
            [&](int64_t i) { return gelu(0.5 * sum(i) + bias[i % n]) + residual[i]; },
            [&](int64_t i) { return sum(i), magnitude * stepOf(precision) + 1e-6 * magnitude + 1e-6; });
      }
    }
  }
}

TEST_CASE(
    "gemm with a matrix for each batch, and the bits of a row whatever is beside it and however it lies") {
  Numbers random(2);
  const int64_t m = 67, n = 20, k = 40;
  for (const auto& [dtype, precision] :
       std::vector<std::pair<DType, Precision>>{{DType::float32, Precision::float32},
                                                {DType::bfloat16, Precision::bfloat16},
                                                {DType::float16, Precision::float16}}) {
    const Operand a(dtype, {3, m, k}, random.normals()), weights(DType::float32, {3, k, n}, random.normals());
    // Rounded as they are stored, so that only the sums differ.
    const Operand b(dtype, {3, k, n}, [&](int64_t i) { return weights[i]; });
    const auto multiply = [&, type = dtype, stored = precision](const Operand& left) {
      return cuda().run(Op::gemm,
                        {Operand(type, {left.dims[0], left.dims[1], n}), left, cuda().pack(b, stored),
                         Operand::absent(), Operand::absent()},
                        {double(k), double(n), 3, 0, code(stored), 1});
    };
    const Operand all = multiply(a);
    checkAll(
        all,
        [&](int64_t i) {
          double sum = 0;
          for (int64_t j = 0; j < k; ++j)
            sum += a.at({i / n / m, i / n % m, j}) * b.at({i / n / m, j, i % n});
          return sum;
        },
        [](int64_t) { return 2e-5; });
    // The last row of each batch, alone, its elements 3 apart.
    const Operand last(dtype, {3, 1, k}, {3 * k, 3 * k, 3}, [&](int64_t i) {
      return a.at({i / k, m - 1, i % k});
    });
    const Operand alone = multiply(last);
    for (int64_t i = 0; i < alone.size(); ++i) CHECK(alone[i] == all.at({i / n, m - 1, i % n}));
  }
}

TEST_CASE("int8 rows and weights: exact sums, and a row with NaN shows it") {
  Numbers random(3);
  for (const auto& [m, n, k] : std::vector<std::array<int64_t, 3>>{{1, 1, 1}, {9, 20, 75}, {4, 3, 200}}) {
    const int64_t rowBytes = cuda().device().formats().quantizedRowBytes(k);
    const Operand a(DType::float32, {1, m, k}, {1, 1, m},
                    [&](int64_t i) { return m > 4 && i == 2 * k ? NAN : random.normal(); });
    const Operand b(DType::float32, {1, k, n}, random.normals());
    const Operand rows = cuda().run(Op::quantize, {Operand(DType::uint8, {1, m, rowBytes}), a}, {});
    const auto scaleOf = [&](const std::function<double(int64_t)>& value) {
      double largest = 0;
      for (int64_t j = 0; j < k; ++j) largest = std::max(largest, std::abs(value(j)));
      return largest / 127;
    };
    for (const DType dtype : {DType::float32, DType::bfloat16}) {
      checkAll(
          cuda().run(Op::gemm,
                     {Operand(dtype, {1, m, n}), rows, cuda().pack(b, Precision::int8), Operand::absent(),
                      Operand::absent()},
                     {double(k), double(n), 1, 0, code(Precision::int8), 1}),
          [&](int64_t i) {
            const auto x = [&](int64_t j) { return a.at({0, i / n, j}); };
            const auto y = [&](int64_t j) { return b.at({0, j, i % n}); };
            if (m > 4 && i / n == 2) return double{NAN};
            const double rowScale = scaleOf(x), columnScale = scaleOf(y);
            double sum = 0;
            for (int64_t j = 0; j < k; ++j)
              sum += std::nearbyint(x(j) / rowScale) * std::nearbyint(y(j) / columnScale);
            return sum * rowScale * columnScale;
          },
          // A value halfway between two steps may go to either.
          [&](int64_t) { return 0.02; });
    }
  }
}

TEST_CASE("convolution, dense and grouped, with strides, padding and dilation, and depthwise") {
  Numbers random(4);
  struct Case {
    int64_t n, h, w, c, o, kh, kw, stride, pad, dilation, groups;
  };
  for (const Case& c : {Case{2, 9, 11, 6, 8, 3, 3, 2, 1, 1, 1}, Case{1, 7, 5, 8, 12, 3, 2, 1, 2, 2, 4},
                        Case{1, 8, 8, 3, 70, 4, 4, 4, 0, 1, 1}}) {
    const int64_t oh = (c.h + 2 * c.pad - c.dilation * (c.kh - 1) - 1) / c.stride + 1;
    const int64_t ow = (c.w + 2 * c.pad - c.dilation * (c.kw - 1) - 1) / c.stride + 1;
    const int64_t channels = c.c / c.groups, outs = c.o / c.groups;
    const Operand weights(DType::float32, {c.groups, c.kh * c.kw * channels, outs}, random.normals());
    for (const DType dtype : kFloats) {
      const Operand in(dtype, {c.n, c.h, c.w, c.c}, random.normals());
      const Operand bias(DType::float32, {c.o}, random.normals()),
          residual(dtype, {c.n, oh, ow, c.o}, random.normals());
      const auto sum = [&](int64_t i, bool depthwise, const Operand& w) {
        const int64_t o = i % (depthwise ? c.c : c.o), x = i / (depthwise ? c.c : c.o) % ow,
                      y = i / (depthwise ? c.c : c.o) / ow % oh;
        const int64_t n = i / (depthwise ? c.c : c.o) / ow / oh;
        double total = 0;
        for (int64_t tap = 0; tap < c.kh * c.kw; ++tap) {
          const int64_t iy = y * c.stride - c.pad + tap / c.kw * c.dilation,
                        ix = x * c.stride - c.pad + tap % c.kw * c.dilation;
          if (iy < 0 || iy >= c.h || ix < 0 || ix >= c.w) continue;
          if (depthwise) {
            total += in.at({n, iy, ix, o}) * w.at({tap / c.kw, tap % c.kw, o});
            continue;
          }
          for (int64_t channel = 0; channel < channels; ++channel)
            total += in.at({n, iy, ix, o / outs * channels + channel}) *
                     w.at({o / outs, tap * channels + channel, o % outs});
        }
        return total;
      };
      const std::vector<double> sizes{double(c.kh),  double(c.kw),  double(c.stride),   double(c.stride),
                                      double(c.pad), double(c.pad), double(c.dilation), double(c.dilation)};
      std::vector<double> attributes = sizes;
      for (const double more : {double(c.groups), code(Unary::relu), code(Precision::float32)})
        attributes.push_back(more);
      checkAll(
          cuda().run(Op::convolution,
                     {Operand(dtype, {c.n, oh, ow, c.o}), in, cuda().pack(weights, Precision::float32), bias,
                      residual},
                     attributes),
          [&](int64_t i) { return std::max(sum(i, false, weights) + bias[i % c.o], 0.0) + residual[i]; },
          [](int64_t) { return 3e-5; });
      const Operand taps(DType::float32, {c.kh, c.kw, c.c}, random.normals());
      attributes = sizes;
      attributes.push_back(code(Unary::identity));
      const Operand channelBias(DType::float32, {c.c}, random.normals());
      checkAll(
          cuda().run(Op::depthwise, {Operand(dtype, {c.n, oh, ow, c.c}), in, taps, channelBias}, attributes),
          [&](int64_t i) { return sum(i, true, taps) + channelBias[i % c.c]; }, [](int64_t) { return 1e-5; });
    }
  }
}

TEST_CASE(
    "pool: maximum and mean, with padding that counts or does not, and a ceil mode that reaches past it") {
  Numbers random(5);
  const int64_t h = 7, w = 6, c = 5;
  for (const DType dtype : kFloats) {
    const Operand in(dtype, {2, h, w, c}, random.normals());
    for (const bool countPadding : {false, true}) {
      for (const bool average : {false, true}) {
        // 3 x 3 windows, stride 2, padding 1, with ceil: along w the last window begins at 5 and reaches 1
        // too far.
        const int64_t oh = 4, ow = 4;
        const Operand out(dtype, {2, oh, ow, c});
        checkAll(
            cuda().run(Op::pool, {out, in},
                       {average ? 1.0 : 0.0, 3, 3, 2, 2, 1, 1, 1, 1, countPadding ? 1.0 : 0.0, 0, 1}),
            [&](int64_t i) {
              const int64_t y = i / c / ow % oh * 2 - 1, x = i / c % ow * 2 - 1;
              double best = -INFINITY, total = 0;
              int64_t inside = 0, padded = 0;
              for (int64_t tap = 0; tap < 9; ++tap) {
                const int64_t iy = y + tap / 3, ix = x + tap % 3;
                padded += iy < h + 1 && ix < w + 1;
                if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
                const double value = in.at({i / c / ow / oh, iy, ix, i % c});
                best = std::max(best, value);
                total += value;
                ++inside;
              }
              return average ? total / static_cast<double>(countPadding ? padded : inside) : best;
            },
            [](int64_t) { return 1e-6; });
      }
    }
  }
}
