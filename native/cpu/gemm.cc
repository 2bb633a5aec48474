// gemm: out = activation(scale * (a @ b) + bias) + residual; a [batch, M, K] of any strides, b packed.
//
// A tile is a block of rows times a group of panels; the split depends on shapes only. Tiles of one panel
// follow each other, so that threads which work at the same time share B in the cache; after kRowGroup row
// blocks follow those of the next panels, so that the rows of A in use stay in the cache, too. For one row
// (decoding) the same code reads B once, as fast as memory allows.
//
// Precision: float16 weights, and int8 weights where a is float32, are converted to float32 as they are read.
// So are bfloat16 weights; but on an instruction set that multiplies pairs of bfloat16, a is rounded to
// bfloat16 instead, once a tile: then |error| <= (2^-8 + 2^-18 + (K / 2 + 2) 2^-23) * sum |a b|. Products of
// quantized rows and int8 weights are exact: |error| <= sum(|a|) columnScale / 2 + sum(|b|) rowScale / 2 + K
// rowScale columnScale / 4, and the rounding of five float32 operations.
//
// On one core with AVX-512 (Zen 4), at the shapes of ViT-B/16: 94% of the peak of float32, in float16 too,
// 82% of that of bfloat16 and 86% of that of int8, gelu included (bench/results).
#include "quantized.h"

namespace saccade {
namespace {

constexpr int64_t kRowGroup = 8;
// Multiply-adds of a tile: enough that claiming it costs little. Reading B counts as kReadRows further rows.
constexpr int64_t kTileWork = 1 << 20;
constexpr int64_t kReadRows = 8;
// Rounding a tile's rows to bfloat16 costs 4% of the work of one panel: a tile has at least so many, if it
// can.
constexpr int64_t kBfloat16Panels = 4;
// A tile gets more than one panel only if there are this many tiles: 4 threads then end within 3% of each
// other.
constexpr int64_t kMinTiles = 32;

struct Plan {
  PackedShape b;
  int64_t batch, m;  // after folding
  int64_t aStride[3], outStride[2], residualStride[2];
  int64_t rowBlock, rowBlocks;  // rows of a tile (less in the last), tiles along the rows
  int64_t panels, panelGroups;  // panels of a tile (less in the last), tiles along the columns
  bool shared;                  // one b for the whole batch
  bool quantized;               // a comes from `quantize`
};

// Whether a batch can be folded into the rows of one matrix: then many small products with one b become one.
bool folds(const View& v, int64_t batch, int64_t m) {
  return isAbsent(v) || batch == 1 || m == 1 || v.stride[0] == m * v.stride[1];
}

Plan planOf(const Call& call) {
  const View &out = call.view[0], &a = call.view[1], &residual = call.view[4];
  Plan plan;
  plan.b = {static_cast<int64_t>(call.attribute[0]), static_cast<int64_t>(call.attribute[1]),
            static_cast<Precision>(static_cast<int32_t>(call.attribute[4]))};
  plan.shared = call.attribute[2] == 1;
  plan.batch = out.dim[0];
  plan.m = out.dim[1];
  for (int axis = 0; axis < 3; axis++) plan.aStride[axis] = a.stride[axis];
  for (int axis = 0; axis < 2; axis++) {
    plan.outStride[axis] = out.stride[axis];
    plan.residualStride[axis] = isAbsent(residual) ? 0 : residual.stride[axis];
  }
  if (plan.shared && folds(a, plan.batch, plan.m) && folds(out, plan.batch, plan.m) &&
      folds(residual, plan.batch, plan.m)) {
    if (plan.m == 1) {
      plan.aStride[1] = plan.aStride[0];
      plan.outStride[1] = plan.outStride[0];
      plan.residualStride[1] = plan.residualStride[0];
    }
    plan.m *= plan.batch;
    plan.batch = 1;
  }
  plan.rowBlocks = (plan.m + kTileRows - 1) / kTileRows;
  plan.rowBlock = roundUp((plan.m + plan.rowBlocks - 1) / plan.rowBlocks, kMicroRows);
  plan.rowBlocks = (plan.m + plan.rowBlock - 1) / plan.rowBlock;
  plan.quantized = a.dtype == DType::uint8;
  const bool byPairs = multipliesBfloat16(plan.b.precision);
  // Multiply-adds of narrow elements in the time of one of float32.
  const int64_t speed = plan.quantized ? (kByteProducts ? 4 : 2) : byPairs ? 2 : 1;
  const int64_t panelWork = (min(plan.rowBlock, plan.m) + kReadRows) * kMicroColumns * plan.b.k;
  int64_t maxPanels = kTileWork * speed / panelWork;
  if (byPairs) maxPanels = max(maxPanels, kBfloat16Panels);
  maxPanels = max(min(maxPanels, plan.batch * plan.rowBlocks * plan.b.panels() / kMinTiles), 1);
  maxPanels = min(maxPanels, min(kTilePanels, plan.b.panels()));
  plan.panelGroups = (plan.b.panels() + maxPanels - 1) / maxPanels;
  plan.panels = (plan.b.panels() + plan.panelGroups - 1) / plan.panelGroups;
  plan.panelGroups = (plan.b.panels() + plan.panels - 1) / plan.panels;
  return plan;
}

int64_t tiles(const Call& call) {
  const Plan plan = planOf(call);
  return plan.batch * plan.rowBlocks * plan.panelGroups;
}

int64_t scratch(const Call& call) {
  const Plan plan = planOf(call);
  const int64_t sums = sumsSize(plan.rowBlock, plan.panels);
  if (plan.quantized) return 4 * (sums + plan.rowBlock * widenedStride(plan.b.k));
  const int64_t copied = plan.aStride[2] == 1 ? 0 : plan.rowBlock * kBlockK;
  return 4 * (sums + narrowSize(plan.rowBlock, plan.b.precision) + copied);
}

// Copies rows of `a` whose columns are not contiguous, so that they are.
void copyRows(const float* a, int64_t rowStride, int64_t columnStride, int64_t rows, int64_t columns,
              float* out) {
  F block[kLanes];
  for (int64_t row = 0; row < rows; row += kLanes) {
    for (int64_t column = 0; column < columns; column += kLanes) {
      const int64_t count = min(kLanes, rows - row), lanes = min(kLanes, columns - column);
      loadBlock<ReadFloat32>(a + row * rowStride + column * columnStride, rowStride, columnStride, count,
                             lanes, block);
      for (int64_t i = 0; i < count; i++) store(out + (row + i) * kBlockK + column, block[i]);
    }
  }
}

// Which rows of which batch, times which panels.
struct Tile {
  int64_t batch, row, rows, panel, panels;
};

Tile tileOf(const Plan& plan, int64_t index) {
  // Tiles are ordered by batch, group of row blocks, group of panels, row block.
  const int64_t perBatch = plan.rowBlocks * plan.panelGroups;
  const int64_t batch = index / perBatch, inBatch = index % perBatch;
  const int64_t group = inBatch / (kRowGroup * plan.panelGroups);
  const int64_t groupBlocks = min(kRowGroup, plan.rowBlocks - group * kRowGroup);
  const int64_t inGroup = inBatch - group * kRowGroup * plan.panelGroups;
  const int64_t panel = inGroup / groupBlocks * plan.panels;
  const int64_t row = (group * kRowGroup + inGroup % groupBlocks) * plan.rowBlock;
  return {batch, row, min(plan.rowBlock, plan.m - row), panel, min(plan.panels, plan.b.panels() - panel)};
}

// Writes columns `column`... of a tile's output.
template <class Sums>
void finish(const Call& call, const Plan& plan, const Tile& tile, int64_t column, const Sums& sums) {
  const View &bias = call.view[3], &residual = call.view[4];
  const Epilogue epilogue{static_cast<float>(call.attribute[5]),
                          isAbsent(bias) ? nullptr : reinterpret_cast<const float*>(bias.data) + column,
                          static_cast<Unary>(static_cast<int32_t>(call.attribute[3]))};
  float* out = reinterpret_cast<float*>(call.view[0].data) + tile.batch * plan.outStride[0] + column;
  const float* added = isAbsent(residual) ? nullptr
                                          : reinterpret_cast<const float*>(residual.data) +
                                                tile.batch * plan.residualStride[0] + column;
  finishPanel(
      sums, tile.rows, min(kMicroColumns, plan.b.n - column), epilogue,
      [&](int64_t i) { return out + (tile.row + i) * plan.outStride[1]; },
      [&](int64_t i) { return added ? added + (tile.row + i) * plan.residualStride[1] : nullptr; });
}

Target targetOf(const Call& call, const Plan& plan, const Tile& tile) {
  return {reinterpret_cast<const float*>(call.view[0].data) + tile.batch * plan.outStride[0] +
              tile.row * plan.outStride[1] + tile.panel * kMicroColumns,
          plan.outStride[1]};
}

void runFloat(const Call& call, const Plan& plan, const Tile& tile, const char* b, float* scratch) {
  const float* a = reinterpret_cast<const float*>(call.view[1].data) + tile.batch * plan.aStride[0] +
                   tile.row * plan.aStride[1];
  float* narrow = scratch + sumsSize(plan.rowBlock, plan.panels);
  float* copied = narrow + narrowSize(plan.rowBlock, plan.b.precision);
  const auto rowsAt = [&](int64_t k, int64_t length) -> Rows {
    if (plan.aStride[2] == 1) return {a + k, plan.aStride[1], nullptr, 0};
    copyRows(a + k * plan.aStride[2], plan.aStride[1], plan.aStride[2], tile.rows, length, copied);
    return {copied, kBlockK, nullptr, 0};
  };
  multiplyTile(plan.b, b, tile.rows, tile.panel, tile.panels, rowsAt, narrow, targetOf(call, plan, tile),
               scratch, [&](int64_t panel, const FloatSums& sums) {
                 finish(call, plan, tile, (tile.panel + panel) * kMicroColumns, sums);
               });
}

void runQuantized(const Call& call, const Plan& plan, const Tile& tile, const char* b, char* scratch) {
  const char* a = call.view[1].data + tile.batch * plan.aStride[0] + tile.row * plan.aStride[1];
  auto* sums = reinterpret_cast<int32_t*>(scratch);
  const auto* offsets = reinterpret_cast<const int32_t*>(b + plan.b.offsetsOffset());
  multiplyQuantized(
      plan.b, b, tile.rows, tile.panel, tile.panels, a, plan.aStride[1],
      sums + sumsSize(plan.rowBlock, plan.panels), targetOf(call, plan, tile), sums, [&](int64_t panel) {
        const int64_t column = (tile.panel + panel) * kMicroColumns;
        finish(call, plan, tile, column,
               QuantizedSums{sums + panel * kMicroColumns, tile.panels * kMicroColumns, offsets + column,
                             scalesOf(plan.b, b) + column, a, plan.aStride[1]});
      });
}

Status run(const Call& call, int64_t index, char* scratch) {
  const Plan plan = planOf(call);
  const Tile tile = tileOf(plan, index);
  const char* b = call.view[2].data + (plan.shared ? 0 : tile.batch * plan.b.batchBytes());
  if (plan.quantized) {
    runQuantized(call, plan, tile, b, scratch);
  } else {
    runFloat(call, plan, tile, b, reinterpret_cast<float*>(scratch));
  }
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(gemm);
constexpr Kernel SACCADE_KERNEL(gemm){tiles, scratch, run};

}  // namespace saccade
