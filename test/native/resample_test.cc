// resample: against stored results of Pillow, against a plain implementation that uses the C library's
// functions, at all layouts, and its fixed-point weights over many sizes.
#include "../../native/runtime/filter.h"
#include "resample_expected.h"
#include "testing.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

double libraryWeight(Filter filter, double x) {
  const double pi = 3.14159265358979323846, size = std::fabs(x);
  const auto sincOf = [&](double v) { return v == 0 ? 1 : std::sin(v * pi) / (v * pi); };
  switch (filter) {
    case Filter::box:
      return x > -0.5 && x <= 0.5;
    case Filter::bilinear:
      return size < 1 ? 1 - size : 0;
    case Filter::hamming:
      if (size == 0) return 1;
      return size >= 1 ? 0 : std::sin(size * pi) / (size * pi) * (0.54f + 0.46f * std::cos(size * pi));
    case Filter::bicubic:
      if (size < 1) return (1.5 * size - 2.5) * size * size + 1;
      return size < 2 ? (((size - 5) * size + 8) * size - 4) * -0.5 : 0;
    default:
      return x >= -3 && x < 3 ? sincOf(x) * sincOf(x / 3) : 0;
  }
}

struct Weights {
  int64_t first;
  std::vector<int32_t> fixed;
};

Weights libraryWeights(Filter filter, int64_t length, int64_t size, int64_t place) {
  const double scale = static_cast<double>(length) / static_cast<double>(size), wide = std::max(scale, 1.0);
  const double reach = (filter == Filter::box       ? 0.5
                        : filter == Filter::bicubic ? 2
                        : filter == Filter::lanczos ? 3
                                                    : 1) *
                       wide;
  const double center = (static_cast<double>(place) + 0.5) * scale;
  const int64_t first = std::max<int64_t>(0, static_cast<int64_t>(center - reach + 0.5));
  const int64_t end = std::min(length, static_cast<int64_t>(center + reach + 0.5));
  std::vector<double> exact;
  double sum = 0;
  for (int64_t i = first; i < end; i++) {
    exact.push_back(libraryWeight(filter, (static_cast<double>(i) - center + 0.5) * (1 / wide)));
    sum += exact.back();
  }
  Weights weights{first, {}};
  for (const double w : exact) {
    const double scaled = w / sum * (1 << 22);
    weights.fixed.push_back(static_cast<int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5));
  }
  return weights;
}

uint8_t plain(const Array<uint8_t>& in, Filter filter, int64_t o, int64_t place, int64_t i, int64_t size) {
  const int64_t length = in.dims()[1], inner = in.dims()[2];
  if (filter == Filter::nearest) {
    const double scale = static_cast<double>(length) / static_cast<double>(size);
    double at = scale * 0.5;
    for (int64_t step = 0; step < place; step++) at += scale;
    return in[(o * length + static_cast<int64_t>(at)) * inner + i];
  }
  const Weights weights = libraryWeights(filter, length, size, place);
  int64_t sum = 1 << 21;
  for (size_t t = 0; t < weights.fixed.size(); t++)
    sum += weights.fixed[t] * in[(o * length + weights.first + static_cast<int64_t>(t)) * inner + i];
  return static_cast<uint8_t>(std::clamp<int64_t>(sum >> 22, 0, 255));
}

std::vector<double> attributes(Filter filter, const Array<uint8_t>& in, int64_t size, int64_t first = 0) {
  return {double(filter), double(in.dims()[1]), 0, double(size), double(first)};
}

constexpr Filter kFilters[] = {Filter::nearest, Filter::box,     Filter::bilinear,
                               Filter::hamming, Filter::bicubic, Filter::lanczos};

}  // namespace

TEST_CASE("lines and columns of pixels come out as Pillow makes them") {
  uint32_t state = 1;
  Array<uint8_t> picture({2, 13, 3}, [&](int64_t) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return static_cast<uint8_t>(state >> 16);
  });
  Array<uint8_t> turned({1, 13, 6}, [&](int64_t i) { return picture.at({i % 6 / 3, i / 6, i % 3}); });
  forEachTable([&](const KernelTable& table) {
    for (const PillowLine& line : pillowLines()) {
      INFO("filter ", line.filter, " to ", line.width);
      Array<uint8_t> out({2, line.width, 3}), column({1, line.width, 6});
      REQUIRE(run(table, Op::resample, {out.view(), picture.view()},
                  attributes(static_cast<Filter>(line.filter), picture, line.width)) == Status::ok);
      REQUIRE(run(table, Op::resample, {column.view(), turned.view()},
                  attributes(static_cast<Filter>(line.filter), turned, line.width)) == Status::ok);
      REQUIRE(line.bytes.size() == static_cast<size_t>(out.size()));
      int64_t wrong = 0;
      for (int64_t i = 0; i < out.size(); i++) {
        const int64_t o = i / 3 / line.width, place = i / 3 % line.width;
        wrong += out[i] != line.bytes[static_cast<size_t>(i)];
        wrong += column.at({0, place, o * 3 + i % 3}) != line.bytes[static_cast<size_t>(i)];
      }
      CHECK(wrong == 0);
      CHECK(out.intact());
      CHECK(column.intact());
    }
  });
}

TEST_CASE("every layout gives the plain result") {
  struct Case {
    Dims dims;
    int64_t size;
    Dims out, in;  // strides
  };
  const Case cases[] = {
      {{1, 1, 1}, 4, {4, 1, 1}, {1, 1, 1}},
      {{3, 40, 1}, 17, {17, 1, 1}, {40, 1, 1}},
      {{3, 17, 4}, 40, {160, 4, 1}, {68, 4, 1}},
      {{2, 100, 3}, 7, {21, 3, 1}, {300, 3, 1}},
      {{2, 100, 3}, 7, {30, 4, 1}, {500, 5, 1}},   // pixels apart
      {{2, 20, 3}, 33, {99, 1, 33}, {60, 1, 20}},  // channels apart
      {{2, 31, 150}, 14, {2100, 150, 1}, {4650, 150, 1}},
      {{1, 9, 16500}, 3, {49500, 16500, 1}, {148500, 16500, 1}},
      {{700, 50, 3}, 40, {120, 3, 1}, {150, 3, 1}},
      {{2, 300, 5}, 301, {1505, 5, 1}, {0, 5, 1}},
  };
  forEachTable([&](const KernelTable& table) {
    Random random(1);
    for (const Case& c : cases) {
      for (const Filter filter : kFilters) {
        INFO("filter ", static_cast<int>(filter), ", ", c.dims[1], " to ", c.size, ", inner ", c.dims[2]);
        // Black and white too, so that sums go past both ends.
        Array<uint8_t> in(c.dims, c.in, [&](int64_t) {
          return static_cast<uint8_t>(random.below(2) ? random.below(2) * 255 : random.below(256));
        });
        Array<uint8_t> out({c.dims[0], c.size, c.dims[2]}, c.out);
        REQUIRE(run(table, Op::resample, {out.view(), in.view()}, attributes(filter, in, c.size)) ==
                Status::ok);
        int64_t wrong = 0;
        const int64_t step = out.size() > 20000 ? 37 : 1;
        for (int64_t i = 0; i < out.size(); i += step) {
          const int64_t inner = c.dims[2];
          wrong += out[i] != plain(in, filter, i / inner / c.size, i / inner % c.size, i % inner, c.size);
        }
        CHECK(wrong == 0);
        CHECK(out.intact());
      }
    }
  });
}

TEST_CASE("fixed-point weights are those that the C library's sine and cosine give") {
  int64_t wrong = 0, seen = 0;
  for (const Filter filter : {Filter::hamming, Filter::bicubic, Filter::lanczos}) {
    for (const int64_t length : {1, 2, 3, 7, 32, 100, 224, 333, 500, 640, 1023, 1920, 4000}) {
      for (const int64_t size : {1, 5, 14, 32, 98, 224, 225, 256, 384, 518, 1000}) {
        const Resampling axis(filter, length, size);
        std::vector<double> exact(static_cast<size_t>(axis.maxTaps));
        std::vector<int32_t> fixed(exact.size());
        for (int64_t place = 0; place < size; place += 1 + size / 40) {
          const Resampling::Range range = axis.weigh(place, exact.data(), fixed.data());
          const Weights expected = libraryWeights(filter, length, size, place);
          const bool same = range.first == expected.first &&
                            range.count == static_cast<int64_t>(expected.fixed.size()) &&
                            std::equal(expected.fixed.begin(), expected.fixed.end(), fixed.begin());
          wrong += !same;
          seen += range.count;
        }
      }
    }
  }
  CHECK(wrong == 0);
  CHECK(seen > 100000);
}

TEST_CASE("a part of the positions has the bits that it has in the whole") {
  forEachTable([](const KernelTable& table) {
    Random random(3);
    Array<uint8_t> in({2, 57, 3}, [&](int64_t) { return static_cast<uint8_t>(random.below(256)); });
    for (const Filter filter : kFilters) {
      for (const int64_t size : {41, 57, 90, 3001}) {
        Array<uint8_t> whole({2, size, 3}), part({2, 37, 3});
        REQUIRE(run(table, Op::resample, {whole.view(), in.view()}, attributes(filter, in, size)) ==
                Status::ok);
        for (const int64_t first : {int64_t{0}, int64_t{3}, size - 37}) {
          REQUIRE(run(table, Op::resample, {part.view(), in.view()}, attributes(filter, in, size, first)) ==
                  Status::ok);
          int64_t wrong = 0;
          for (int64_t i = 0; i < part.size(); i++)
            wrong += part[i] != whole.at({i / 111, first + i % 111 / 3, i % 3});
          CHECK(wrong == 0);
          CHECK(part.intact());
        }
      }
    }
  });
}

TEST_CASE("a part of the input is enough for the positions that depend on it") {
  forEachTable([](const KernelTable& table) {
    Random random(2);
    Array<uint8_t> in({2, 200, 3}, [&](int64_t) { return static_cast<uint8_t>(random.below(256)); });
    Array<uint8_t> part({2, 90, 3}, [&](int64_t i) { return in.at({i / 270, 50 + i % 270 / 3, i % 3}); });
    for (const Filter filter : kFilters) {
      for (const int64_t size : {77, 900}) {
        Array<uint8_t> a({2, 12, 3}), b({2, 12, 3}), outside({2, 12, 3});
        const double first = static_cast<double>(size / 2 - 6);
        REQUIRE(run(table, Op::resample, {a.view(), in.view()},
                    {double(filter), 200, 0, double(size), first}) == Status::ok);
        REQUIRE(run(table, Op::resample, {b.view(), part.view()},
                    {double(filter), 200, 50, double(size), first}) == Status::ok);
        CHECK(a.sameBits(b));
        // Positions that depend on what is not there are not written, and nothing is read outside.
        REQUIRE(run(table, Op::resample, {outside.view(), part.view()},
                    {double(filter), 200, 50, double(size), 0}) == Status::ok);
        CHECK(outside.intact());
      }
    }
  });
}

TEST_CASE("what does not fit is refused") {
  forEachTable([](const KernelTable& table) {
    Array<uint8_t> in({2, 20, 3}), out({2, 10, 3}), wrong({2, 10, 4});
    Array<float> floats({2, 20, 3});
    const auto refused = [&](const View& to, const View& from, const std::vector<double>& attributes) {
      return faultOf(table, Op::resample, {to, from}, attributes) != "";
    };
    CHECK(!refused(out.view(), in.view(), {2, 20, 0, 10, 0}));
    CHECK(!refused(out.view(), in.view(), {2, 30, 10, 1000, 990}));
    CHECK(refused(wrong.view(), in.view(), {2, 20, 0, 10, 0}));
    CHECK(refused(out.view(), floats.view(), {2, 20, 0, 10, 0}));
    CHECK(refused(out.view(), in.view(), {6, 20, 0, 10, 0}));
    CHECK(refused(out.view(), in.view(), {2, 19, 0, 10, 0}));
    CHECK(refused(out.view(), in.view(), {2, 30, 11, 10, 0}));
    CHECK(refused(out.view(), in.view(), {2, 30, -1, 10, 0}));
    CHECK(refused(out.view(), in.view(), {2, 30, 0.5, 10, 0}));
    CHECK(refused(out.view(), in.view(), {2, NAN, 0, 10, 0}));
    CHECK(refused(out.view(), in.view(), {2, 1e8, 0, 10, 0}));
    CHECK(refused(out.view(), in.view(), {2, 20, 0, 9, 0}));
    CHECK(refused(out.view(), in.view(), {2, 20, 0, 1e9, 0}));
    CHECK(refused(out.view(), in.view(), {2, 20, 0, 1000, 991}));
    CHECK(refused(out.view(), in.view(), {2, 20, 0, 1000, -1}));
    CHECK(refused(out.view(), in.view(), {2, 20, 0, NAN, 0}));
  });
}
