// Shared by the kernels of gemm.
#pragma once
#include "epilogue.h"
#include "launch.h"
#include "packed.h"
#include "tile.h"

namespace saccade::cuda {

struct GemmArguments {
  Epilogue epilogue;
  View a, b;
  PackedShape shape;
  bool shared;  // one b for the whole batch
};

SACCADE_BOTH int64_t tilesOf(int64_t lines) {
  return (lines + kTile - 1) / kTile;
}

// a is quantize's output.
void launchQuantized(const GemmArguments& arguments, Launcher& launcher);

}  // namespace saccade::cuda
