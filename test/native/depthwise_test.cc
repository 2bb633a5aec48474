// depthwise convolution against a naive loop: whole numbers bit for bit, and one order of taps for every
// output.
#include "testing.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

struct Case {
  int64_t batch, height, width, channels, outHeight, outWidth;
  int64_t kh, kw, strideH, strideW, top, left, dilationH, dilationW;
};

const Case kCases[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1},
    {2, 14, 14, 40, 14, 14, 7, 7, 1, 1, 3, 3, 1, 1},  // ConvNeXt
    {1, 7, 7, 48, 7, 7, 7, 7, 1, 1, 3, 3, 1, 1},      // every window hangs over an edge
    {1, 9, 31, 35, 9, 31, 3, 3, 1, 1, 1, 1, 1, 1},
    {1, 9, 31, 16, 7, 27, 3, 5, 1, 1, 0, 0, 1, 1},
    {2, 15, 13, 17, 8, 7, 3, 3, 2, 2, 1, 1, 1, 1},
    {1, 20, 20, 9, 16, 8, 3, 5, 1, 2, 2, 3, 4, 2},  // dilation, strides apart
    {1, 12, 12, 32, 8, 8, 3, 3, 1, 1, 0, 0, 2, 2},
    {1, 6, 5, 64, 8, 9, 4, 2, 1, 1, 3, 3, 1, 1},  // even window, some see padding alone
    {1, 3, 40, 130, 3, 40, 1, 7, 1, 1, 0, 3, 1, 1},
    {1, 56, 56, 20, 56, 56, 5, 5, 1, 1, 2, 2, 1, 1},
    {2, 12, 28, 32, 6, 14, 3, 3, 2, 2, 1, 1, 1, 1},  // EfficientNet: spans of 7 outputs
    {1, 11, 56, 37, 6, 28, 5, 5, 2, 2, 2, 2, 1, 1},
    {1, 9, 57, 16, 4, 27, 5, 5, 2, 2, 0, 1, 1, 1},  // spans of 8, and a shorter one
    {1, 13, 20, 48, 7, 10, 7, 7, 2, 2, 3, 3, 1, 1},
    {1, 15, 29, 33, 7, 14, 7, 7, 2, 2, 2, 2, 1, 1},
    {1, 9, 30, 16, 9, 10, 3, 3, 1, 3, 1, 1, 1, 1},  // stride 3
    {1, 9, 23, 20, 9, 24, 3, 4, 1, 1, 1, 2, 1, 1},  // four wide
};

std::vector<double> attributes(const Case& c, Unary activation) {
  return {double(c.kh),   double(c.kw),        double(c.strideH),   double(c.strideW), double(c.top),
          double(c.left), double(c.dilationH), double(c.dilationW), code(activation)};
}

double naive(Array<float>& in, Array<float>& w, const Case& c, int64_t i) {
  const int64_t channel = i % c.channels, x = i / c.channels % c.outWidth;
  const int64_t y = i / c.channels / c.outWidth % c.outHeight, n = i / c.channels / c.outWidth / c.outHeight;
  double sum = 0;
  for (int64_t dy = 0; dy < c.kh; dy++) {
    for (int64_t dx = 0; dx < c.kw; dx++) {
      const int64_t row = y * c.strideH - c.top + dy * c.dilationH,
                    column = x * c.strideW - c.left + dx * c.dilationW;
      if (row < 0 || row >= c.height || column < 0 || column >= c.width) continue;
      sum += double(in.at({n, row, column, channel})) * double(w.at({dy, dx, channel}));
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("depthwise of whole numbers is exact") {
  forEachTable([](const KernelTable& table) {
    Random random(1);
    for (const Case& c : kCases) {
      INFO("window ", c.kh, " x ", c.kw, ", channels ", c.channels, ", width ", c.width);
      Array<float> in({c.batch, c.height, c.width, c.channels}, random.wholes());
      Array<float> w({c.kh, c.kw, c.channels}, random.wholes()), bias({c.channels}, random.wholes());
      for (const bool hasBias : {false, true}) {
        Array<float> out({c.batch, c.outHeight, c.outWidth, c.channels});
        run(table, Op::depthwise, {out.view(), in.view(), w.view(), hasBias ? bias.view() : absent()},
            attributes(c, hasBias ? Unary::relu : Unary::identity));
        int64_t wrong = 0;
        for (int64_t i = 0; i < out.size(); i++) {
          const double sum = naive(in, w, c, i);
          wrong += double(out[i]) != (hasBias ? std::fmax(sum + double(bias[i % c.channels]), 0) : sum);
        }
        CHECK(wrong == 0);
        CHECK(out.intact());
      }
    }
  });
}

TEST_CASE("depthwise of random numbers agrees with float64, with holes between pixels") {
  forEachTable([](const KernelTable& table) {
    Random random(2);
    const Case c{2, 14, 15, 36, 14, 15, 7, 7, 1, 1, 3, 3, 1, 1};
    Array<float> in({2, 14, 15, 36}, Dims{20000, 900, 60, 1}, random.normals());
    Array<float> w({7, 7, 36}, Dims{400, 50, 1}, random.normals()),
        out({2, 14, 15, 36}, Dims{15 * 14 * 40, 600, 40, 1});
    run(table, Op::depthwise, {out.view(), in.view(), w.view(), absent()}, attributes(c, Unary::gelu));
    double worst = 0;
    for (int64_t i = 0; i < out.size(); i++) {
      const double x = naive(in, w, c, i);
      worst =
          std::fmax(worst, std::fabs(out[i] - x * 0.5 * std::erfc(-x * std::sqrt(0.5))) / (std::fabs(x) + 7));
    }
    CHECK(worst < 50 * 0x1p-24);
    CHECK(out.intact());
  });
}

TEST_CASE("an output of depthwise has the same bits wherever it stands") {
  forEachTable([](const KernelTable& table) {
    Random random(3);
    // One pattern of columns, moved by 0 to 15 pixels inside a wide image; and a channel that ends a vector
    // or not.
    Array<float> pattern({7, 7, 24}, random.normals()), w({7, 7, 24}, random.normals());
    std::vector<float> first;
    for (int64_t shift = 0; shift < 16; shift++) {
      for (const int64_t channels : {24, 19}) {
        const Case c{1, 7, 40, channels, 1, 34, 7, 7, 1, 1, 0, 0, 1, 1};
        Array<float> in({1, 7, 40, channels}, [](int64_t) { return 0.0f; }), some({7, 7, channels});
        some.fill([&](int64_t i) { return w[i / channels * 24 + i % channels]; });
        for (int64_t i = 0; i < 49 * channels; i++) {
          const int64_t channel = i % channels, x = i / channels % 7, y = i / channels / 7;
          in.at({0, y, x + shift, channel}) = pattern.at({y, x, channel});
        }
        Array<float> out({1, 1, 34, channels});
        run(table, Op::depthwise, {out.view(), in.view(), some.view(), absent()},
            attributes(c, Unary::identity));
        if (first.empty()) first.assign(&out[0], &out[0] + channels);
        CHECK(std::memcmp(&out[shift * channels], first.data(), size_t(channels) * 4) == 0);
      }
    }
  });
}

TEST_CASE("depthwise lets NaN through to the outputs that see it, and no others") {
  forEachTable([](const KernelTable& table) {
    const Case c{1, 9, 20, 16, 9, 20, 3, 3, 1, 1, 1, 1, 1, 1};
    Array<float> in({1, 9, 20, 16}, [](int64_t) { return 1.0f; }),
        w({3, 3, 16}, [](int64_t) { return 1.0f; });
    in.at({0, 4, 11, 5}) = NAN;
    Array<float> out({1, 9, 20, 16});
    run(table, Op::depthwise, {out.view(), in.view(), w.view(), absent()}, attributes(c, Unary::relu));
    int64_t wrong = 0;
    for (int64_t i = 0; i < out.size(); i++) {
      const int64_t channel = i % 16, x = i / 16 % 20, y = i / 320;
      wrong += std::isnan(out[i]) != (channel == 5 && std::abs(x - 11) <= 1 && std::abs(y - 4) <= 1);
    }
    CHECK(wrong == 0);
  });
}

TEST_CASE("depthwise refuses what it could not run") {
  forEachTable([](const KernelTable& table) {
    Array<float> out({2, 5, 6, 8}), in({2, 5, 6, 8}), w({3, 3, 8}), bias({8});
    const std::vector<View> views{out.view(), in.view(), w.view(), bias.view()};
    const std::vector<double> good{3, 3, 1, 1, 1, 1, 1, 1, 0};
    CHECK(faultOf(table, Op::depthwise, views, good) == "");
    const auto refuses = [&](auto change) {
      std::vector<View> changed = views;
      std::vector<double> numbers = good;
      change(changed, numbers);
      return !faultOf(table, Op::depthwise, changed, numbers).empty();
    };
    using Views = std::vector<View>&;
    using Numbers = std::vector<double>&;
    CHECK(refuses([](Views v, Numbers) { v.pop_back(); }));
    CHECK(refuses([](Views, Numbers n) { n.pop_back(); }));
    CHECK(refuses([](Views v, Numbers) { v[0].rank = 3; }));
    CHECK(refuses([](Views v, Numbers) { v[1].dtype = DType::float16; }));
    CHECK(refuses([](Views v, Numbers) { v[1].dim[3] = 7; }));
    CHECK(refuses([](Views v, Numbers) { v[1].dim[0] = 1; }));
    CHECK(refuses([](Views v, Numbers) { v[1].stride[3] = 30; }));
    CHECK(refuses([](Views v, Numbers) { v[0].stride[3] = 30; }));
    CHECK(refuses([](Views v, Numbers) { v[2].dim[0] = 2; }));
    CHECK(refuses([](Views v, Numbers) { v[2].dim[2] = 1; }));
    CHECK(refuses([](Views v, Numbers) { v[2].stride[2] = 9; }));
    CHECK(refuses([](Views v, Numbers) { v[2].rank = -1; }));
    CHECK(refuses([](Views v, Numbers) { v[3].dim[0] = 7; }));
    for (size_t i = 0; i < 9; i++) {
      CHECK(refuses([=](Views, Numbers n) { n[i] = -1; }));
      CHECK(refuses([=](Views, Numbers n) { n[i] = 1.5; }));
      CHECK(refuses([=](Views, Numbers n) { n[i] = NAN; }));
    }
    CHECK(refuses([](Views, Numbers n) { n[8] = code(Unary::power); }));
  });
}
