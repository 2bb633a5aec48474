// gemm: out = a @ b with b packed, in every precision there is. Weights are cold, because a model walks over
// all of its own before it comes back to one; activations are warm, because the layer before has just written
// them.
#include <algorithm>

#include "../../native/cpu/device/isa.h"
#include "gemm_shapes.h"
#include "layers.h"
#include "peers/peers.h"
#include "reference.h"
#include "rotation.h"

namespace saccade::bench {
namespace {

// Up to here a product is a stream of weights: what bounds it is how fast they can be read.
constexpr int64_t kStreamedRows = 8;
constexpr int64_t kActivationSets = 2;

struct Case {
  int64_t m, k, n;
  Precision precision;
  Unary activation;
  bool residual;
};

int64_t packedBytesOf(const Case& c) {
  return kernels().formats.packedBytes(1, c.k, c.n, c.precision);
}

bool isStream(const Case& c) {
  return c.m <= kStreamedRows;
}

Peak peakOf(const Case& c, const Machine& machine) {
  if (isStream(c)) return Peak::read;
  const Peak own = c.precision == Precision::bfloat16 ? Peak::bfloat16
                   : c.precision == Precision::int8   ? Peak::int8
                                                      : Peak::float32;
  return machine.missing(own) ? Peak::float32 : own;
}

double workOf(const Case& c) {
  return isStream(c) ? static_cast<double>(packedBytesOf(c)) : 2.0 * static_cast<double>(c.m * c.k * c.n);
}

double gelu(double x) {
  return 0.5 * x * std::erfc(-x * std::sqrt(0.5));
}

// Some rows of the product in float64, with the weights as they were before they were packed.
double errorOf(const Case& c, const float* a, const float* b, const float* out) {
  Error error;
  sample(c.m, 8, [&](int64_t row) {
    sample(c.n, 32, [&](int64_t column) {
      double sum = 0;
      for (int64_t k = 0; k < c.k; ++k) {
        sum += static_cast<double>(a[row * c.k + k]) * static_cast<double>(b[k * c.n + column]);
      }
      if (c.activation == Unary::gelu) sum = gelu(sum);
      if (c.residual) sum += static_cast<double>(a[row * c.k]);
      error.add(out[row * c.n + column], sum);
    });
  });
  return error.relative();
}

struct Data {
  std::vector<std::shared_ptr<Memory>> a, out, quantized;
  std::shared_ptr<Memory> b;  // [k, n] in float32
  std::vector<std::shared_ptr<Memory>> packed;
  std::shared_ptr<Memory> bias, residual;
};

Data dataOf(const Case& c) {
  Data data;
  for (int64_t i = 0; i < kActivationSets; ++i) {
    data.a.push_back(normals(c.m * c.k, 1));
    data.out.push_back(zeros(4 * c.m * c.n));
    if (c.precision == Precision::int8) {
      data.quantized.push_back(zeros(c.m * kernels().formats.quantizedRowBytes(c.k)));
    }
  }
  data.b = normals(c.k * c.n, 2);
  data.packed.push_back(uninitialized(packedBytesOf(c)));
  runOnce(Op::pack, {{data.packed[0], {packedBytesOf(c)}, DType::packed}, {data.b, {1, c.k, c.n}}},
          {static_cast<double>(c.precision)});
  while (static_cast<int64_t>(data.packed.size()) < coldSets(packedBytesOf(c))) {
    data.packed.push_back(copyOf(data.packed[0]));
  }
  if (c.activation != Unary::identity || c.residual) data.bias = zeros(4 * c.n);
  if (c.residual) {
    // In every column the first number of the row of a, so that the reference need not know of another array.
    data.residual = zeros(4 * c.m * c.n);
    for (int64_t i = 0; i < c.m * c.n; ++i) {
      floatsOf(data.residual)[i] = floatsOf(data.a[0])[i / c.n * c.k];
    }
  }
  return data;
}

// In int8 the rows of a are made 8 bits first: that is part of what is measured.
void addCall(Sequence& sequence, const Case& c, const Data& data, int64_t set) {
  const auto turn = static_cast<size_t>(set % kActivationSets);
  Operand a{data.a[turn], {1, c.m, c.k}};
  if (c.precision == Precision::int8) {
    const int64_t rowBytes = data.quantized[turn]->bytes() / c.m;
    const Operand quantized{data.quantized[turn], {1, c.m, rowBytes}, DType::uint8};
    sequence.add(Op::quantize, {quantized, a}, {});
    a = quantized;
  }
  sequence.add(Op::gemm,
               {{data.out[turn], {1, c.m, c.n}},
                a,
                {data.packed[static_cast<size_t>(set)], {packedBytesOf(c)}, DType::packed},
                {data.bias, {c.n}},
                {data.residual, {1, c.m, c.n}}},
               {static_cast<double>(c.k), static_cast<double>(c.n), 1, static_cast<double>(c.activation),
                static_cast<double>(c.precision), 1});
}

Workload workloadOf(const Case& c, int32_t threads, bool withPeers, double peakRate) {
  const auto data = std::make_shared<const Data>(dataOf(c));
  const auto sets = static_cast<int64_t>(data->packed.size());
  const int64_t calls = std::min(sets, callsFor(workOf(c), peakRate));
  Workload workload;
  workload.calls = calls;
  workload.contenders.push_back(takingTurns(
      sets, calls, threads, [&](Sequence& sequence, int64_t set) { addCall(sequence, c, *data, set); }));
  workload.contenders[0].run(0);
  workload.error = errorOf(c, floatsOf(data->a[0]), floatsOf(data->b), floatsOf(data->out[0]));
  if (withPeers) {
    for (Contender& peer : gemmPeers({c.m, c.k, c.n, threads, calls, sets, data->a, data->out, data->b})) {
      peer.run(0);
      const double error = errorOf(c, floatsOf(data->a[0]), floatsOf(data->b), floatsOf(data->out[0]));
      if (!(error < 1e-4)) throw std::runtime_error(peer.name + " computes something else");
      workload.contenders.push_back(std::move(peer));
    }
  }
  return workload;
}

Line lineOf(const Case& c, std::string name, std::string variant, int32_t threads, bool quick,
            Machine& machine) {
  const Peak peak = peakOf(c, machine);
  const bool withPeers = c.precision == Precision::float32 && c.activation == Unary::identity && !c.residual;
  return {"gemm",
          std::move(name),
          std::move(variant),
          threads,
          workOf(c),
          peak,
          "weights cold, activations warm",
          quick,
          [=, &machine] { return workloadOf(c, threads, withPeers, machine.usual(peak, threads)); }};
}

std::string nameOf(const GemmShape& shape, int64_t batch) {
  const std::string size =
      std::to_string(shape.m * batch) + "x" + std::to_string(shape.k) + "x" + std::to_string(shape.n);
  return std::string(shape.model) + " " + shape.layer + ", batch " + std::to_string(batch) + ", " + size;
}

}  // namespace

std::vector<Line> gemmLines(Machine& machine) {
  constexpr const char* kPrecisions[] = {"float32", "bfloat16", "float16", "int8"};
  std::vector<Line> lines;
  for (const int32_t threads : machine.threadCounts()) {
    for (const int64_t batch : {1, 8}) {
      for (const GemmShape& shape : kGemmShapes) {
        if (batch > 1 && std::string(shape.model) == "square") continue;
        for (int32_t precision = 0; precision < 4; ++precision) {
          const Case c{shape.m * batch, shape.k, shape.n, static_cast<Precision>(precision),
                       Unary::identity, false};
          const bool quick = shape.quick && batch == 1 && precision != 2 &&
                             (precision == 0 || std::string(shape.model) == "ViT-B-16");
          lines.push_back(lineOf(c, nameOf(shape, batch), kPrecisions[precision], threads, quick, machine));
        }
      }
    }
    // What comes after the product in a model, in registers.
    for (const int64_t batch : {1, 8}) {
      const Case in{197 * batch, 768, 3072, Precision::float32, Unary::gelu, false};
      const Case out{197 * batch, 3072, 768, Precision::float32, Unary::identity, true};
      const std::string suffix = ", batch " + std::to_string(batch);
      lines.push_back(
          lineOf(in, "ViT-B-16 mlp in, bias and GELU" + suffix, "float32", threads, batch == 1, machine));
      lines.push_back(lineOf(out, "ViT-B-16 mlp out, bias and residual" + suffix, "float32", threads,
                             batch == 1, machine));
    }
  }
  return lines;
}

}  // namespace saccade::bench
