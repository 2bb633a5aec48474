// copy, fill, unary, binary and where: every type, ragged sizes, and views of all strides, bit for bit.
#include <variant>

#include "testing.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

struct Layout {
  Dims dims, out, a, b;  // strides
};

// Dense, permuted, sliced, broadcast; sizes around vectors, buffers of 256 and tiles of 32768.
const Layout kLayouts[] = {
    {{}, {}, {}, {}},
    {{1}, {1}, {1}, {0}},
    {{5}, {1}, {1}, {0}},
    {{1000}, {1}, {3}, {1}},
    {{70001}, {1}, {1}, {1}},
    {{70001}, {2}, {0}, {1}},
    {{3, 5, 7}, {35, 7, 1}, {35, 7, 1}, {0, 7, 1}},
    {{3, 5, 7}, {35, 7, 1}, {1, 3, 15}, {7, 0, 1}},
    {{3, 5, 7}, {1, 3, 15}, {35, 7, 1}, {0, 0, 0}},
    {{37, 300}, {300, 1}, {1, 37}, {0, 1}},
    {{300, 37}, {40, 1}, {1, 310}, {1, 0}},
    {{130, 3}, {3, 1}, {1, 130}, {0, 1}},
    {{3, 400, 17}, {6800, 17, 1}, {6800, 1, 400}, {0, 1, 0}},
    {{2, 3, 4, 5, 6}, {360, 120, 30, 6, 1}, {1, 2, 6, 24, 120}, {0, 1, 0, 3, 0}},
    {{2, 1, 300, 2}, {1200, 999, 4, 2}, {600, 5, 2, 1}, {0, 0, 1, 300}},
    {{400, 300}, {1, 400}, {300, 1}, {1, 400}},
    // Patches of images with the channels first: many small planes.
    {{2, 7, 9, 4, 4, 3}, {3024, 432, 48, 12, 3, 1}, {3024, 144, 4, 36, 1, 1008}, {0, 0, 0, 0, 0, 1}},
};

template <class T>
std::function<T(int64_t)> smallNumbers(uint32_t seed) {
  auto engine = std::make_shared<std::mt19937>(seed);
  return [engine](int64_t) {
    return static_cast<T>(static_cast<int>((*engine)() % 200) - (T(-1) < T(0) ? 100 : 0));
  };
}

// Runs an op on out, a and b of every layout and compares with expected(i-th of a, i-th of b).
template <class Out, class In, class Expected>
void checkBinary(const KernelTable& table, Binary kind, Expected expected) {
  INFO("kind ", static_cast<int>(kind));
  for (const Layout& layout : kLayouts) {
    Array<In> a(layout.dims, layout.a, smallNumbers<In>(1)), b(layout.dims, layout.b, smallNumbers<In>(2));
    Array<Out> out(layout.dims, layout.out);
    REQUIRE(run(table, Op::binary, {out.view(), a.view(), b.view()}, {double(kind)}) == Status::ok);
    int64_t wrong = 0;
    for (int64_t i = 0; i < out.size(); i++) {
      const Out value = expected(a[i], b[i]);
      wrong += std::memcmp(&out[i], &value, sizeof(Out)) != 0;
    }
    CHECK(wrong == 0);
    CHECK(out.intact());
  }
}

template <class T>
void checkNumeric(const KernelTable& table) {
  checkBinary<T, T>(table, Binary::add, [](T a, T b) { return static_cast<T>(a + b); });
  checkBinary<T, T>(table, Binary::subtract, [](T a, T b) { return static_cast<T>(a - b); });
  checkBinary<T, T>(table, Binary::multiply, [](T a, T b) { return static_cast<T>(a * b); });
  checkBinary<T, T>(table, Binary::maximum, [](T a, T b) { return std::max(a, b); });
  checkBinary<T, T>(table, Binary::minimum, [](T a, T b) { return std::min(a, b); });
  checkBinary<bool, T>(table, Binary::equal, [](T a, T b) { return a == b; });
  checkBinary<bool, T>(table, Binary::notEqual, [](T a, T b) { return a != b; });
  checkBinary<bool, T>(table, Binary::less, [](T a, T b) { return a < b; });
  checkBinary<bool, T>(table, Binary::lessEqual, [](T a, T b) { return a <= b; });
  checkBinary<bool, T>(table, Binary::greater, [](T a, T b) { return a > b; });
  checkBinary<bool, T>(table, Binary::greaterEqual, [](T a, T b) { return a >= b; });
}

// An array of any type, as doubles (exact for all values used here).
double valueAt(const View& view, int64_t i) {
  int64_t offset = 0;
  for (int32_t axis = view.rank; axis-- > 0;) {
    offset += i % view.dim[axis] * view.stride[axis];
    i /= view.dim[axis];
  }
  const auto as = [&](auto type) { return reinterpret_cast<decltype(type)*>(view.data)[offset]; };
  switch (view.dtype) {
    case DType::float32:
      return as(float{});
    case DType::bfloat16: {
      const uint32_t bits = static_cast<uint32_t>(as(uint16_t{})) << 16;
      float value;
      std::memcpy(&value, &bits, 4);
      return value;
    }
    case DType::float16: {
      const uint16_t half = as(uint16_t{});
      const int exponent = half >> 10 & 31, fraction = half & 1023;
      const double magnitude = exponent == 31  ? (fraction ? NAN : INFINITY)
                               : exponent == 0 ? std::ldexp(fraction, -24)
                                               : std::ldexp(1024 + fraction, exponent - 25);
      return half >> 15 ? -magnitude : magnitude;
    }
    case DType::int64:
      return static_cast<double>(as(int64_t{}));
    case DType::int32:
      return as(int32_t{});
    default:
      return as(uint8_t{});
  }
}

// What a whole number (or a half) must become.
double converted(double value, DType to) {
  switch (to) {
    case DType::bool_:
      return value != 0;
    case DType::uint8:
      return std::fmin(std::fmax(std::trunc(value), 0), 255);
    case DType::int32:
    case DType::int64:
      return std::trunc(value);
    default:
      return value;
  }
}

constexpr DType kTypes[] = {DType::float32, DType::float16, DType::bfloat16, DType::int64,
                            DType::int32,   DType::uint8,   DType::bool_};

// An array of any type.
struct Typed {
  std::variant<Array<int64_t>, Array<int32_t>, Array<uint16_t>, Array<uint8_t>> array;

  Typed(DType dtype, const Dims& dims, const Dims& strides) : array(make(dtype, dims, strides)) {}

  static decltype(array) make(DType dtype, const Dims& dims, const Dims& strides) {
    switch (dtype) {
      case DType::int64:
        return Array<int64_t>(dims, strides, dtype);
      case DType::float32:
      case DType::int32:
        return Array<int32_t>(dims, strides, dtype);
      case DType::float16:
      case DType::bfloat16:
        return Array<uint16_t>(dims, strides, dtype);
      default:
        return Array<uint8_t>(dims, strides, dtype);
    }
  }
  View view() const {
    return std::visit([](const auto& a) { return a.view(); }, array);
  }
  int64_t size() const {
    return std::visit([](const auto& a) { return a.size(); }, array);
  }
  bool intact() const {
    return std::visit([](const auto& a) { return a.intact(); }, array);
  }
};

}  // namespace

TEST_CASE("binary on numbers and truths, all strides") {
  forEachTable([](const KernelTable& table) {
    checkNumeric<float>(table);
    checkNumeric<int32_t>(table);
    checkBinary<float, float>(table, Binary::divide, [](float a, float b) { return a / b; });
    checkBinary<bool, bool>(table, Binary::logicalAnd, [](bool a, bool b) { return a && b; });
    checkBinary<bool, bool>(table, Binary::logicalOr, [](bool a, bool b) { return a || b; });
  });
}

TEST_CASE("maximum and minimum keep NaN of either side; int32 wraps") {
  forEachTable([](const KernelTable& table) {
    Array<float> a({3}, [](int64_t i) { return i == 0 ? NAN : 1.0f; });
    Array<float> b({3}, [](int64_t i) { return i == 1 ? NAN : 2.0f; }), out({3});
    for (const Binary kind : {Binary::maximum, Binary::minimum}) {
      run(table, Op::binary, {out.view(), a.view(), b.view()}, {double(kind)});
      CHECK(std::isnan(out[0]));
      CHECK(std::isnan(out[1]));
      CHECK(out[2] == (kind == Binary::maximum ? 2 : 1));
    }
    Array<int32_t> max({1}, [](int64_t) { return INT32_MAX; }), one({1}, [](int64_t) { return 1; }), sum({1});
    run(table, Op::binary, {sum.view(), max.view(), one.view()}, {double(Binary::add)});
    CHECK(sum[0] == INT32_MIN);
  });
}

TEST_CASE("unary and where, all strides") {
  forEachTable([](const KernelTable& table) {
    for (const Layout& layout : kLayouts) {
      Array<float> a(layout.dims, layout.a, smallNumbers<float>(3)),
          b(layout.dims, layout.b, smallNumbers<float>(4));
      Array<float> out(layout.dims, layout.out), chosen(layout.dims, layout.out);
      REQUIRE(run(table, Op::unary, {out.view(), a.view()}, {code(Unary::relu), 0}) == Status::ok);
      Array<bool> condition(layout.dims, layout.b);
      condition.fill([](int64_t i) { return i % 3 == 0; });
      REQUIRE(run(table, Op::where, {chosen.view(), condition.view(), a.view(), b.view()}, {}) == Status::ok);
      int64_t wrong = 0;
      for (int64_t i = 0; i < out.size(); i++) {
        wrong += out[i] != std::max(a[i], 0.0f);
        wrong += chosen[i] != (condition[i] ? a[i] : b[i]);
      }
      CHECK(wrong == 0);
      CHECK(out.intact());
      CHECK(chosen.intact());
    }
  });
}

TEST_CASE("where chooses among elements of every size") {
  forEachTable([](const KernelTable& table) {
    for (const DType dtype : kTypes) {
      INFO("dtype ", static_cast<int>(dtype));
      Typed a(dtype, {9, 31}, {31, 1}), b(dtype, {9, 31}, {0, 2}), out(dtype, {9, 31}, {1, 9});
      Array<bool> condition({9, 31}, [](int64_t i) { return i % 2 == 0; });
      REQUIRE(run(table, Op::fill, {a.view()}, {1}) == Status::ok);
      REQUIRE(run(table, Op::fill, {b.view()}, {0}) == Status::ok);
      REQUIRE(run(table, Op::where, {out.view(), condition.view(), a.view(), b.view()}, {}) == Status::ok);
      int64_t wrong = 0;
      for (int64_t i = 0; i < 9 * 31; i++) wrong += valueAt(out.view(), i) != (i % 2 == 0);
      CHECK(wrong == 0);
      CHECK(out.intact());
    }
  });
}

TEST_CASE("copy converts between every two types, at all strides") {
  forEachTable([](const KernelTable& table) {
    for (const DType from : kTypes) {
      for (const DType to : kTypes) {
        INFO("from dtype ", static_cast<int>(from), " to ", static_cast<int>(to));
        for (const Layout& layout : kLayouts) {
          if (from != to && layout.dims.size() == 1 && layout.dims[0] > 2000) continue;
          Array<float> numbers(layout.dims, layout.a, smallNumbers<float>(5));
          Typed in(from, layout.dims, layout.a), out(to, layout.dims, layout.out);
          REQUIRE(run(table, Op::copy, {in.view(), numbers.view()}, {}) == Status::ok);
          REQUIRE(run(table, Op::copy, {out.view(), in.view()}, {}) == Status::ok);
          int64_t wrong = 0;
          const View result = out.view(), source = in.view();
          for (int64_t i = 0; i < numbers.size(); i++) {
            const double stored = converted(numbers[i], from);
            wrong += valueAt(source, i) != stored || valueAt(result, i) != converted(stored, to);
          }
          CHECK(wrong == 0);
          CHECK(out.intact());
        }
      }
    }
  });
}

TEST_CASE("conversions truncate, saturate and keep NaN") {
  forEachTable([](const KernelTable& table) {
    const std::vector<float> floats = {2.9f,     -2.9f,  3e9f,  -3e9f, 1e30f,   -1e30f, NAN,
                                       INFINITY, 300.5f, -0.5f, 256,   0x1p31f, 0x1p63f};
    const int64_t n = static_cast<int64_t>(floats.size());
    Array<float> in({n}, [&](int64_t i) { return floats[static_cast<size_t>(i)]; });
    Array<int32_t> int32({n});
    Array<int64_t> int64({n});
    Array<uint8_t> uint8({n});
    Array<bool> truth({n});
    Array<uint16_t> half({n}, {1}, DType::float16), brain({n});
    for (const View& out :
         {int32.view(), int64.view(), uint8.view(), truth.view(), half.view(), brain.view()})
      REQUIRE(run(table, Op::copy, {out, in.view()}, {}) == Status::ok);
    const int32_t wide[] = {2,         -2,  INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN, 0,
                            INT32_MAX, 300, 0,         256,       INT32_MAX, INT32_MAX};
    const int64_t wider[] = {2,         -2,  3000000000, -3000000000, INT64_MAX,        INT64_MIN, 0,
                             INT64_MAX, 300, 0,          256,         int64_t{1} << 31, INT64_MAX};
    const uint8_t narrow[] = {2, 0, 255, 0, 255, 0, 0, 255, 255, 0, 255, 255, 255};
    for (int64_t i = 0; i < n; i++) {
      CHECK(int32[i] == wide[i]);
      CHECK(int64[i] == wider[i]);
      CHECK(uint8[i] == narrow[i]);
      CHECK(truth[i] == true);
    }
    CHECK(std::isnan(valueAt(half.view(), 6)));
    CHECK(std::isnan(valueAt(brain.view(), 6)));
    CHECK(std::isinf(valueAt(half.view(), 4)));
    // An index too large for int32 must not become a valid one.
    Array<int64_t> index({2}, [](int64_t i) { return i ? -4294967295 : 4294967297; });
    Array<int32_t> cut({2});
    REQUIRE(run(table, Op::copy, {cut.view(), index.view()}, {}) == Status::ok);
    CHECK(cut[0] == INT32_MAX);
    CHECK(cut[1] == INT32_MIN);
  });
}

TEST_CASE("every half float becomes a float and the same half float again") {
  forEachTable([](const KernelTable& table) {
    for (const DType dtype : {DType::float16, DType::bfloat16}) {
      Array<uint16_t> in({65536}, {1}, dtype), again({65536}, {1}, dtype);
      in.fill([](int64_t i) { return static_cast<uint16_t>(i); });
      Array<float> wide({65536});
      REQUIRE(run(table, Op::copy, {wide.view(), in.view()}, {}) == Status::ok);
      REQUIRE(run(table, Op::copy, {again.view(), wide.view()}, {}) == Status::ok);
      int64_t wrong = 0;
      const View view = in.view(), back = again.view();
      for (int64_t i = 0; i < 65536; i++) {
        const double expected = valueAt(view, i);
        if (std::isnan(expected)) {
          wrong += !std::isnan(wide[i]) || !std::isnan(valueAt(back, i));
        } else {
          wrong += wide[i] != expected || again[i] != in[i];
        }
      }
      CHECK(wrong == 0);
    }
  });
}

TEST_CASE("rounding to half precision is to nearest, ties to even") {
  forEachTable([](const KernelTable& table) {
    Array<float> in({5}, [](int64_t i) {
      const float values[] = {1 + 0x1p-11f, 1 + 0x3p-11f, 1 + 0x1p-8f, 1 + 0x3p-8f, 0x1p-25f};
      return values[i];
    });
    Array<uint16_t> half({5}, {1}, DType::float16), brain({5});
    run(table, Op::copy, {half.view(), in.view()}, {});
    run(table, Op::copy, {brain.view(), in.view()}, {});
    CHECK(half[0] == 0x3c00);
    CHECK(half[1] == 0x3c02);
    CHECK(half[4] == 0);
    CHECK(brain[2] == 0x3f80);
    CHECK(brain[3] == 0x3f82);
  });
}

TEST_CASE("fill writes the elements and nothing between them") {
  forEachTable([](const KernelTable& table) {
    for (const DType dtype : kTypes) {
      for (const Layout& layout : kLayouts) {
        Typed out(dtype, layout.dims, layout.out);
        REQUIRE(run(table, Op::fill, {out.view()}, {-1.5}) == Status::ok);
        int64_t wrong = 0;
        const View view = out.view();
        for (int64_t i = 0; i < out.size(); i++) wrong += valueAt(view, i) != converted(-1.5, dtype);
        CHECK(wrong == 0);
        CHECK(out.intact());
      }
    }
  });
}

TEST_CASE("what does not fit is refused") {
  forEachTable([](const KernelTable& table) {
    Array<float> x({4}), y({5});
    Array<int32_t> whole({4});
    Array<bool> truth({4});
    Array<char> packed({4});
    const auto refused = [&](Op op, std::vector<View> views, std::vector<double> attributes) {
      return faultOf(table, op, std::move(views), attributes) != "";
    };
    CHECK(refused(Op::copy, {x.view(), y.view()}, {}));
    CHECK(refused(Op::copy, {x.view(), packed.view()}, {}));
    CHECK(refused(Op::copy, {x.view()}, {}));
    CHECK(refused(Op::fill, {packed.view()}, {0}));
    CHECK(refused(Op::unary, {x.view(), y.view()}, {0, 0}));
    CHECK(refused(Op::unary, {whole.view(), whole.view()}, {0, 0}));
    CHECK(refused(Op::unary, {x.view(), x.view()}, {double(Unary::count), 0}));
    CHECK(refused(Op::unary, {x.view(), x.view()}, {-1, 0}));
    CHECK(refused(Op::binary, {x.view(), x.view(), y.view()}, {0}));
    CHECK(refused(Op::binary, {x.view(), x.view(), whole.view()}, {0}));
    CHECK(refused(Op::binary, {whole.view(), whole.view(), whole.view()}, {double(Binary::divide)}));
    CHECK(refused(Op::binary, {x.view(), x.view(), x.view()}, {double(Binary::less)}));
    CHECK(refused(Op::binary, {truth.view(), x.view(), x.view()}, {double(Binary::logicalAnd)}));
    CHECK(refused(Op::where, {x.view(), x.view(), x.view(), x.view()}, {}));
    CHECK(refused(Op::where, {x.view(), truth.view(), x.view(), whole.view()}, {}));
  });
}
