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

// Where activations and weights are of one 16-bit type; false, and nothing is launched, where they are not.
bool launchTensor(const GemmArguments& arguments, Launcher& launcher);
// a is quantize's output.
void launchQuantized(const GemmArguments& arguments, Launcher& launcher);

}  // namespace saccade::cuda
