// The functions of native/cpu/math.h, through the unary kernel: errors against higher precision over the
// whole range of floats, special values, and the double functions behind them. The bounds are those math.h
// states.
#include "../../native/runtime/math_double.h"
#include "testing.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

using Real = long double;

Real logistic(Real x) {
  return 1 / (1 + std::exp(-x));
}

struct Case {
  const char* name;
  Unary kind;
  float from, to, parameter;
  double bound;  // ulp
  Real (*reference)(Real x, Real parameter);
};

const Case kCases[] = {
    {"exp", Unary::exp, -104, 88.7f, 0, 1.0, [](Real x, Real) { return std::exp(x); }},
    {"log", Unary::log, 0, 3.4e38f, 0, 1.0, [](Real x, Real) { return std::log(x); }},
    {"tanh", Unary::tanh, -1e9f, 1e9f, 0, 3.0, [](Real x, Real) { return std::tanh(x); }},
    {"sigmoid", Unary::sigmoid, -104, 104, 0, 3.0, [](Real x, Real) { return logistic(x); }},
    {"erf", Unary::erf, -100, 100, 0, 2.0, [](Real x, Real) { return std::erf(x); }},
    {"gelu", Unary::gelu, -1, 100, 0, 2.5,
     [](Real x, Real) { return x * std::erfc(-x / std::sqrt(Real(2))) / 2; }},
    {"geluTanh", Unary::geluTanh, -1, 100, 0, 5.0,
     [](Real x, Real) {
       return x * logistic(2 * std::sqrt(2 / std::acos(Real(-1))) * (x + Real(0.044715) * x * x * x));
     }},
    {"quickGelu", Unary::quickGelu, -2, 100, 0, 6.0,
     [](Real x, Real) { return x * logistic(Real(1.702) * x); }},
    {"silu", Unary::silu, -80, 100, 0, 3.2, [](Real x, Real) { return x * logistic(x); }},
    {"softplus", Unary::softplus, -100, 100, 0, 3.0,
     [](Real x, Real) { return x > 40 ? x : std::log1p(std::exp(x)); }},
    {"mish", Unary::mish, -80, 100, 0, 5.0,
     [](Real x, Real) { return x * std::tanh(x > 40 ? x : std::log1p(std::exp(x))); }},
    {"elu", Unary::elu, -100, 10, 1.5f, 2.0, [](Real x, Real p) { return x > 0 ? x : p * std::expm1(x); }},
    {"sqrt", Unary::sqrt, 0, 3.4e38f, 0, 0.5, [](Real x, Real) { return std::sqrt(x); }},
    {"rsqrt", Unary::rsqrt, 1e-38f, 3.4e38f, 0, 1.5, [](Real x, Real) { return 1 / std::sqrt(x); }},
    {"reciprocal", Unary::reciprocal, -1e37f, 1e37f, 0, 0.5, [](Real x, Real) { return 1 / x; }},
    {"hardSwish", Unary::hardSwish, -2.9f, 100, 0, 4.0,
     [](Real x, Real) { return x * std::fmin(std::fmax(x + 3, 0), 6) / 6; }},
    {"power 2.7", Unary::power, 0, 3.4e38f, 2.7f, 0.51, [](Real x, Real p) { return std::pow(x, p); }},
    {"power -0.3", Unary::power, 0, 3.4e38f, -0.3f, 0.51, [](Real x, Real p) { return std::pow(x, p); }},
    {"power 3", Unary::power, -1e12f, 1e12f, 3, 0.51, [](Real x, Real p) { return std::pow(x, p); }},
};

// Every `step`-th float in [from, to], from both signs.
std::vector<float> floatsBetween(float from, float to, uint32_t step) {
  std::vector<float> found;
  for (uint64_t bits = 0; bits < uint64_t{1} << 32; bits += step) {
    const uint32_t word = static_cast<uint32_t>(bits);
    float value;
    std::memcpy(&value, &word, 4);
    if (value >= from && value <= to) found.push_back(value);
  }
  return found;
}

std::vector<float> apply(const KernelTable& table, Unary kind, const std::vector<float>& x,
                         float parameter = 0) {
  const int64_t n = static_cast<int64_t>(x.size());
  Array<float> in({n}, [&](int64_t i) { return x[static_cast<size_t>(i)]; }), out({n});
  REQUIRE(run(table, Op::unary, {out.view(), in.view()}, {code(kind), parameter}) == Status::ok);
  CHECK(out.intact());
  return std::vector<float>(out.data(), out.data() + n);
}

// In units in the last place of the reference, which are at least the smallest subnormal.
double errorOf(float value, Real reference) {
  if (std::isinf(static_cast<float>(reference))) return value == static_cast<float>(reference) ? 0 : 1e9;
  int exponent;
  std::frexp(reference, &exponent);
  const double ulp = std::ldexp(1.0, std::max(exponent - 24, -149));
  return static_cast<double>(std::fabs(value - reference)) / ulp;
}

}  // namespace

TEST_CASE("functions are within their stated errors") {
  for (const Case& c : kCases) {
    const std::vector<float> x = floatsBetween(c.from, c.to, 65521);
    REQUIRE(x.size() > 100);
    std::vector<Real> reference;
    for (const float value : x) reference.push_back(c.reference(value, c.parameter));
    forEachTable([&](const KernelTable& table) {
      INFO(c.name);
      const std::vector<float> y = apply(table, c.kind, x, c.parameter);
      double worst = 0;
      float worstInput = 0;
      for (size_t i = 0; i < x.size(); i++) {
        const double error = errorOf(y[i], reference[i]);
        if (!(error <= worst)) {
          worst = error;
          worstInput = x[i];
        }
      }
      INFO("largest error at ", worstInput);
      CHECK(worst <= c.bound);
    });
  }
}

TEST_CASE("the forms of gelu vanish far below zero with a small absolute error") {
  const std::vector<float> x = floatsBetween(-100, 0, 6553);
  forEachTable([&](const KernelTable& table) {
    const std::vector<float> exact = apply(table, Unary::gelu, x),
                             tanhForm = apply(table, Unary::geluTanh, x),
                             quick = apply(table, Unary::quickGelu, x);
    double worst = 0, worstExact = 0;  // in units of |x|
    for (size_t i = 0; i < x.size(); i++) {
      const Real v = x[i], size = std::fabs(v) + 1e-30L;
      const Real u = 2 * std::sqrt(2 / std::acos(Real(-1))) * (v + Real(0.044715) * v * v * v);
      worst = std::max({worst, double(std::fabs(tanhForm[i] - v * logistic(u)) / size),
                        double(std::fabs(quick[i] - v * logistic(Real(1.702) * v)) / size)});
      const Real normal = std::erfc(-v / std::sqrt(Real(2))) / 2;
      worstExact = std::max(worstExact, double(std::fabs(exact[i] - v * normal) / size));
      if (v < -6.2) CHECK(exact[i] == 0);
    }
    CHECK(worst <= 1.2e-7);
    CHECK(worstExact <= 5e-8);
  });
}

TEST_CASE("sine and cosine are right for angles of any size") {
  const std::vector<float> x = floatsBetween(-3.4e38f, 3.4e38f, 65521);
  forEachTable([&](const KernelTable& table) {
    const std::vector<float> sines = apply(table, Unary::sine, x), cosines = apply(table, Unary::cosine, x);
    double worst = 0;
    for (size_t i = 0; i < x.size(); i++) {
      worst = std::max({worst, errorOf(sines[i], std::sin(static_cast<double>(x[i]))),
                        errorOf(cosines[i], std::cos(static_cast<double>(x[i])))});
    }
    CHECK(worst <= 0.51);
  });
}

TEST_CASE("double functions agree with the C library to 2 ulp") {
  const auto ulps = [](double a, double b) {
    return std::fabs(a - b) / (std::nextafter(std::fabs(b), 1e300) - std::fabs(b));
  };
  double worst = 0;
  for (int i = 1; i < 200000; i++) {
    const double x = i * 9.42477796076938e-5;  // 0 to 6 pi, more than filters ask for
    worst = std::max({worst, ulps(sine(x), std::sin(x)), ulps(cosine(x), std::cos(x))});
  }
  CHECK(worst <= 2.0);
}

TEST_CASE("NaN passes through every function of a number") {
  forEachTable([](const KernelTable& table) {
    for (int32_t kind = 0; kind < static_cast<int32_t>(Unary::logicalNot); kind++) {
      INFO("kind ", kind);
      const std::vector<float> y = apply(table, static_cast<Unary>(kind), std::vector<float>(37, NAN), 2);
      CHECK(std::all_of(y.begin(), y.end(), [](float v) { return std::isnan(v); }));
    }
    CHECK(apply(table, Unary::logicalNot, {0.0f, -0.0f, NAN, 3.0f}) == std::vector<float>{1, 1, 0, 0});
  });
}

TEST_CASE("infinities, zeros and steps") {
  const float inf = INFINITY;
  const std::vector<float> x = {-inf, -2.5f, -1.5f, -0.5f, -0.0f, 0.0f, 0.5f, 1.5f, 2.5f, 8388609.0f, inf};
  using Values = std::vector<float>;
  forEachTable([&](const KernelTable& table) {
    CHECK(apply(table, Unary::round, x) == Values{-inf, -2, -2, 0, 0, 0, 0, 2, 2, 8388609.0f, inf});
    CHECK(apply(table, Unary::floor, x) == Values{-inf, -3, -2, -1, 0, 0, 0, 1, 2, 8388609.0f, inf});
    CHECK(apply(table, Unary::ceil, x) == Values{-inf, -2, -1, 0, 0, 0, 1, 2, 3, 8388609.0f, inf});
    CHECK(apply(table, Unary::relu, x) == Values{0, 0, 0, 0, 0, 0, 0.5f, 1.5f, 2.5f, 8388609.0f, inf});
    CHECK(apply(table, Unary::relu6, x) == Values{0, 0, 0, 0, 0, 0, 0.5f, 1.5f, 2.5f, 6, 6});
    CHECK(apply(table, Unary::leakyRelu, x, 0.5f) ==
          Values{-inf, -1.25f, -0.75f, -0.25f, 0, 0, 0.5f, 1.5f, 2.5f, 8388609.0f, inf});
    CHECK(apply(table, Unary::absolute, x) ==
          Values{inf, 2.5f, 1.5f, 0.5f, 0, 0, 0.5f, 1.5f, 2.5f, 8388609.0f, inf});
    CHECK(apply(table, Unary::negate, {1, -inf}) == Values{-1, inf});
    CHECK(apply(table, Unary::square, {3, -inf}) == Values{9, inf});
    CHECK(apply(table, Unary::identity, x) == x);
    CHECK(apply(table, Unary::exp, {-inf, -200, 0, 89, inf}) == Values{0, 0, 1, inf, inf});
    CHECK(apply(table, Unary::log, {0, 1, inf}) == Values{-inf, 0, inf});
    CHECK(std::isnan(apply(table, Unary::log, {-1.0f})[0]));
    CHECK(apply(table, Unary::tanh, {-inf, inf}) == Values{-1, 1});
    CHECK(apply(table, Unary::erf, {-inf, inf}) == Values{-1, 1});
    CHECK(apply(table, Unary::sigmoid, {-inf, inf}) == Values{0, 1});
    CHECK(apply(table, Unary::hardSigmoid, {-inf, -3, 0, 3, inf}) == Values{0, 0, 0.5f, 1, 1});
    CHECK(apply(table, Unary::gelu, {inf}) == Values{inf});
    CHECK(apply(table, Unary::silu, {inf}) == Values{inf});
    CHECK(apply(table, Unary::mish, {inf}) == Values{inf});
    CHECK(apply(table, Unary::softplus, {-inf, inf}) == Values{0, inf});
    CHECK(apply(table, Unary::elu, {-inf, inf}, 2) == Values{-2, inf});
  });
}

TEST_CASE("power has the special cases of C") {
  const float inf = INFINITY;
  const std::vector<float> values = {0.0f, -0.0f, 1,    -1,    2,      -2,  0.5f,        -0.5f,        3,
                                     -3,   inf,   -inf, 1e30f, 1e-40f, NAN, 16777216.0f, -16777215.0f, 2.5f};
  const int64_t n = static_cast<int64_t>(values.size());
  const auto at = [&](int64_t i) { return values[static_cast<size_t>(i)]; };
  Array<float> a({n, n}, {1, 0}, [&](int64_t i) { return at(i / n); });
  Array<float> b({n, n}, {0, 1}, [&](int64_t i) { return at(i % n); });
  forEachTable([&](const KernelTable& table) {
    Array<float> out({n, n});
    REQUIRE(run(table, Op::binary, {out.view(), a.view(), b.view()}, {double(Binary::power)}) == Status::ok);
    for (int64_t i = 0; i < n * n; i++) {
      const float expected = static_cast<float>(std::pow(double(at(i / n)), double(at(i % n))));
      INFO(at(i / n), " to the power of ", at(i % n), ": ", out[i], ", expected ", expected);
      if (std::isnan(expected)) {
        CHECK(std::isnan(out[i]));
      } else {
        CHECK(std::memcmp(&out[i], &expected, 4) == 0);
      }
    }
  });
}

TEST_CASE("a result's bits do not depend on its position in the array") {
  Random random(7);
  std::vector<float> x(129);
  for (float& v : x) v = random.normal() * 3;
  forEachTable([&](const KernelTable& table) {
    for (int32_t kind = 0; kind < static_cast<int32_t>(Unary::count); kind++) {
      const std::vector<float> all = apply(table, static_cast<Unary>(kind), x, 1.5f);
      for (size_t i = 0; i < x.size(); i += 8) {
        const float one = apply(table, static_cast<Unary>(kind), {x[i]}, 1.5f)[0];
        CHECK(std::memcmp(&one, &all[i], 4) == 0);
      }
    }
  });
}
