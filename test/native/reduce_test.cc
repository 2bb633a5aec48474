// reduce: whole numbers bit for bit at all strides, sums against float64, NaN, and the promise that an
// output's bits depend on its own elements alone.
#include "testing.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

// Input dims and strides; how many trailing axes are reduced.
struct Case {
  Dims dims, strides;
  int reduced;
};

const Case kCases[] = {
    {{7}, {1}, 1},
    {{1}, {1}, 1},
    {{5}, {1}, 0},
    {{70000}, {1}, 1},
    {{70000}, {3}, 1},
    {{3, 5}, {5, 1}, 1},
    {{300, 17}, {17, 1}, 1},
    {{2, 129, 1000}, {129000, 1000, 1}, 1},
    {{33, 257}, {1, 33}, 1},           // over a leading axis
    {{2, 33, 257}, {8481, 1, 33}, 1},  // the same within a batch
    {{2, 33, 9, 31}, {9207, 1, 1023, 33}, 2},
    {{3, 4, 5, 6}, {120, 30, 6, 1}, 2},
    {{3, 4, 5, 6}, {120, 6, 24, 1}, 2},  // reduced axes that do not merge
    {{3, 1, 1, 6}, {6, 99, 77, 1}, 2},
    {{4, 50}, {0, 1}, 1},
    {{4, 50}, {1, 0}, 1},
    {{6, 40, 50}, {1, 600, 7}, 2},
};

Dims outer(const Case& c) {
  return Dims(c.dims.begin(), c.dims.end() - c.reduced);
}

// Steps of 2 in the innermost axis, so that holes between outputs are seen.
Dims spread(const Dims& dims) {
  Dims strides = contiguous(dims);
  for (int64_t& stride : strides) stride *= 2;
  return strides;
}

std::vector<double> attributes(Reduce kind, int reduced) {
  return {double(kind), double(reduced)};
}

int64_t betterPlace(const Array<float>& in, int64_t first, int64_t count, bool largest) {
  int64_t best = 0;
  for (int64_t i = 1; i < count; i++) {
    const float a = in[first + best], b = in[first + i];
    if (!std::isnan(a) && (std::isnan(b) || (largest ? b > a : b < a))) best = i;
  }
  return best;
}

}  // namespace

TEST_CASE("reductions of whole numbers are exact, at all strides") {
  forEachTable([](const KernelTable& table) {
    Random random(1);
    for (const Case& c : kCases) {
      INFO("rank ", c.dims.size(), ", last ", c.dims.back(), ", reduced axes ", c.reduced);
      Array<float> in(c.dims, c.strides, random.wholes());
      const Dims dims = outer(c);
      Array<float> sum(dims, spread(dims)), mean(dims), max(dims), min(dims);
      Array<int32_t> mostPlace(dims, spread(dims)), leastPlace(dims);
      const auto reduce = [&](const View& out, Reduce kind) {
        REQUIRE(run(table, Op::reduce, {out, in.view()}, attributes(kind, c.reduced)) == Status::ok);
      };
      reduce(sum.view(), Reduce::sum);
      reduce(mean.view(), Reduce::mean);
      reduce(max.view(), Reduce::max);
      reduce(min.view(), Reduce::min);
      reduce(mostPlace.view(), Reduce::argmax);
      reduce(leastPlace.view(), Reduce::argmin);
      const int64_t count = in.size() / sum.size();
      int64_t wrong = 0;
      for (int64_t i = 0; i < sum.size(); i++) {
        float total = 0;
        for (int64_t j = 0; j < count; j++) total += in[i * count + j];
        const int64_t top = betterPlace(in, i * count, count, true),
                      low = betterPlace(in, i * count, count, false);
        wrong += sum[i] != total || mean[i] != total / static_cast<float>(count);
        wrong += mostPlace[i] != top || leastPlace[i] != low;
        wrong += max[i] != in[i * count + top] || min[i] != in[i * count + low];
      }
      CHECK(wrong == 0);
      CHECK(sum.intact());
      CHECK(mostPlace.intact());
      CHECK(min.intact());
    }
  });
}

TEST_CASE("sums stay near float64 however long they are") {
  forEachTable([](const KernelTable& table) {
    for (const int64_t n : {1000, 100003, 3000001}) {
      // Around 1, so that nothing cancels: adding one after another would lose some n * eps / 4.
      Random random(2);
      Array<float> in({n}, [&](int64_t) { return 1 + 0.1f * random.normal(); }), out{Dims{}};
      REQUIRE(run(table, Op::reduce, {out.view(), in.view()}, attributes(Reduce::sum, 1)) == Status::ok);
      double sum = 0, size = 0;
      for (int64_t i = 0; i < n; i++) {
        sum += in[i];
        size += std::fabs(in[i]);
      }
      const double bound = (8 + std::log2(static_cast<double>(n))) * 0x1p-24 * size;
      CHECK(std::fabs(out[0] - sum) <= bound);
    }
  });
}

TEST_CASE("NaN wins, infinities count, and the first of equals is named") {
  forEachTable([](const KernelTable& table) {
    for (const bool columns : {false, true}) {
      for (const int64_t n : {5, 40, 1000}) {
        const int64_t rows = 19;
        const Dims strides = columns ? Dims{1, rows} : Dims{n, 1};
        Array<float> in({rows, n}, strides);
        // Row r has NaN at r % n and beyond; every third row only -infinity; every fifth equal numbers.
        in.fill([&](int64_t i) {
          const int64_t r = i / n, j = i % n;
          if (r % 3 == 0) return -INFINITY;
          if (r % 5 == 0) return 2.0f;
          return j >= r % n && j % 2 == (r % n) % 2 ? NAN : static_cast<float>(j);
        });
        Array<float> max({rows}), min({rows}), sum({rows});
        Array<int32_t> mostPlace({rows}), leastPlace({rows});
        run(table, Op::reduce, {max.view(), in.view()}, attributes(Reduce::max, 1));
        run(table, Op::reduce, {min.view(), in.view()}, attributes(Reduce::min, 1));
        run(table, Op::reduce, {sum.view(), in.view()}, attributes(Reduce::sum, 1));
        run(table, Op::reduce, {mostPlace.view(), in.view()}, attributes(Reduce::argmax, 1));
        run(table, Op::reduce, {leastPlace.view(), in.view()}, attributes(Reduce::argmin, 1));
        for (int64_t r = 0; r < rows; r++) {
          INFO("row ", r, " of ", n);
          CHECK(mostPlace[r] == betterPlace(in, r * n, n, true));
          CHECK(leastPlace[r] == betterPlace(in, r * n, n, false));
          if (r % 3 == 0) {
            CHECK(max[r] == -INFINITY);
            CHECK(min[r] == -INFINITY);
          } else if (r % 5 == 0) {
            CHECK(max[r] == 2);
          } else {
            CHECK(std::isnan(max[r]));
            CHECK(std::isnan(min[r]));
            CHECK(std::isnan(sum[r]));
          }
        }
      }
    }
  });
}

TEST_CASE("an output's bits depend on its elements alone: not on strides, nor on its neighbours") {
  forEachTable([](const KernelTable& table) {
    for (const int64_t n : {3, 31, 128, 129, 1000, 5000}) {
      Random random(3);
      const int64_t rows = 21;
      Array<float> side({rows, n}, random.normals()), down({rows, n}, {1, rows}), both({rows, n / 3 + 1, 3});
      down.fill([&](int64_t i) { return side[i]; });
      Array<float> a({rows}), b({rows});
      run(table, Op::reduce, {a.view(), side.view()}, attributes(Reduce::sum, 1));
      run(table, Op::reduce, {b.view(), down.view()}, attributes(Reduce::sum, 1));
      CHECK(a.sameBits(b));
      for (int64_t r = 0; r < rows; r += 5) {
        Array<float> one({1, n}, [&](int64_t i) { return side[r * n + i]; }), c({1});
        run(table, Op::reduce, {c.view(), one.view()}, attributes(Reduce::sum, 1));
        CHECK(c[0] == a[r]);
      }
    }
  });
}

TEST_CASE("what does not fit is refused") {
  forEachTable([](const KernelTable& table) {
    Array<float> in({4, 5}), out({4}), wide({5});
    Array<int32_t> places({4});
    const auto refused = [&](const View& to, const View& from, double kind, double reduced) {
      return faultOf(table, Op::reduce, {to, from}, {kind, reduced}) != "";
    };
    CHECK(!refused(out.view(), in.view(), 0, 1));
    CHECK(refused(wide.view(), in.view(), 0, 1));
    CHECK(refused(out.view(), in.view(), 0, 2));
    CHECK(refused(out.view(), in.view(), 0, -1));
    CHECK(refused(out.view(), in.view(), 6, 1));
    CHECK(refused(places.view(), in.view(), 0, 1));
    CHECK(refused(out.view(), in.view(), double(Reduce::argmax), 1));
    CHECK(!refused(places.view(), in.view(), double(Reduce::argmax), 1));
    CHECK(refused(out.view(), places.view(), 0, 0));
  });
}
