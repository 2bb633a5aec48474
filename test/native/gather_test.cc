// gather and update: every element size, all strides, and indices outside.
#include "testing.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

struct Case {
  Dims table, out;      // strides of [2, 7, inner] and [2, 5, inner]
  int64_t inner, step;  // step: stride of the index
};

const Case kCases[] = {
    {{700, 100, 1}, {500, 100, 1}, 100, 1}, {{1, 30, 2}, {15, 3, 1}, 3, 2},     {{7, 1, 1}, {5, 1, 1}, 1, 1},
    {{0, 70, 2}, {1, 2, 10}, 33, 3},        {{0, 0, 1}, {1000, 200, 2}, 90, 0},
};

template <class T>
void checkGather(const KernelTable& table) {
  for (const Case& c : kCases) {
    INFO("elements of ", sizeof(T), ", inner ", c.inner);
    Array<T> from({2, 7, c.inner}, c.table), out({2, 5, c.inner}, c.out);
    from.fill([](int64_t i) { return static_cast<T>(i * 37); });
    Array<int32_t> index({5}, {c.step});
    index.fill([](int64_t i) { return static_cast<int32_t>(i * 3 % 7); });
    REQUIRE(run(table, Op::gather, {out.view(), from.view(), index.view()}, {}) == Status::ok);
    int64_t wrong = 0;
    for (int64_t o = 0; o < 2; o++) {
      for (int64_t i = 0; i < 5; i++) {
        for (int64_t j = 0; j < c.inner; j++) wrong += out.at({o, i, j}) != from.at({o, index[i], j});
      }
    }
    CHECK(wrong == 0);
    CHECK(out.intact());
  }
}

template <class T>
void checkUpdate(const KernelTable& table) {
  for (const int64_t inner : {1, 3, 100, 20000}) {
    for (const int64_t at : {0, 2, 4}) {
      INFO("elements of ", sizeof(T), ", inner ", inner, ", at ", at);
      Array<T> cache({2, 7, inner}, {7 * inner + 5, inner, 1}, dtypeOf<T>());
      cache.fill([](int64_t i) { return static_cast<T>(i); });
      Array<T> values({2, 3, inner}, {1, 2 * inner, 2});
      values.fill([](int64_t i) { return static_cast<T>(i * 7 + 1); });
      Array<int32_t> position({1}, [&](int64_t) { return static_cast<int32_t>(at); });
      REQUIRE(run(table, Op::update, {cache.view(), values.view(), position.view()}, {}) == Status::ok);
      int64_t wrong = 0;
      for (int64_t i = 0; i < cache.size(); i++) {
        const int64_t row = i / inner % 7;
        const bool written = row >= at && row < at + 3;
        const T expected = written ? values.at({i / inner / 7, row - at, i % inner}) : static_cast<T>(i);
        wrong += cache[i] != expected;
      }
      CHECK(wrong == 0);
      CHECK(cache.intact());
    }
  }
}

// Two outer rows with an offset, then two with another.
void checkOffsets(const KernelTable& table) {
  Array<float> cache({4, 7, 5}, [](int64_t i) { return static_cast<float>(i); });
  Array<float> values({4, 2, 5}, [](int64_t i) { return static_cast<float>(-1 - i); });
  Array<int32_t> places({2}, {3});
  places.fill([](int64_t i) { return i == 0 ? 5 : 1; });
  REQUIRE(run(table, Op::update, {cache.view(), values.view(), places.view()}, {}) == Status::ok);
  for (int64_t i = 0; i < cache.size(); i++) {
    const int64_t outer = i / 35, row = i / 5 % 7, at = outer < 2 ? 5 : 1;
    const bool written = row >= at && row < at + 2;
    CHECK(cache[i] == (written ? values.at({outer, row - at, i % 5}) : static_cast<float>(i)));
  }
  CHECK(cache.intact());
}

}  // namespace

TEST_CASE("gather takes rows of every element size, at all strides") {
  forEachTable([](const KernelTable& table) {
    checkGather<float>(table);
    checkGather<int64_t>(table);
    checkGather<uint16_t>(table);
    checkGather<uint8_t>(table);
  });
}

TEST_CASE("update writes its rows and no others") {
  forEachTable([](const KernelTable& table) {
    checkUpdate<float>(table);
    checkUpdate<int64_t>(table);
    checkUpdate<uint16_t>(table);
    checkUpdate<uint8_t>(table);
  });
}

TEST_CASE("update takes an offset for each group of outer rows") {
  forEachTable(checkOffsets);
}

TEST_CASE("an index outside is reported and nothing outside is touched") {
  forEachTable([](const KernelTable& table) {
    for (const int32_t bad : {-1, 7, INT32_MAX, INT32_MIN}) {
      Array<float> from({1, 7, 4}, [](int64_t i) { return static_cast<float>(i); }), out({1, 3, 4});
      Array<int32_t> index({3}, [&](int64_t i) { return i == 1 ? bad : 2; });
      CHECK(run(table, Op::gather, {out.view(), from.view(), index.view()}, {}) == Status::indexOutOfRange);
      CHECK(out.intact());
    }
    for (const int32_t bad : {-1, 5, INT32_MAX, INT32_MIN}) {
      Array<float> cache({1, 7, 4}, [](int64_t) { return 1.0f; }),
          values({1, 3, 4}, [](int64_t) { return 2.0f; });
      Array<int32_t> position({1}, [&](int64_t) { return bad; });
      CHECK(run(table, Op::update, {cache.view(), values.view(), position.view()}, {}) ==
            Status::indexOutOfRange);
      CHECK(cache.intact());
      for (int64_t i = 0; i < cache.size(); i++) CHECK(cache[i] == 1);
    }
  });
}

TEST_CASE("what does not fit is refused") {
  forEachTable([](const KernelTable& table) {
    Array<float> from({1, 7, 4}), out({1, 3, 4}), wide({1, 3, 5}), flat({3}), long_({1, 8, 4});
    Array<int64_t> wide_index({3});
    Array<int32_t> index({3}), one({1}), none({0});
    Array<uint8_t> bytes({1, 3, 4});
    const auto refused = [&](Op op, const View& a, const View& b, const View& c) {
      return faultOf(table, op, {a, b, c}, {}) != "";
    };
    CHECK(!refused(Op::gather, out.view(), from.view(), index.view()));
    CHECK(refused(Op::gather, out.view(), from.view(), one.view()));
    CHECK(refused(Op::gather, out.view(), from.view(), wide_index.view()));
    CHECK(refused(Op::gather, wide.view(), from.view(), index.view()));
    CHECK(refused(Op::gather, bytes.view(), from.view(), index.view()));
    CHECK(refused(Op::gather, flat.view(), from.view(), index.view()));
    CHECK(!refused(Op::update, from.view(), out.view(), one.view()));
    CHECK(refused(Op::update, from.view(), long_.view(), one.view()));
    CHECK(refused(Op::update, from.view(), wide.view(), one.view()));
    CHECK(refused(Op::update, from.view(), out.view(), index.view()));
    CHECK(refused(Op::update, from.view(), out.view(), none.view()));
    CHECK(refused(Op::update, from.view(), bytes.view(), one.view()));
  });
}
