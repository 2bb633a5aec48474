// The windows of convolution, depthwise and pool.
#pragma once
#include "../runtime/op.h"
#include "device/target.h"

namespace saccade::cuda {

// Sizes along H and W.
struct Window {
  int64_t kernel[2], stride[2], pad[2], dilation[2];

  // From the attributes kh, kw, stride h, w, pad top, left, dilation h, w.
  static Window of(const double* attribute) {
    Window window;
    for (int axis = 0; axis < 2; ++axis) {
      window.kernel[axis] = static_cast<int64_t>(attribute[axis]);
      window.stride[axis] = static_cast<int64_t>(attribute[2 + axis]);
      window.pad[axis] = static_cast<int64_t>(attribute[4 + axis]);
      window.dilation[axis] = static_cast<int64_t>(attribute[6 + axis]);
    }
    return window;
  }

  // Where the window of an output position begins; may be in the padding.
  SACCADE_DEVICE int64_t start(int32_t axis, int64_t position) const {
    return position * stride[axis] - pad[axis];
  }
};

// An output pixel of [N, H, W, C].
struct Pixel {
  int64_t n, y, x;
  SACCADE_DEVICE static Pixel of(const View& image, int64_t pixel) {
    return {pixel / image.dim[2] / image.dim[1], pixel / image.dim[2] % image.dim[1], pixel % image.dim[2]};
  }
  SACCADE_DEVICE int64_t at(const View& image) const {
    return n * image.stride[0] + y * image.stride[1] + x * image.stride[2];
  }
};

}  // namespace saccade::cuda
