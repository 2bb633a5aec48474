// convolution against a naive loop: whole numbers bit for bit over windows, strides, dilations, paddings,
// groups and precisions; random numbers against float64.
#include "testing.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

struct Case {
  int64_t batch, height, width, channels, outHeight, outWidth, outChannels;
  int64_t kh, kw, strideH, strideW, top, left, dilationH, dilationW, groups;
};

const Case kCases[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1},
    {2, 5, 6, 3, 5, 6, 7, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {1, 32, 32, 3, 2, 2, 70, 16, 16, 16, 16, 0, 0, 1, 1, 1},  // patches
    {2, 13, 9, 20, 7, 5, 33, 3, 3, 2, 2, 1, 1, 1, 1, 1},      // K is no multiple of a block
    {1, 14, 14, 64, 14, 14, 130, 3, 3, 1, 1, 1, 1, 1, 1, 1},  // K = 576: three blocks
    {1, 17, 11, 12, 15, 7, 18, 3, 3, 1, 1, 2, 0, 3, 2, 3},    // groups, dilation, uneven padding
    {1, 12, 12, 10, 10, 8, 9, 3, 3, 1, 1, 0, 0, 1, 2, 1},     // dilation along full rows of channels
    {1, 7, 9, 5, 4, 8, 5, 4, 2, 2, 1, 3, 0, 1, 1, 5},         // every channel a group, even window
    {1, 4, 4, 6, 9, 9, 4, 5, 5, 1, 1, 5, 5, 1, 1, 2},         // windows that see padding alone
    {3, 8, 8, 40, 8, 8, 24, 1, 1, 1, 1, 0, 0, 1, 1, 1},
    {1, 10, 50, 4, 10, 25, 300, 1, 7, 1, 2, 0, 3, 1, 1, 1},
    {1, 30, 27, 3, 15, 14, 20, 7, 7, 2, 2, 3, 3, 1, 1, 1},  // a stem: whole windows are copied by rows
    {2, 9, 10, 17, 9, 10, 40, 3, 3, 1, 1, 1, 1, 1, 1, 1},   // read in place: 17 segments, K ends in one
    {1, 9, 11, 300, 5, 6, 70, 3, 3, 2, 2, 1, 1, 1, 1, 1},   // a tap in two blocks of K
    {1, 12, 9, 64, 6, 5, 33, 1, 1, 2, 2, 0, 0, 1, 1, 1},    // a shortcut
    {1, 11, 12, 96, 9, 12, 66, 3, 3, 1, 1, 2, 4, 3, 4, 3},  // in place with groups and dilation
};

std::vector<double> attributes(const Case& c, Unary activation, Precision precision) {
  return {double(c.kh),     double(c.kw),     double(c.strideH),   double(c.strideW),
          double(c.top),    double(c.left),   double(c.dilationH), double(c.dilationW),
          double(c.groups), code(activation), code(precision)};
}

// Weights as pack takes them: [groups, kh * kw * channels / groups, outChannels / groups].
Dims weightDims(const Case& c) {
  return {c.groups, c.kh * c.kw * c.channels / c.groups, c.outChannels / c.groups};
}

double naive(Array<float>& in, Array<float>& w, const Case& c, int64_t n, int64_t y, int64_t x, int64_t o,
             double* magnitude = nullptr) {
  const int64_t channels = c.channels / c.groups, columns = c.outChannels / c.groups, group = o / columns;
  double sum = 0, size = 0;
  for (int64_t i = 0; i < c.kh; i++) {
    for (int64_t j = 0; j < c.kw; j++) {
      const int64_t row = y * c.strideH - c.top + i * c.dilationH,
                    column = x * c.strideW - c.left + j * c.dilationW;
      if (row < 0 || row >= c.height || column < 0 || column >= c.width) continue;
      for (int64_t channel = 0; channel < channels; channel++) {
        const double product = double(in.at({n, row, column, group * channels + channel})) *
                               double(w.at({group, (i * c.kw + j) * channels + channel, o % columns}));
        sum += product;
        size += std::fabs(product);
      }
    }
  }
  if (magnitude) *magnitude = size;
  return sum;
}

}  // namespace

TEST_CASE("convolution of whole numbers is exact") {
  forEachTable([](const KernelTable& table) {
    Random random(1);
    for (const Case& c : kCases) {
      for (const Precision precision : {Precision::float32, Precision::bfloat16, Precision::float16}) {
        INFO("window ", c.kh, " x ", c.kw, ", channels ", c.channels, " to ", c.outChannels, ", groups ",
             c.groups);
        Array<float> in({c.batch, c.height, c.width, c.channels}, random.wholes()),
            w(weightDims(c), random.wholes());
        Array<float> bias({c.outChannels}, random.wholes());
        Array<float> out({c.batch, c.outHeight, c.outWidth, c.outChannels});
        Array<float> residual({c.batch, c.outHeight, c.outWidth, c.outChannels}, random.wholes());
        const Array<char> packed = pack(table, w.view(), precision);
        run(table, Op::convolution, {out.view(), in.view(), packed.view(), bias.view(), residual.view()},
            attributes(c, Unary::relu, precision));
        int64_t wrong = 0;
        for (int64_t i = 0; i < out.size(); i++) {
          const int64_t o = i % c.outChannels, x = i / c.outChannels % c.outWidth;
          const int64_t y = i / c.outChannels / c.outWidth % c.outHeight,
                        n = i / c.outChannels / c.outWidth / c.outHeight;
          const double sum = naive(in, w, c, n, y, x, o) + double(bias[o]);
          wrong += double(out[i]) != std::fmax(sum, 0) + double(residual[i]);
        }
        CHECK(wrong == 0);
        CHECK(out.intact());
      }
    }
  });
}

TEST_CASE("convolution of random numbers stays within its error bound, int8 within its steps") {
  forEachTable([](const KernelTable& table) {
    Random random(2);
    for (const Precision precision : {Precision::float32, Precision::int8}) {
      const Case c{2, 11, 12, 60, 11, 12, 50, 3, 3, 1, 1, 1, 1, 1, 1, 2};
      Array<float> in({c.batch, c.height, c.width, c.channels}, random.normals()),
          w(weightDims(c), random.normals());
      Array<float> out({c.batch, c.outHeight, c.outWidth, c.outChannels});
      const Array<char> packed = pack(table, w.view(), precision);
      run(table, Op::convolution, {out.view(), in.view(), packed.view(), absent(), absent()},
          attributes(c, Unary::identity, precision));
      double worst = 0;
      for (int64_t i = 0; i < out.size(); i++) {
        const int64_t o = i % c.outChannels, x = i / c.outChannels % c.outWidth;
        const int64_t y = i / c.outChannels / c.outWidth % c.outHeight,
                      n = i / c.outChannels / c.outWidth / c.outHeight;
        double magnitude;
        const double expected = naive(in, w, c, n, y, x, o, &magnitude);
        // Half a step of int8 is largest / 254, and the largest of 270 normal numbers is below 5.
        const double bound = precision == Precision::int8 ? 270 * 5.0 / 254 * 3 : 272 * 0x1p-24 * magnitude;
        worst = std::fmax(worst, std::fabs(out[i] - expected) / bound);
      }
      CHECK(worst <= 1);
    }
  });
}

TEST_CASE("convolution takes NCHW views, holes, and images side by side") {
  forEachTable([](const KernelTable& table) {
    Random random(3);
    const Case c{2, 9, 10, 6, 5, 5, 20, 3, 3, 2, 2, 1, 1, 1, 1, 2};
    Array<float> w(weightDims(c), random.wholes());
    const Array<char> packed = pack(table, w.view(), Precision::float32);
    for (const Dims& strides : {Dims{540, 60, 6, 1}, Dims{540, 10, 1, 90}, Dims{700, 70, 7, 1},
                                Dims{0, 60, 6, 1}, Dims{1, 120, 12, 2}, Dims{540, 0, 6, 1}}) {
      Array<float> in({c.batch, c.height, c.width, c.channels}, strides, random.wholes());
      Array<float> out({c.batch, c.outHeight, c.outWidth, c.outChannels}, Dims{9999, 999, 99, 1});
      run(table, Op::convolution, {out.view(), in.view(), packed.view(), absent(), absent()},
          attributes(c, Unary::identity, Precision::float32));
      int64_t wrong = 0;
      for (int64_t i = 0; i < out.size(); i++) {
        const int64_t o = i % 20, x = i / 20 % 5, y = i / 100 % 5, n = i / 500;
        wrong += double(out[i]) != naive(in, w, c, n, y, x, o);
      }
      CHECK(wrong == 0);
      CHECK(out.intact());
    }
  });
}

TEST_CASE("windows read in place give the bits of copied ones") {
  forEachTable([](const KernelTable& table) {
    Random random(5);
    const Case c{2, 9, 10, 80, 5, 5, 70, 3, 3, 2, 2, 1, 1, 1, 1, 2};
    Array<float> in({c.batch, c.height, c.width, c.channels}, random.normals()),
        w(weightDims(c), random.normals());
    const Array<char> packed = pack(table, w.view(), Precision::float32);
    std::vector<float> first;
    // Dense, with holes between pixels, and with channels apart, which are copied.
    for (const Dims& strides : {Dims{7200, 800, 80, 1}, Dims{9000, 990, 99, 1}, Dims{7200, 10, 1, 90}}) {
      Array<float> same({c.batch, c.height, c.width, c.channels}, strides, [&](int64_t i) { return in[i]; });
      Array<float> out({c.batch, c.outHeight, c.outWidth, c.outChannels});
      run(table, Op::convolution, {out.view(), same.view(), packed.view(), absent(), absent()},
          attributes(c, Unary::identity, Precision::float32));
      if (first.empty()) first.assign(&out[0], &out[0] + out.size());
      CHECK(std::memcmp(&out[0], first.data(), first.size() * 4) == 0);
      CHECK(out.intact());
    }
  });
}

TEST_CASE("an image convolves to the same bits alone and in a batch") {
  forEachTable([](const KernelTable& table) {
    Random random(4);
    const Case many{8, 14, 14, 48, 14, 14, 200, 3, 3, 1, 1, 1, 1, 1, 1, 1};
    Case one = many;
    one.batch = 1;
    Array<float> in({8, 14, 14, 48}, random.normals()), w(weightDims(many), random.normals()),
        out({8, 14, 14, 200});
    const Array<char> packed = pack(table, w.view(), Precision::float32);
    run(table, Op::convolution, {out.view(), in.view(), packed.view(), absent(), absent()},
        attributes(many, Unary::gelu, Precision::float32));
    const int64_t image = 14 * 14 * 48, result = 14 * 14 * 200;
    Array<float> single({1, 14, 14, 48}, [&](int64_t i) { return in[5 * image + i]; }),
        alone({1, 14, 14, 200});
    run(table, Op::convolution, {alone.view(), single.view(), packed.view(), absent(), absent()},
        attributes(one, Unary::gelu, Precision::float32));
    CHECK(std::memcmp(&alone[0], &out[5 * result], size_t(result) * 4) == 0);
  });
}

TEST_CASE("convolution refuses what it could not run") {
  forEachTable([](const KernelTable& table) {
    const Case c{2, 5, 6, 4, 5, 6, 8, 3, 3, 1, 1, 1, 1, 1, 1, 2};
    Array<float> in({2, 5, 6, 4}), w(weightDims(c), [](int64_t) { return 1.0f; }), out({2, 5, 6, 8}),
        bias({8});
    const Array<char> packed = pack(table, w.view(), Precision::float32);
    const std::vector<View> views{out.view(), in.view(), packed.view(), bias.view(), out.view()};
    const std::vector<double> good = attributes(c, Unary::relu, Precision::float32);
    CHECK(faultOf(table, Op::convolution, views, good) == "");
    const auto refuses = [&](auto change) {
      std::vector<View> changed = views;
      std::vector<double> numbers = good;
      change(changed, numbers);
      return !faultOf(table, Op::convolution, changed, numbers).empty();
    };
    using Views = std::vector<View>&;
    using Numbers = std::vector<double>&;
    CHECK(refuses([](Views v, Numbers) { v.pop_back(); }));
    CHECK(refuses([](Views, Numbers n) { n.pop_back(); }));
    CHECK(refuses([](Views v, Numbers) { v[0].rank = 3; }));
    CHECK(refuses([](Views v, Numbers) { v[1].dtype = DType::uint8; }));
    CHECK(refuses([](Views v, Numbers) { v[1].dim[0] = 1; }));
    CHECK(refuses([](Views v, Numbers) { v[1].dim[3] = 6; }));
    CHECK(refuses([](Views v, Numbers) { v[1].dim[3] = 5; }));
    CHECK(refuses([](Views v, Numbers) { v[0].dim[3] = 7; }));
    CHECK(refuses([](Views v, Numbers) { v[0].stride[3] = 2; }));
    CHECK(refuses([](Views v, Numbers) { v[2].dim[0]++; }));
    CHECK(refuses([](Views v, Numbers) { v[2].rank = -1; }));
    CHECK(refuses([](Views v, Numbers) { v[3].dim[0] = 4; }));
    CHECK(refuses([](Views v, Numbers) { v[4].dim[2] = 5; }));
    for (int i : {0, 1, 2, 3, 6, 7, 8}) {
      CHECK(refuses([=](Views, Numbers n) { n[size_t(i)] = 0; }));
      CHECK(refuses([=](Views, Numbers n) { n[size_t(i)] = 1.5; }));
      CHECK(refuses([=](Views, Numbers n) { n[size_t(i)] = NAN; }));
    }
    CHECK(refuses([](Views, Numbers n) { n[4] = -1; }));
    CHECK(refuses([](Views, Numbers n) { n[0] = 4; }));
    CHECK(refuses([](Views, Numbers n) { n[8] = 3; }));
    CHECK(refuses([](Views, Numbers n) { n[9] = code(Unary::elu); }));
    CHECK(refuses([](Views, Numbers n) { n[10] = code(Precision::bfloat16); }));
  });
}
