// Pillow's resize of a photo, 640x480 to 224x224: along the lines, then along the columns.
#include <cmath>

#include "layers.h"
#include "reference.h"
#include "rotation.h"

namespace saccade::bench {
namespace {

constexpr int64_t kHeight = 480, kWidth = 640, kSide = 224, kBands = 3;

struct FilterCase {
  const char* name;
  int32_t code;  // of Filter in op.h
  double reach;
  double (*weight)(double x);
};

constexpr FilterCase kFilters[] = {
    {"bilinear", 2, 1, [](double x) { return std::max(0.0, 1 - std::fabs(x)); }},
    {"bicubic", 4, 2, [](double x) {
       const double a = -0.5, size = std::fabs(x);
       if (size < 1) return ((a + 2) * size - (a + 3)) * size * size + 1;
       return size < 2 ? (((size - 5) * size + 8) * size - 4) * a : 0;
     }}};

// What the places first.. of an axis weigh for one place of its resized form.
struct Taps {
  int64_t first;
  std::vector<double> weights;
};

Taps tapsOf(const FilterCase& filter, int64_t length, int64_t place) {
  const double scale = static_cast<double>(length) / static_cast<double>(kSide);
  const double center = (static_cast<double>(place) + 0.5) * scale;
  const auto first = std::max<int64_t>(0, static_cast<int64_t>(center - filter.reach * scale + 0.5));
  const auto end = std::min(length, static_cast<int64_t>(center + filter.reach * scale + 0.5));
  Taps taps{first, {}};
  double sum = 0;
  for (int64_t i = first; i < end; ++i) {
    taps.weights.push_back(filter.weight((static_cast<double>(i) + 0.5 - center) / scale));
    sum += taps.weights.back();
  }
  for (double& weight : taps.weights) weight /= sum;
  return taps;
}

// In float64 nothing is rounded between the two passes: half a level each is expected.
double errorOf(const FilterCase& filter, const uint8_t* in, const uint8_t* out) {
  Error error;
  sample(kSide, 16, [&](int64_t y) {
    sample(kSide, 16, [&](int64_t x) {
      const Taps rows = tapsOf(filter, kHeight, y), columns = tapsOf(filter, kWidth, x);
      double sum = 0;
      for (size_t i = 0; i < rows.weights.size(); ++i) {
        for (size_t j = 0; j < columns.weights.size(); ++j) {
          const int64_t pixel =
              (rows.first + static_cast<int64_t>(i)) * kWidth + columns.first + static_cast<int64_t>(j);
          sum += rows.weights[i] * columns.weights[j] * in[pixel * kBands];
        }
      }
      error.add(out[(y * kSide + x) * kBands], std::clamp(sum, 0.0, 255.0));
    });
  });
  return error.relative();
}

std::shared_ptr<Memory> photo() {
  auto memory = uninitialized(kHeight * kWidth * kBands);
  for (int64_t i = 0; i < memory->bytes(); ++i) {
    const int64_t pixel = i / kBands, x = pixel % kWidth, y = pixel / kWidth;
    memory->data()[i] = static_cast<char>((x * 3 + y * 5 + x * y / 64 + i % kBands * 40) % 256);
  }
  return memory;
}

// A product and a sum for each tap of the two passes. They are of whole numbers, but 32 bits wide: at best
// there are as many a cycle as of float32.
double workOf(const FilterCase& filter) {
  size_t operations = 0;
  for (int64_t place = 0; place < kSide; ++place) {
    operations += 2 * kBands * kHeight * tapsOf(filter, kWidth, place).weights.size();
    operations += 2 * kBands * kSide * tapsOf(filter, kHeight, place).weights.size();
  }
  return static_cast<double>(operations);
}

Workload workloadOf(const FilterCase& filter, int32_t threads, double peakRate) {
  std::vector<std::shared_ptr<Memory>> in, between, out;
  for (int64_t i = 0; i < kWarmSets; ++i) {
    in.push_back(photo());
    between.push_back(zeros(kHeight * kSide * kBands));
    out.push_back(zeros(kSide * kSide * kBands));
  }
  Workload workload;
  workload.calls = std::min<int64_t>(callsFor(workOf(filter), peakRate), 16);
  workload.contenders.push_back(
      takingTurns(kWarmSets, workload.calls, threads, [&](Sequence& sequence, int64_t set) {
        const auto i = static_cast<size_t>(set);
        const double code = filter.code;
        sequence.add(Op::resample,
                     {{between[i], {kHeight, kSide, kBands}, DType::uint8},
                      {in[i], {kHeight, kWidth, kBands}, DType::uint8}},
                     {code, 0, kWidth});
        sequence.add(Op::resample,
                     {{out[i], {1, kSide, kSide * kBands}, DType::uint8},
                      {between[i], {1, kHeight, kSide * kBands}, DType::uint8}},
                     {code, 0, kHeight});
      }));
  workload.contenders[0].run(0);
  workload.error = errorOf(filter, reinterpret_cast<const uint8_t*>(in[0]->data()),
                           reinterpret_cast<const uint8_t*>(out[0]->data()));
  return workload;
}

}  // namespace

std::vector<Line> resampleLines(Machine& machine) {
  std::vector<Line> lines;
  for (const int32_t threads : machine.threadCounts()) {
    for (const FilterCase& filter : kFilters) {
      lines.push_back({"resample", std::string("640x480 to 224x224, ") + filter.name, "uint8", threads,
                       workOf(filter), Peak::float32, "activations warm", true, [&filter, threads, &machine] {
                         return workloadOf(filter, threads, machine.usual(Peak::float32, threads));
                       }});
    }
  }
  return lines;
}

}  // namespace saccade::bench
