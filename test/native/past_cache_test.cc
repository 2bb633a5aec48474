// Outputs larger than caches are written past them: every bit must be what it is for a few rows by
// themselves.
#include "testing.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

constexpr int64_t kBytes = int64_t{1} << 25;  // strided.h: kPastCache

// Runs an op on [rows, columns] as a whole and on some rows alone.
void checkRows(const KernelTable& table, int64_t columns, Op op, const std::vector<double>& attributes,
               bool isNorm) {
  const int64_t rows = kBytes / 4 / columns + 3;
  const auto shape = [&](int64_t count) {
    return isNorm ? Dims{count, 1, 1, columns} : Dims{count, columns};
  };
  const auto value = [&](int64_t i) { return static_cast<float>(i * 2654435761u % 2001) * 0.003f - 3; };
  const auto views = [&](Array<float>& out, Array<float>& in) {
    std::vector<View> list{out.view(), in.view()};
    if (op == Op::binary) list.push_back(in.view());
    if (isNorm) list.insert(list.end(), {absent(), absent()});
    return list;
  };
  Array<float> in(shape(rows)), out(shape(rows));
  // Not by Array's own way, which takes seconds for so many.
  for (int64_t i = 0; i < rows * columns; i++) reinterpret_cast<float*>(in.view().data)[i] = value(i);
  REQUIRE(run(table, op, views(out, in), attributes) == Status::ok);
  CHECK(out.intact());
  for (const int64_t first : {int64_t{0}, rows / 2, rows - 2}) {
    Array<float> some(shape(2), [&](int64_t i) { return in[first * columns + i]; }), alone(shape(2));
    REQUIRE(run(table, op, views(alone, some), attributes) == Status::ok);
    int64_t different = 0;
    for (int64_t i = 0; i < alone.size(); i++) different += alone[i] != out[first * columns + i];
    CHECK(different == 0);
  }
}

}  // namespace

TEST_CASE("outputs past the cache have the bits of small ones") {
  forEachTable([](const KernelTable& table) {
    checkRows(table, 1040, Op::softmax, {0}, false);
    checkRows(table, 1040, Op::softmax, {1}, false);
    checkRows(table, 1040, Op::norm, {0, 1e-6}, true);
    checkRows(table, 1040, Op::unary, {static_cast<double>(Unary::gelu), 0}, false);
    // Rows that begin where whole vectors cannot be written.
    checkRows(table, 1043, Op::softmax, {0}, false);
    checkRows(table, 1043, Op::norm, {1, 1e-6}, true);
    checkRows(table, 1043, Op::binary, {static_cast<double>(Binary::add)}, false);
  });
}
