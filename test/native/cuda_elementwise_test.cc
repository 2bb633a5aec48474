// unary, binary, where, copy, fill, gather, update, resample on CUDA.
#include "../../native/cpu/device/isa.h"
#include "cuda_machine.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

Machine& cpu() {
  static auto* const machine = new Machine(std::make_unique<CpuDevice>(kernels()));
  return *machine;
}

// The same bits as on the CPU.
void checkBits(Op op, const std::vector<Operand>& operands, const std::vector<double>& attributes = {}) {
  CHECK(cuda().run(op, operands, attributes).bytes == cpu().run(op, operands, attributes).bytes);
}

// Values where functions have corners, then random ones.
std::function<double(int64_t)> corners(Numbers& random) {
  return [&random](int64_t i) {
    constexpr double kCorners[] = {0,   -0.0, 1,   -1,   INFINITY, -INFINITY, NAN,  0.5,   -0.5, 1.5,
                                   2.5, -2.5, 100, -100, 6,        -3,        1e-6, -1e-6, 20,   -20};
    return i < 20 ? kCorners[i] : 3 * random.normal();
  };
}

}  // namespace

TEST_CASE("unary functions are those of the CPU, in float32 and rounded to 16 bits, of any strides") {
  Numbers random(1);
  for (int32_t kind = 0; kind < static_cast<int32_t>(Unary::count); ++kind) {
    INFO("kind ", kind);
    const std::vector<double> attributes{double(kind), 0.7};
    const Operand in(DType::float32, {3, 5, 7}, {40, 7, 1}, corners(random));
    const Operand expected = cpu().run(Op::unary, {Operand(DType::float32, {3, 5, 7}), in}, attributes);
    // A few units in the last place of either; what cancels in gelu, silu and the like is bounded by the
    // input.
    const auto bound = [&](int64_t i) {
      return 1e-6 * std::abs(expected[i]) + 3e-7 * std::min(std::abs(in[i]), 30.0);
    };
    checkAll(
        cuda().run(Op::unary, {Operand(DType::float32, {3, 5, 7}), in}, attributes),
        [&](int64_t i) { return expected[i]; }, bound);
    for (const DType dtype : {DType::float16, DType::bfloat16}) {
      const Operand half(dtype, {3, 5, 7}, [&](int64_t i) { return in[i]; });
      const Operand wide(DType::float32, {3, 5, 7}, [&](int64_t i) { return half[i]; });
      const Operand full = cpu().run(Op::unary, {Operand(DType::float32, {3, 5, 7}), wide}, attributes);
      checkAll(
          cuda().run(Op::unary, {Operand(dtype, {3, 5, 7}, {100, 20, 2}), half}, attributes),
          [&](int64_t i) {
            const double value = full[i];
            return dtype == DType::float16 && std::abs(value) >= 65520 ? std::copysign(INFINITY, value)
                                                                       : value;
          },
          [&](int64_t i) { return 0x1p-24 + 1e-6 * std::abs(half[i]); });
    }
  }
}

TEST_CASE("binary functions are those of the CPU, with broadcasting, on floats, integers and truths") {
  Numbers random(2);
  const Dims dims{4, 3, 9};
  for (int32_t kind = 0; kind < static_cast<int32_t>(Binary::count); ++kind) {
    INFO("kind ", kind);
    const auto which = static_cast<Binary>(kind);
    const bool logical = which >= Binary::logicalAnd, truth = which >= Binary::equal;
    const std::vector<double> attributes{double(kind)};
    if (logical) {
      const Operand a(DType::bool_, dims, random.integers(2)),
          b(DType::bool_, dims, {0, 9, 1}, random.integers(2));
      checkBits(Op::binary, {Operand(DType::bool_, dims), a, b}, attributes);
      continue;
    }
    const Operand a(DType::float32, dims, corners(random)),
        b(DType::float32, dims, {0, 10, 1}, corners(random));
    const Operand out(truth ? DType::bool_ : DType::float32, dims);
    if (which == Binary::power) {
      const Operand expected = cpu().run(Op::binary, {out, a, b}, attributes);
      checkAll(
          cuda().run(Op::binary, {out, a, b}, attributes), [&](int64_t i) { return expected[i]; },
          [](int64_t) { return 0; });
      continue;
    }
    checkAll(
        cuda().run(Op::binary, {out, a, b}, attributes),
        [expected = cpu().run(Op::binary, {out, a, b}, attributes)](int64_t i) { return expected[i]; },
        [](int64_t) { return 0; });
    const Operand half(DType::bfloat16, dims, corners(random));
    const Operand wide(DType::float32, dims, [&](int64_t i) { return half[i]; });
    checkAll(
        cuda().run(Op::binary, {Operand(truth ? DType::bool_ : DType::bfloat16, dims), half, half},
                   attributes),
        [expected = cpu().run(Op::binary, {out, wide, wide}, attributes)](int64_t i) { return expected[i]; },
        [](int64_t) { return 0; });
    if (which == Binary::divide) continue;
    const auto integer = [&](int64_t i) { return i % 3 == 0 ? 2e9 : random.below(7) - 3; };
    checkBits(Op::binary,
              {Operand(truth ? DType::bool_ : DType::int32, dims), Operand(DType::int32, dims, integer),
               Operand(DType::int32, dims, integer)},
              attributes);
  }
}

TEST_CASE("where, copy and fill have the bits of the CPU, for all dtypes") {
  Numbers random(3);
  constexpr DType kAll[] = {DType::float32, DType::float16, DType::bfloat16, DType::int64,
                            DType::int32,   DType::uint8,   DType::bool_};
  const Dims dims{3, 4, 5};
  const auto values = [&](DType dtype) -> std::function<double(int64_t)> {
    if (dtype == DType::bool_) return random.integers(2);
    if (dtype == DType::uint8) return random.integers(256);
    if (dtype == DType::int32 || dtype == DType::int64)
      return [](int64_t i) {
        return i % 4 == 0 ? -2147483648.0 + static_cast<double>(i) : static_cast<double>(i * 50 - 600);
      };
    return [&random](int64_t i) {
      constexpr double kOdd[] = {NAN, INFINITY, -INFINITY, 3e9, -3e9, 255.9, -0.9, 1e20};
      return i < 8 ? kOdd[i] : 100 * random.normal();
    };
  };
  for (const DType to : kAll) {
    for (const DType from : kAll) {
      INFO("to ", static_cast<int>(to), " from ", static_cast<int>(from));
      // Transposed.
      checkBits(Op::copy, {Operand(to, dims, {21, 5, 1}), Operand(from, dims, {1, 3, 12}, values(from))});
    }
    for (const double value : {2.75, -1.0, 300.0})
      checkBits(Op::fill, {Operand(to, dims, {60, 12, 2})}, {value});
    checkBits(Op::where, {Operand(to, dims), Operand(DType::bool_, dims, {0, 5, 1}, random.integers(2)),
                          Operand(to, dims, values(to)), Operand(to, dims, {0, 0, 0}, values(to))});
  }
}

TEST_CASE("gather and update have the bits of the CPU, and an index outside its axis ends the run") {
  Numbers random(4);
  for (const DType dtype : {DType::float32, DType::bfloat16, DType::int64, DType::uint8}) {
    const Operand table(dtype, {2, 11, 5}, {60, 5, 1}, random.integers(100));
    const Operand index(DType::int32, {7}, {2}, random.integers(11));
    checkBits(Op::gather, {Operand(dtype, {2, 7, 5}), table, index});
    Operand cache(dtype, {6, 9, 3}, random.integers(100));
    checkBits(Op::update, {cache, Operand(dtype, {6, 2, 3}, random.integers(100)),
                           Operand(DType::int32, {2}, random.integers(8))});
  }
  const Operand table(DType::float32, {1, 4, 3}, random.normals());
  for (const double bad : {-1.0, 4.0}) {
    const Operand index(DType::int32, {3}, [&](int64_t i) { return i == 1 ? bad : 0; });
    CHECK(cuda().failureOf(Op::gather, {Operand(DType::float32, {1, 3, 3}), table, index}, {}) ==
          "INDEX_OUT_OF_RANGE");
    const Operand at(DType::int32, {1}, [&](int64_t) { return bad; });
    CHECK(cuda().failureOf(Op::update, {table, Operand(DType::float32, {1, 1, 3}), at}, {}) ==
          "INDEX_OUT_OF_RANGE");
  }
}

TEST_CASE("resample has the bits of the CPU, for each filter, along each axis, in parts") {
  Numbers random(5);
  for (int32_t filter = 0; filter < static_cast<int32_t>(Filter::count); ++filter) {
    const Operand in(DType::uint8, {2, 23, 3}, random.integers(256));
    for (const int64_t size : {7, 23, 51})
      checkBits(Op::resample, {Operand(DType::uint8, {2, size, 3}), in},
                {double(filter), 23, 0, static_cast<double>(size), 0});
    checkBits(Op::resample, {Operand(DType::uint8, {2, 4, 3}), in}, {double(filter), 40, 9, 30, 11});
  }
}
