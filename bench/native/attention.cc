// attention: q, k and v are views of one matrix, as the product before it writes them; the output is a view
// too.
#include <cmath>

#include "layers.h"
#include "reference.h"
#include "rotation.h"

namespace saccade::bench {
namespace {

struct Shape {
  int64_t b, h, n, d;
  bool causal;

  int64_t width() const { return h * d; }
  // A view of part 0 (q), 1 (k) or 2 (v) as [b, h, n, d].
  Operand part(const std::shared_ptr<Memory>& qkv, int64_t index) const {
    return {qkv, {b, h, n, d}, DType::float32, {n * 3 * width(), d, 3 * width(), 1}, index * width()};
  }
  Operand output(const std::shared_ptr<Memory>& out) const {
    return {out, {b, h, n, d}, DType::float32, {n * width(), d, width(), 1}};
  }
  // Of q k' and of the weighted sum; a causal query sees half of the keys.
  double work() const {
    const double pairs = causal ? static_cast<double>(n) * static_cast<double>(n + 1) / 2
                                : static_cast<double>(n) * static_cast<double>(n);
    return 4 * pairs * static_cast<double>(b * h * d);
  }
};

double errorOf(const Shape& shape, const float* qkv, const float* out) {
  const int64_t row = 3 * shape.width();
  Error error;
  sample(shape.n, 6, [&](int64_t query) {
    sample(shape.h, 2, [&](int64_t head) {
      const float* q = qkv + query * row + head * shape.d;
      const int64_t keys = shape.causal ? query + 1 : shape.n;
      std::vector<double> weights(static_cast<size_t>(keys)), sums(static_cast<size_t>(shape.d));
      double most = -INFINITY, total = 0;
      for (int64_t key = 0; key < keys; ++key) {
        const float* k = qkv + key * row + shape.width() + head * shape.d;
        double score = 0;
        for (int64_t i = 0; i < shape.d; ++i) score += static_cast<double>(q[i]) * static_cast<double>(k[i]);
        weights[static_cast<size_t>(key)] = score / std::sqrt(static_cast<double>(shape.d));
        most = std::max(most, weights[static_cast<size_t>(key)]);
      }
      for (int64_t key = 0; key < keys; ++key) {
        const double weight = std::exp(weights[static_cast<size_t>(key)] - most);
        const float* v = qkv + key * row + 2 * shape.width() + head * shape.d;
        total += weight;
        for (int64_t i = 0; i < shape.d; ++i) {
          sums[static_cast<size_t>(i)] += weight * static_cast<double>(v[i]);
        }
      }
      for (int64_t i = 0; i < shape.d; ++i) {
        error.add(out[query * shape.width() + head * shape.d + i], sums[static_cast<size_t>(i)] / total);
      }
    });
  });
  return error.relative();
}

Workload workloadOf(const Shape& shape, int32_t threads, double peakRate) {
  std::vector<std::shared_ptr<Memory>> qkv, out;
  for (int64_t i = 0; i < kWarmSets; ++i) {
    qkv.push_back(i == 0 ? normals(shape.b * shape.n * 3 * shape.width(), 3) : copyOf(qkv[0]));
    out.push_back(zeros(4 * shape.b * shape.n * shape.width()));
  }
  Workload workload;
  workload.calls = std::min<int64_t>(callsFor(shape.work(), peakRate), 64);
  const double scale = 1 / std::sqrt(static_cast<double>(shape.d));
  workload.contenders.push_back(
      takingTurns(kWarmSets, workload.calls, threads, [&](Sequence& sequence, int64_t set) {
        const auto& from = qkv[static_cast<size_t>(set)];
        sequence.add(Op::attention,
                     {shape.output(out[static_cast<size_t>(set)]),
                      shape.part(from, 0),
                      shape.part(from, 1),
                      shape.part(from, 2),
                      {},
                      {}},
                     {scale, shape.causal ? 1.0 : 0.0, 0});
      }));
  workload.contenders[0].run(0);
  workload.error = errorOf(shape, floatsOf(qkv[0]), floatsOf(out[0]));
  return workload;
}

}  // namespace

std::vector<Line> attentionLines(Machine& machine) {
  constexpr Shape kShapes[] = {{1, 12, 197, 64, false},  {1, 12, 577, 64, false},   {1, 12, 1024, 64, false},
                               {1, 12, 4096, 64, false}, {1, 12, 16384, 64, false}, {1, 8, 1024, 128, false}};
  std::vector<Line> lines;
  for (const int32_t threads : machine.threadCounts()) {
    for (Shape shape : kShapes) {
      for (const bool causal : {false, true}) {
        shape.causal = causal;
        const std::string name = std::to_string(shape.b) + "x" + std::to_string(shape.h) + "x" +
                                 std::to_string(shape.n) + "x" + std::to_string(shape.d) +
                                 (causal ? ", causal" : "");
        lines.push_back({"attention", name, "float32", threads, shape.work(), Peak::float32,
                         "activations warm", shape.n <= 1024 && !causal, [=, &machine] {
                           return workloadOf(shape, threads, machine.usual(Peak::float32, threads));
                         }});
      }
    }
  }
  return lines;
}

}  // namespace saccade::bench
