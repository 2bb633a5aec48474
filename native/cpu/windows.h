// The windows of a convolution as rows of a matrix: copied, or read in place.
#pragma once
#include "product.h"

namespace saccade {
namespace {

// Channels of a group from which a row is read in place: reading a tap costs the addresses of its pixels.
constexpr int64_t kMinInPlace = 16;
constexpr int64_t kMaxSegments = kBlockK / kMinInPlace + 1;
// What is read for padding.
alignas(64) constexpr float kZeros[kBlockK] = {};

struct Window {
  int64_t kh, kw, strideH, strideW, top, left, dilationH, dilationW;
  int64_t channels;  // inputs of a group
};

inline void copyFloats(const float* in, int64_t stride, int64_t n, float* out) {
  int64_t i = 0;
  if (stride == 1) {
    for (; i + kLanes <= n; i += kLanes) store(out + i, load(in + i));
    if (i < n) store(out + i, load(in + i, n - i), n - i);
    return;
  }
  for (; i < n; i++) out[i] = in[i * stride];
}

inline void clear(int64_t n, float* out) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(out + i, zero());
  for (; i < n; i++) out[i] = 0;
}

// A pixel of an image, and the next ones without a division for each.
struct OutputPixel {
  int64_t width, y, x;
  OutputPixel(int64_t width, int64_t pixel) : width(width), y(pixel / width), x(pixel % width) {}
  void next() {
    if (++x == width) {
      x = 0;
      y++;
    }
  }
};

// A position in the window.
struct Position {
  int64_t i, j, channel;
  Position(const Window& window, int64_t k)
      : i(k / window.channels / window.kw),
        j(k / window.channels % window.kw),
        channel(k % window.channels) {}
};

// Writes the `length` elements of a window from `at` on. The window's first input is at (y, x). in: the
// image, at the first channel of the group.
inline void gatherWindow(const Window& window, const View& view, const float* in, int64_t y, int64_t x,
                         Position at, int64_t length, float* out) {
  // A contiguous row of the window is copied at once.
  const bool isContiguous = window.dilationW == 1 && view.stride[3] == 1 && view.stride[2] == window.channels;
  const bool isWhole = isContiguous && length == window.kh * window.kw * window.channels && y >= 0 &&
                       x >= 0 && y + (window.kh - 1) * window.dilationH < view.dim[1] &&
                       x + window.kw <= view.dim[2];
  if (isWhole) {
    const int64_t run = window.kw * window.channels;
    const float* from = in + y * view.stride[1] + x * view.stride[2];
    for (int64_t i = 0; i < window.kh; i++) {
      copyFloats(from + i * window.dilationH * view.stride[1], 1, run, out + i * run);
    }
    return;
  }
  while (length > 0) {
    const int64_t row = y + at.i * window.dilationH, column = x + at.j * window.dilationW;
    int64_t taps = 1;
    const bool isInside = row >= 0 && row < view.dim[1] && column >= 0 && column < view.dim[2];
    if (isInside && isContiguous) taps = min(window.kw - at.j, view.dim[2] - column);
    int64_t run = taps * window.channels - at.channel;
    if (run <= length) {
      at.j += taps;
    } else {
      run = length;
    }
    if (isInside) {
      const float* from = in + row * view.stride[1] + column * view.stride[2] + at.channel * view.stride[3];
      copyFloats(from, view.stride[3], run, out);
    } else {
      clear(run, out);
    }
    at.channel = 0;
    if (at.j == window.kw) {
      at.j = 0;
      at.i++;
    }
    length -= run;
    out += run;
  }
}

// The windows of a tile, from an output pixel on. image: at the first channel of the group.
struct Windows {
  const View& view;
  const float* image;
  int64_t width, pixel, pixels;
};

// The windows' columns k..k+length-1 in place. segments: memory for kMaxSegments; rows: for as many addresses
// of each pixel.
inline Rows segmentsOf(const Window& window, const Windows& windows, int64_t k, int64_t length,
                       Segment* segments, const float** rows) {
  const View& view = windows.view;
  int64_t count = 0;
  for (Position at(window, k); length > 0; count++) {
    const int64_t columns = min(window.channels - at.channel, length);
    const int64_t top = at.i * window.dilationH - window.top, left = at.j * window.dilationW - window.left;
    OutputPixel output(windows.width, windows.pixel);
    for (int64_t i = 0; i < windows.pixels; i++, output.next()) {
      const int64_t y = output.y * window.strideH + top, x = output.x * window.strideW + left;
      const bool isInside = y >= 0 && y < view.dim[1] && x >= 0 && x < view.dim[2];
      rows[i] = isInside ? windows.image + y * view.stride[1] + x * view.stride[2] + at.channel : kZeros;
    }
    segments[count] = {columns, rows};
    rows += windows.pixels;
    length -= columns;
    at.channel = 0;
    if (++at.j == window.kw) {
      at.j = 0;
      at.i++;
    }
  }
  return {nullptr, 0, segments, count};
}

}  // namespace
}  // namespace saccade
