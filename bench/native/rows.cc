// Layer norm, softmax and GELU: what bounds them is memory. Far past the cache they are compared with copying
// between arrays as large as theirs; as large as in ViT-B/16, with copying in the second-level cache.
#include <cmath>

#include "layers.h"
#include "reference.h"
#include "rotation.h"

namespace saccade::bench {
namespace {

constexpr double kEpsilon = 1e-6;

struct Shape {
  Op op;
  const char* name;
  int64_t rows, width;
  bool cold;
};

// One row, right.
void compute(Op op, const float* in, int64_t width, std::vector<double>& out) {
  out.assign(in, in + width);
  double most = -INFINITY, sum = 0, square = 0;
  for (const double x : out) most = std::max(most, x);
  if (op == Op::softmax) {
    for (double& x : out) sum += x = std::exp(x - most);
    for (double& x : out) x /= sum;
  } else if (op == Op::norm) {
    for (const double x : out) sum += x;
    const double mean = sum / static_cast<double>(width);
    for (const double x : out) square += (x - mean) * (x - mean);
    const double scale = 1 / std::sqrt(square / static_cast<double>(width) + kEpsilon);
    for (double& x : out) x = (x - mean) * scale;
  } else {
    for (double& x : out) x = 0.5 * x * std::erfc(-x * std::sqrt(0.5));
  }
}

double errorOf(const Shape& shape, const float* in, const float* out) {
  Error error;
  std::vector<double> right;
  sample(shape.rows, 64, [&](int64_t row) {
    compute(shape.op, in + row * shape.width, shape.width, right);
    for (int64_t i = 0; i < shape.width; ++i) {
      error.add(out[row * shape.width + i], right[static_cast<size_t>(i)]);
    }
  });
  return error.relative();
}

void addCall(Sequence& sequence, const Shape& shape, const std::shared_ptr<Memory>& in,
             const std::shared_ptr<Memory>& out, const std::shared_ptr<Memory>& weight,
             const std::shared_ptr<Memory>& bias) {
  const std::vector<int64_t> flat{shape.rows, shape.width};
  const std::vector<int64_t> grouped{shape.rows, 1, 1, shape.width};
  switch (shape.op) {
    case Op::norm:
      return sequence.add(
          Op::norm, {{out, grouped}, {in, grouped}, {weight, {1, shape.width}}, {bias, {1, shape.width}}},
          {0, kEpsilon});
    case Op::softmax:
      return sequence.add(Op::softmax, {{out, flat}, {in, flat}}, {0});
    default:
      return sequence.add(Op::unary, {{out, flat}, {in, flat}}, {static_cast<double>(Unary::gelu), 0});
  }
}

double bytesOf(const Shape& shape) {
  return 8.0 * static_cast<double>(shape.rows * shape.width);
}

Workload workloadOf(const Shape& shape, int32_t threads, double peakRate) {
  const auto in = normals(shape.rows * shape.width, 4);
  const auto out = zeros(in->bytes());
  const auto bias = zeros(4 * shape.width), weight = zeros(4 * shape.width);
  std::fill_n(floatsOf(weight), shape.width, 1.0f);
  Workload workload;
  workload.calls = std::min<int64_t>(callsFor(bytesOf(shape), peakRate), 1000);
  workload.contenders.push_back(takingTurns(1, workload.calls, threads, [&](Sequence& sequence, int64_t) {
    addCall(sequence, shape, in, out, weight, bias);
  }));
  workload.contenders[0].run(0);
  workload.error = errorOf(shape, floatsOf(in), floatsOf(out));
  return workload;
}

}  // namespace

std::vector<Line> rowLines(Machine& machine) {
  const auto rowsPast = [](int64_t width) { return Machine::streamBytes() / (4 * width); };
  const Shape shapes[] = {
      {Op::norm, "layer norm", rowsPast(768), 768, true}, {Op::softmax, "softmax", rowsPast(768), 768, true},
      {Op::unary, "GELU", rowsPast(3072), 3072, true},    {Op::norm, "layer norm", 197, 768, false},
      {Op::softmax, "softmax", 12 * 197, 197, false},     {Op::unary, "GELU", 197, 3072, false}};
  std::vector<Line> lines;
  for (const int32_t threads : machine.threadCounts()) {
    for (const Shape& shape : shapes) {
      const Peak peak = shape.cold ? Peak::copy : Peak::cachedCopy;
      lines.push_back(
          {"rows",
           std::string(shape.name) + ", " + std::to_string(shape.rows) + "x" + std::to_string(shape.width),
           "float32", threads, bytesOf(shape), peak, shape.cold ? "all cold" : "all warm", true,
           [=, &machine] { return workloadOf(shape, threads, machine.usual(peak, threads)); }});
    }
  }
  return lines;
}

}  // namespace saccade::bench
