// attention and attentionWeights on CUDA, against float64, over masks, windows, key lengths, strides and
// ragged sizes; and the promise that what a query does not see cannot change a bit of its row.
#include "cuda_machine.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

struct Case {
  int64_t batch, heads, queries, keys, depth, valueDepth;
  bool causal = false;
  int64_t window = 0;
  std::vector<int32_t> lengths = {};
  bool mask = false;
};

struct Data {
  Operand q, k, v, mask, lengths;
};

// Heads are views of a matrix [tokens, heads * depth], as they are in models.
Operand heads(DType dtype, int64_t batch, int64_t heads, int64_t tokens, int64_t depth, Numbers& random) {
  return Operand(dtype, {batch, heads, tokens, depth}, {tokens * heads * depth, depth, heads * depth, 1},
                 random.normals());
}

Data dataOf(const Case& c, DType dtype, Numbers& random) {
  Data data{heads(dtype, c.batch, c.heads, c.queries, c.depth, random),
            heads(dtype, c.batch, c.heads, c.keys, c.depth, random),
            heads(dtype, c.batch, c.heads, c.keys, c.valueDepth, random), Operand::absent(),
            Operand::absent()};
  if (c.mask) {
    // One in six hides a key; the first row hides all.
    data.mask = Operand(DType::float32, {c.batch, c.heads, c.queries, c.keys}, [&](int64_t i) {
      return i < c.keys || random.below(6) == 0 ? -INFINITY : random.normal();
    });
  }
  if (!c.lengths.empty())
    data.lengths =
        Operand(DType::int32, {c.batch}, [&](int64_t i) { return c.lengths[static_cast<size_t>(i)]; });
  return data;
}

double scaleOf(const Case& c) {
  return 1 / std::sqrt(static_cast<double>(c.depth));
}

// A row of weights in float64; zeros when the query sees no key.
std::vector<double> weightsOf(const Case& c, const Data& data, int64_t b, int64_t h, int64_t i) {
  const int64_t n = c.lengths.empty() ? c.keys : c.lengths[static_cast<size_t>(b)],
                position = n - c.queries + i;
  std::vector<double> weights(static_cast<size_t>(c.keys), 0.0);
  double sum = 0;
  for (int64_t j = 0; j < n; ++j) {
    if (c.causal && j > position) continue;
    if (c.window > 0 && std::abs(position - j) > c.window) continue;
    const double added = c.mask ? data.mask.at({b, h, i, j}) : 0;
    if (added == -INFINITY) continue;
    double score = 0;
    for (int64_t d = 0; d < c.depth; ++d) score += data.q.at({b, h, i, d}) * data.k.at({b, h, j, d});
    sum += weights[static_cast<size_t>(j)] = std::exp(score * scaleOf(c) + added);
  }
  for (double& weight : weights) weight /= sum == 0 ? 1 : sum;
  return weights;
}

std::vector<double> attributesOf(const Case& c) {
  return {scaleOf(c), c.causal ? 1.0 : 0.0, static_cast<double>(c.window)};
}

Operand attend(const Case& c, const Data& data) {
  return cuda().run(Op::attention,
                    {Operand(data.q.dtype, {c.batch, c.heads, c.queries, c.valueDepth}), data.q, data.k,
                     data.v, data.mask, data.lengths},
                    attributesOf(c));
}

}  // namespace

TEST_CASE("attention and its weights are those of float64") {
  Numbers random(1);
  for (const Case& c :
       {Case{1, 1, 1, 1, 1, 1}, Case{2, 3, 5, 7, 16, 24}, Case{1, 2, 5, 140, 24, 130, true},
        Case{2, 2, 12, 12, 8, 8, true, 3}, Case{2, 1, 3, 20, 40, 8, false, 6, {20, 5}},
        Case{2, 2, 4, 30, 16, 16, true, 0, {9, 0}, true}, Case{1, 2, 3, 133, 32, 32, false, 0, {}, true}}) {
    for (const DType dtype : kFloats) {
      INFO("queries ", c.queries, " keys ", c.keys, " dtype ", static_cast<int>(dtype));
      const Data data = dataOf(c, dtype, random);
      checkAll(
          attend(c, data),
          [&](int64_t i) {
            const int64_t d = i % c.valueDepth, row = i / c.valueDepth % c.queries,
                          h = i / c.valueDepth / c.queries % c.heads;
            const int64_t b = i / c.valueDepth / c.queries / c.heads;
            const auto weights = weightsOf(c, data, b, h, row);
            double sum = 0;
            for (int64_t j = 0; j < c.keys; ++j)
              sum += weights[static_cast<size_t>(j)] * data.v.at({b, h, j, d});
            return sum;
          },
          [](int64_t) { return 1e-5; });
      // The last rows only, as a caller may ask.
      const int64_t rows = (c.queries + 1) / 2, first = c.queries - rows;
      Operand q(dtype, {c.batch, c.heads, rows, c.depth}, [&](int64_t i) {
        const int64_t row = i / c.depth % rows + first, h = i / c.depth / rows % c.heads;
        return data.q.at({i / c.depth / rows / c.heads, h, row, i % c.depth});
      });
      Operand mask = data.mask;
      if (c.mask) {
        mask = Operand(DType::float32, {c.batch, c.heads, rows, c.keys}, [&](int64_t i) {
          return data.mask.at({i / c.keys / rows / c.heads, i / c.keys / rows % c.heads,
                               i / c.keys % rows + first, i % c.keys});
        });
      }
      std::vector<double> attributes = attributesOf(c);
      attributes.push_back(static_cast<double>(first));
      attributes.push_back(static_cast<double>(c.queries));
      checkAll(
          cuda().run(
              Op::attentionWeights,
              {Operand(DType::float32, {c.batch, c.heads, rows, c.keys}), q, data.k, mask, data.lengths},
              attributes),
          [&](int64_t i) {
            const int64_t row = i / c.keys % rows + first, h = i / c.keys / rows % c.heads;
            return weightsOf(c, data, i / c.keys / rows / c.heads, h, row)[static_cast<size_t>(i % c.keys)];
          },
          [](int64_t) { return 1e-5; });
    }
  }
}

TEST_CASE("what a query does not see does not change a bit of its row, not even NaN") {
  Numbers random(2);
  const Case c{1, 1, 4, 150, 16, 16, true, 0, {140}};
  Data data = dataOf(c, DType::float32, random);
  const Operand before = attend(c, data);
  for (int64_t j = 140; j < 150; ++j) {
    for (int64_t d = 0; d < 16; ++d) {
      data.k.set(j * 16 + d, NAN);
      data.v.set(j * 16 + d, NAN);
    }
  }
  CHECK(attend(c, data).bytes == before.bytes);
  // A single query with the keys before it, as in decoding.
  const Case last{1, 1, 1, 150, 16, 16, true, 0, {140}};
  Data one = data;
  one.q = Operand(DType::float32, {1, 1, 1, 16}, [&](int64_t i) { return data.q.at({0, 0, 3, i}); });
  const Operand alone = attend(last, one);
  for (int64_t d = 0; d < 16; ++d) CHECK(alone[d] == before.at({0, 0, 3, d}));
}
