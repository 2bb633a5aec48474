// attention and attentionWeights against float64, over masks, windows, key lengths, strides and ragged sizes;
// and the promise that what a query does not see cannot change a bit of its row.
#include "testing.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

constexpr double kInfinity = INFINITY;

struct Case {
  int64_t batch, heads, queries, keys, depth, valueDepth;
  bool causal = false;
  int64_t window = 0;
  std::vector<int32_t> lengths = {};
  bool mask = false;
};

struct Data {
  Array<float> q, k, v;
  std::unique_ptr<Array<float>> mask;
  std::unique_ptr<Array<int32_t>> lengths;

  View maskView() const { return mask ? mask->view() : absent(); }
  View lengthsView() const { return lengths ? lengths->view() : absent(); }
};

// A mask of random numbers, one in six -infinity; the first row hides all.
float maskNumber(Random& random, int64_t i, int64_t keys) {
  return i < keys || random.below(6) == 0 ? -INFINITY : random.normal();
}

Data dataOf(const Case& c, Random& random) {
  Data data{Array<float>({c.batch, c.heads, c.queries, c.depth}, random.normals()),
            Array<float>({c.batch, c.heads, c.keys, c.depth}, random.normals()),
            Array<float>({c.batch, c.heads, c.keys, c.valueDepth}, random.normals()), nullptr, nullptr};
  if (c.mask) {
    data.mask = std::make_unique<Array<float>>(Dims{c.batch, c.heads, c.queries, c.keys});
    data.mask->fill([&](int64_t i) { return maskNumber(random, i, c.keys); });
  }
  if (!c.lengths.empty()) {
    data.lengths = std::make_unique<Array<int32_t>>(Dims{c.batch});
    data.lengths->fill([&](int64_t i) { return c.lengths[size_t(i)]; });
  }
  return data;
}

double scaleOf(const Case& c) {
  return 1 / std::sqrt(double(c.depth));
}

std::vector<double> attributes(const Case& c) {
  return {scaleOf(c), double(c.causal), double(c.window)};
}

// Row of weights in float64; empty when the query sees no key.
std::vector<double> weightsOf(const Case& c, Data& data, int64_t b, int64_t h, int64_t i) {
  const int64_t n = c.lengths.empty() ? c.keys : c.lengths[size_t(b)];
  const int64_t position = n - c.queries + i;
  std::vector<double> row(size_t(c.keys), -kInfinity);
  double rowMax = -kInfinity;
  for (int64_t j = 0; j < n; j++) {
    if (c.causal && j > position) continue;
    if (c.window && std::abs(position - j) > c.window) continue;
    double score = 0;
    for (int64_t d = 0; d < c.depth; d++)
      score += double(data.q.at({b, h, i, d})) * double(data.k.at({b, h, j, d}));
    score = score * double(float(scaleOf(c))) + (data.mask ? double(data.mask->at({b, h, i, j})) : 0);
    row[size_t(j)] = score;
    rowMax = std::fmax(rowMax, score);
  }
  if (rowMax == -kInfinity) return {};
  double total = 0;
  for (double& score : row) total += score = std::exp(score - rowMax);
  for (double& weight : row) weight /= total;
  return row;
}

const Case kCases[] = {
    {1, 1, 1, 1, 1, 1},
    {1, 2, 5, 3, 8, 8},
    {2, 3, 17, 17, 64, 64},
    {1, 2, 197, 197, 64, 64},
    {2, 1, 7, 300, 33, 17},
    {1, 1, 103, 515, 5, 70},
    {1, 1, 3, 20, 300, 130},
    {1, 2, 40, 40, 16, 16, true},
    {1, 1, 300, 600, 16, 24, true},
    {1, 1, 50, 20, 16, 16, true},  // the first 30 see nothing
    {1, 2, 90, 90, 16, 16, false, 4},
    {1, 1, 600, 600, 8, 8, true, 20},
    {1, 1, 600, 600, 8, 8, false, 300},
    {3, 2, 9, 40, 16, 16, false, 0, {40, 17, 0}},
    {3, 2, 9, 600, 16, 16, true, 0, {600, 5, 257}},
    {2, 2, 30, 300, 16, 16, false, 0, {}, true},
    {2, 2, 30, 300, 16, 16, true, 50, {290, 31}, true},
};

}  // namespace

TEST_CASE("attention and its weights agree with float64") {
  forEachTable([](const KernelTable& table) {
    Random random(1);
    for (const Case& c : kCases) {
      INFO("queries ", c.queries, " keys ", c.keys, " depth ", c.depth, " causal ", c.causal, " window ",
           c.window);
      Data data = dataOf(c, random);
      Array<float> out({c.batch, c.heads, c.queries, c.valueDepth});
      run(table, Op::attention,
          {out.view(), data.q.view(), data.k.view(), data.v.view(), data.maskView(), data.lengthsView()},
          attributes(c));
      Array<float> weights({c.batch, c.heads, c.queries, c.keys});
      std::vector<double> more = attributes(c);
      more.insert(more.end(), {0, double(c.queries)});
      run(table, Op::attentionWeights,
          {weights.view(), data.q.view(), data.k.view(), data.maskView(), data.lengthsView()}, more);
      double worst = 0, worstWeight = 0;
      int64_t notZero = 0;
      for (int64_t b = 0; b < c.batch; b++) {
        for (int64_t h = 0; h < c.heads; h++) {
          for (int64_t i = 0; i < c.queries; i++) {
            const std::vector<double> row = weightsOf(c, data, b, h, i);
            for (int64_t j = 0; j < c.keys; j++) {
              const float weight = weights.at({b, h, i, j});
              const double expected = row.empty() ? 0 : row[size_t(j)];
              if (expected == 0) notZero += weight != 0 || std::signbit(weight);
              // A score's error of some eps * sqrt(D) becomes the weight's relative error.
              worstWeight = std::fmax(worstWeight, std::fabs(weight - expected) / (expected * 2e-5 + 1e-30));
            }
            for (int64_t d = 0; d < c.valueDepth; d++) {
              const float got = out.at({b, h, i, d});
              double expected = 0;
              for (int64_t j = 0; j < c.keys && !row.empty(); j++) {
                expected += row[size_t(j)] * double(data.v.at({b, h, j, d}));
              }
              if (row.empty()) notZero += got != 0 || std::signbit(got);
              worst = std::fmax(worst, std::fabs(got - expected));
            }
          }
        }
      }
      CHECK(worst < 3e-6);
      CHECK(worstWeight <= 1);
      CHECK(notZero == 0);
      CHECK(out.intact());
      CHECK(weights.intact());
    }
  });
}

TEST_CASE("attention by whole numbers: equal scores give the mean of the values seen, exactly") {
  forEachTable([](const KernelTable& table) {
    // Orthogonal one-hot queries and keys with a huge scale: each query takes exactly its own key's value.
    const int64_t n = 300, depth = 300;
    Random random(2);
    Array<float> one({1, 1, n, depth}, [&](int64_t i) { return i / depth == i % depth ? 1.0f : 0.0f; });
    Array<float> v({1, 1, n, 37}, random.normals()), out({1, 1, n, 37});
    run(table, Op::attention, {out.view(), one.view(), one.view(), v.view(), absent(), absent()},
        {1000, 0, 0});
    CHECK(out.sameBits(v));
    // Scores of zero over 2^k keys: the mean of whole values.
    Array<float> q({1, 1, 10, 4}, [](int64_t) { return 0.0f; }), k({1, 1, 512, 4}, random.normals());
    Array<float> w({1, 1, 512, 3}, random.wholes()), mean({1, 1, 10, 3});
    run(table, Op::attention, {mean.view(), q.view(), k.view(), w.view(), absent(), absent()}, {1, 0, 0});
    for (int64_t d = 0; d < 3; d++) {
      float total = 0;
      for (int64_t j = 0; j < 512; j++) total += w[j * 3 + d];
      CHECK(mean[d] == total / 512);
      CHECK(mean[9 * 3 + d] == total / 512);
    }
  });
}

TEST_CASE("attention reads heads as views of one matrix, and masks of any broadcast") {
  forEachTable([](const KernelTable& table) {
    Random random(3);
    const int64_t b = 2, h = 3, n = 50, d = 12, row = 3 * h * d;
    // [b, n, 3, h, d], as the product of x and the q, k, v matrix leaves it.
    Array<float> matrix({b, n, 3, h, d}, random.normals());
    const auto part = [&](int64_t which) {
      View view = matrix.view();
      view.data += which * h * d * int64_t(sizeof(float));
      view.rank = 4;
      const int64_t dims[] = {b, h, n, d}, strides[] = {n * row, d, row, 1};
      std::copy(dims, dims + 4, view.dim);
      std::copy(strides, strides + 4, view.stride);
      return view;
    };
    const auto whole = [&](int64_t which) {
      return Array<float>({b, h, n, d}, [&, which](int64_t i) {
        return matrix.at({i / d / n / h, i / d % n, which, i / d / n % h, i % d});
      });
    };
    const Array<float> q = whole(0), k = whole(1), v = whole(2);
    for (const Dims& maskStrides : {Dims{0, 0, 0, 1}, Dims{n, 0, 0, 1}, Dims{0, 0, n, 1}, Dims{0, 0, 1, n},
                                    Dims{0, 0, 1, 0}, Dims{h * n * n, n * n, n, 1}}) {
      Array<float> mask({b, h, n, n}, maskStrides);
      mask.fill([&](int64_t) { return random.below(5) == 0 ? -INFINITY : random.normal(); });
      Array<float> copied({b, h, n, n}, [&](int64_t i) { return mask[i]; });
      Array<float> out({b, h, n, d}, Dims{n * h * d, d, h * d, 1}), expected({b, h, n, d});
      run(table, Op::attention, {out.view(), part(0), part(1), part(2), mask.view(), absent()}, {0.3, 0, 0});
      run(table, Op::attention, {expected.view(), q.view(), k.view(), v.view(), copied.view(), absent()},
          {0.3, 0, 0});
      CHECK(out.sameBits(expected));
      CHECK(out.intact());
    }
  });
}

TEST_CASE("a row of attention has the same bits alone, among others, and with unseen keys behind it") {
  forEachTable([](const KernelTable& table) {
    Random random(4);
    for (const bool causal : {false, true}) {
      const Case all{1, 1, 230, 700, 40, 40, causal};
      Data data = dataOf(all, random);
      Array<float> out({1, 1, 230, 40});
      run(table, Op::attention, {out.view(), data.q.view(), data.k.view(), data.v.view(), absent(), absent()},
          attributes(all));
      for (const int64_t i : {0, 1, 101, 102, 150, 229}) {
        // As the only query, of a batch of two, at the end of a cache of 900 positions, of which those after
        // the keys hold rubbish.
        const int64_t seen = causal ? 700 - 230 + i + 1 : 700;
        Array<float> q({2, 1, 1, 40}, [&](int64_t d) { return data.q[i * 40 + d % 40]; });
        const auto cache = [&](const Array<float>& from) {
          return Array<float>({2, 1, 900, 40}, [&](int64_t j) {
            return j / 40 % 900 < seen ? from[j % (900 * 40)] : j % 2 ? NAN : INFINITY;
          });
        };
        const Array<float> k = cache(data.k), v = cache(data.v);
        Array<int32_t> length({2}, Dims{0});
        length[0] = int32_t(seen);
        Array<float> alone({2, 1, 1, 40});
        run(table, Op::attention, {alone.view(), q.view(), k.view(), v.view(), absent(), length.view()},
            attributes(all));
        CHECK(std::memcmp(&alone[0], &out[i * 40], 160) == 0);
        CHECK(std::memcmp(&alone[40], &out[i * 40], 160) == 0);
      }
    }
  });
}

TEST_CASE("keys hidden by a mask or by causality do not exist, be they NaN") {
  forEachTable([](const KernelTable& table) {
    Random random(5);
    const int64_t n = 300, d = 20;
    Array<float> q({1, 1, n, d}, random.normals()), k({1, 1, n, d}, random.normals()),
        v({1, 1, n, d}, random.normals());
    Array<float> mask({1, 1, n, n}, Dims{0, 0, 0, 1},
                      [&](int64_t j) { return j % n % 7 == 3 ? -INFINITY : 0.5f; });
    for (const double causal : {0.0, 1.0}) {
      Array<float> clean({1, 1, n, d}), dirty({1, 1, n, d});
      run(table, Op::attention, {clean.view(), q.view(), k.view(), v.view(), mask.view(), absent()},
          {1, causal, 0});
      Array<float> badK({1, 1, n, d}, [&](int64_t i) { return i / d % 7 == 3 ? NAN : k[i]; });
      Array<float> badV({1, 1, n, d},
                        [&](int64_t i) { return i / d % 7 == 3 ? (i % 2 ? NAN : INFINITY) : v[i]; });
      run(table, Op::attention, {dirty.view(), q.view(), badK.view(), badV.view(), mask.view(), absent()},
          {1, causal, 0});
      CHECK(dirty.sameBits(clean));
    }
    // Keys 100..109 are not numbers, and no query from 150 on sees so far back.
    Array<float> near({1, 1, n, d}), far({1, 1, n, d});
    run(table, Op::attention, {near.view(), q.view(), k.view(), v.view(), absent(), absent()}, {1, 1, 40});
    Array<float> badV({1, 1, n, d}, [&](int64_t i) { return i / d / 10 == 10 ? NAN : v[i]; });
    run(table, Op::attention, {far.view(), q.view(), k.view(), badV.view(), absent(), absent()}, {1, 1, 40});
    for (int64_t i = 0; i < n; i++) {
      const bool sees = i >= 100 && i < 150;
      CHECK(std::isnan(far[i * d]) == sees);
      if (!sees) CHECK(std::memcmp(&far[i * d], &near[i * d], size_t(d) * 4) == 0);
    }
    // The last key is NaN: causally, only the last query sees it.
    Array<float> clean({1, 1, n, d}), dirty({1, 1, n, d});
    run(table, Op::attention, {clean.view(), q.view(), k.view(), v.view(), absent(), absent()}, {1, 1, 0});
    for (Array<float>* spoilt : {&k, &v}) {
      const float kept = (*spoilt)[n * d - 1];
      (*spoilt)[n * d - 1] = NAN;
      run(table, Op::attention, {dirty.view(), q.view(), k.view(), v.view(), absent(), absent()}, {1, 1, 0});
      CHECK(std::memcmp(&dirty[0], &clean[0], size_t(n - 1) * size_t(d) * 4) == 0);
      CHECK(std::isnan(dirty[n * d - 1]));
      (*spoilt)[n * d - 1] = kept;
    }
  });
}

TEST_CASE("a NaN score makes its row NaN, in attention and in its weights") {
  forEachTable([](const KernelTable& table) {
    Random random(6);
    for (const int64_t bad : {0, 3, 255, 256, 399}) {
      Array<float> q({1, 1, 8, 6}, random.normals()), k({1, 1, 400, 6}, random.normals());
      Array<float> v({1, 1, 400, 6}, random.normals()), out({1, 1, 8, 6}), weights({1, 1, 8, 400});
      Array<float> mask({1, 1, 8, 400}, [=](int64_t i) { return i == 5 * 400 + bad ? NAN : 0.0f; });
      run(table, Op::attention, {out.view(), q.view(), k.view(), v.view(), mask.view(), absent()}, {1, 0, 0});
      run(table, Op::attentionWeights, {weights.view(), q.view(), k.view(), mask.view(), absent()},
          {1, 0, 0, 0, 8});
      for (int64_t i = 0; i < 8; i++) {
        CHECK(std::isnan(out[i * 6]) == (i == 5));
        CHECK(std::isnan(weights[i * 400 + 399 - bad]) == (i == 5));
      }
    }
  });
}

TEST_CASE("asked rows of weights are those of the whole, bit for bit") {
  forEachTable([](const KernelTable& table) {
    Random random(7);
    for (const Case& c :
         {Case{2, 2, 120, 120, 16, 16, true}, Case{2, 1, 120, 300, 16, 16, false, 40, {290, 130}}}) {
      Data data = dataOf(c, random);
      std::vector<double> numbers = attributes(c);
      numbers.insert(numbers.end(), {0, double(c.queries)});
      Array<float> whole({c.batch, c.heads, c.queries, c.keys});
      run(table, Op::attentionWeights,
          {whole.view(), data.q.view(), data.k.view(), absent(), data.lengthsView()}, numbers);
      for (const int64_t first : {0, 57, 117}) {
        Array<float> q({c.batch, c.heads, 3, c.depth}),
            some({c.batch, c.heads, 3, c.keys}, Dims{9999, 4999, 500, 1});
        q.fill([&](int64_t i) {
          const int64_t d = i % c.depth, row = i / c.depth % 3, head = i / c.depth / 3;
          return data.q[(head * c.queries + first + row) * c.depth + d];
        });
        numbers[3] = double(first);
        run(table, Op::attentionWeights, {some.view(), q.view(), data.k.view(), absent(), data.lengthsView()},
            numbers);
        int64_t different = 0;
        for (int64_t i = 0; i < some.size(); i++) {
          const int64_t j = i % c.keys, row = i / c.keys % 3, head = i / c.keys / 3;
          different += std::memcmp(&some[i], &whole[(head * c.queries + first + row) * c.keys + j], 4) != 0;
        }
        CHECK(different == 0);
        CHECK(some.intact());
      }
    }
  });
}

TEST_CASE("attention over 16384 keys needs little memory") {
  forEachTable([](const KernelTable& table) {
    View view{};
    view.rank = 4;
    const int64_t dims[] = {1, 12, 16384, 64};
    int64_t stride = 1;
    for (int axis = 3; axis >= 0; axis--) {
      view.dim[axis] = dims[axis];
      view.stride[axis] = stride;
      stride *= dims[axis];
    }
    const Call call = makeCall({view, view, view, view, absent(), absent()}, {0.125, 0, 0});
    const Kernel& kernel = *table.kernel[int(Op::attention)];
    CHECK(kernel.scratch(call) < 1 << 19);
    CHECK(kernel.tiles(call) >= 12 * 64);
  });
}

TEST_CASE("attention and its weights refuse what they could not run") {
  forEachTable([](const KernelTable& table) {
    Array<float> out({2, 3, 5, 6}), q({2, 3, 5, 4}), k({2, 3, 7, 4}), v({2, 3, 7, 6}), mask({2, 3, 5, 7});
    Array<float> weights({2, 3, 5, 7});
    Array<int32_t> lengths({2});
    const std::vector<View> views{out.view(), q.view(), k.view(), v.view(), mask.view(), lengths.view()};
    const std::vector<View> asked{weights.view(), q.view(), k.view(), mask.view(), lengths.view()};
    CHECK(faultOf(table, Op::attention, views, {1, 0, 0}) == "");
    CHECK(faultOf(table, Op::attentionWeights, asked, {1, 0, 0, 2, 7}) == "");
    const auto refuses = [&](Op op, auto change) {
      std::vector<View> changed = op == Op::attention ? views : asked;
      std::vector<double> numbers =
          op == Op::attention ? std::vector<double>{1, 0, 0} : std::vector<double>{1, 0, 0, 2, 7};
      change(changed, numbers);
      return !faultOf(table, op, changed, numbers).empty();
    };
    using Views = std::vector<View>&;
    using Numbers = std::vector<double>&;
    for (const Op op : {Op::attention, Op::attentionWeights}) {
      const size_t maskAt = op == Op::attention ? 4 : 3;
      CHECK(refuses(op, [](Views v, Numbers) { v.pop_back(); }));
      CHECK(refuses(op, [](Views, Numbers n) { n.push_back(0); }));
      CHECK(refuses(op, [](Views v, Numbers) { v[1].rank = 3; }));
      CHECK(refuses(op, [](Views v, Numbers) { v[2].dtype = DType::int32; }));
      CHECK(refuses(op, [](Views v, Numbers) { v[2].dim[3] = 3; }));
      CHECK(refuses(op, [](Views v, Numbers) { v[2].dim[0] = 1; }));
      CHECK(refuses(op, [](Views v, Numbers) { v[2].stride[3] = 2; }));
      CHECK(refuses(op, [](Views v, Numbers) { v[1].stride[3] = 0; }));
      CHECK(refuses(op, [](Views v, Numbers) { v[0].stride[3] = 2; }));
      CHECK(refuses(op, [](Views v, Numbers) { v[0].dim[2] = 4; }));
      CHECK(refuses(op, [](Views v, Numbers) { v[0].rank = -1; }));
      CHECK(refuses(op, [&](Views v, Numbers) { v[maskAt].dim[3] = 1; }));
      CHECK(refuses(op, [&](Views v, Numbers) { v[maskAt].dtype = DType::bool_; }));
      CHECK(refuses(op, [&](Views v, Numbers) { v[maskAt + 1].dim[0] = 1; }));
      CHECK(refuses(op, [&](Views v, Numbers) { v[maskAt + 1].dtype = DType::float32; }));
      CHECK(refuses(op, [](Views, Numbers n) { n[0] = NAN; }));
      CHECK(refuses(op, [](Views, Numbers n) { n[1] = 2; }));
      CHECK(refuses(op, [](Views, Numbers n) { n[2] = -1; }));
      CHECK(refuses(op, [](Views, Numbers n) { n[2] = 0.5; }));
    }
    CHECK(refuses(Op::attention, [](Views v, Numbers) { v[3].dim[2] = 6; }));
    CHECK(refuses(Op::attention, [](Views v, Numbers) { v[0].dim[3] = 7; }));
    CHECK(refuses(Op::attention, [](Views v, Numbers) { v[3].stride[3] = 7; }));
    CHECK(refuses(Op::attentionWeights, [](Views v, Numbers) { v[0].dim[3] = 6; }));
    CHECK(refuses(Op::attentionWeights, [](Views, Numbers n) { n[3] = 3; }));
    CHECK(refuses(Op::attentionWeights, [](Views, Numbers n) { n[4] = NAN; }));
  });
}
