// gemm of float16 or bfloat16 activations and weights of the same type, on tensor cores (sm_80: ldmatrix,
// mma.sync, cp.async). A block of 4 warps computes 64 x 64 results, each warp 32 x 32, in slices of 32 along
// K that are copied kStages - 1 ahead. Shared memory: 3 stages of 2 * 64 * 32 * 2 bytes, 24 KB.
//
// A row of a slice is 64 bytes, 4 pieces of 16. Piece p of row r is stored at p ^ (r / 2 % 4): then the 8
// rows that ldmatrix reads at once are in different banks, as two rows take all 32.
//
// Each sum takes its products in the order of k, 16 at a time, wherever it is in a tile.
#include "device/copy_async.h"
#include "device/index.h"
#include "device/matrix.h"
#include "device/sync.h"
#include "gemm.h"
#include "types.h"
#include "walk.h"

namespace saccade::cuda {
namespace {

constexpr int32_t kLines = 64;  // rows, and columns, of a tile
constexpr int32_t kStep = 32;   // of a slice, along K
constexpr int32_t kStages = 3;
constexpr int32_t kThreads = 128;
constexpr int32_t kPiece = 8;  // elements that are copied at once
constexpr int32_t kPieces = kStep / kPiece;
constexpr int32_t kStageElements = kLines * kStep;
constexpr int32_t kOperandBytes = kStages * kStageElements * 2;
constexpr int32_t kSharedBytes = sharedBytesOf(kOperandBytes, kOperandBytes);
static_assert(kSharedBytes <= kMaxSharedBytes);

constexpr int32_t swizzled(int32_t line, int32_t piece) {
  return line * kStep + (piece ^ (line / 2 % kPieces)) * kPiece;
}

// Whether the 8 lines that ldmatrix reads at once are in the 8 groups of 4 banks, each in its own.
constexpr bool isFreeOfConflicts() {
  for (int32_t first = 0; first < kLines; first += 8) {
    for (int32_t piece = 0; piece < kPieces; ++piece) {
      uint32_t groups = 0;
      for (int32_t line = first; line < first + 8; ++line)
        groups |= 1u << (swizzled(line, piece) / kPiece % 8);
      if (groups != 0xff) return false;
    }
  }
  return true;
}
static_assert(isFreeOfConflicts());

// The results of a warp.
struct Sums {
  float at[2][4][4] = {};  // rows of 16, columns of 8, elements of the lane
};

// Adds the products of a slice whose elements are at `stage` in shared memory.
template <class T>
SACCADE_DEVICE void multiplySlice(Sums& sums, const Shared<T>& a, const Shared<T>& b, int32_t stage,
                                  int32_t row, int32_t column) {
  const int32_t lane = laneIndex();
  SACCADE_UNROLL
  for (int32_t piece = 0; piece < kPieces; piece += 2) {
    uint32_t left[2][4], right[2][4];
    SACCADE_UNROLL
    for (int32_t i = 0; i < 2; ++i) {
      loadMatrices<4, false>(left[i], a, stage + swizzled(row + i * 16 + lane % 16, piece + lane / 16));
      // Two columns of 8, each for both halves of the 16 along K.
      loadMatrices<4, false>(
          right[i], b, stage + swizzled(column + i * 16 + lane / 16 * 8 + lane % 8, piece + lane / 8 % 2));
    }
    SACCADE_UNROLL
    for (int32_t i = 0; i < 2; ++i) {
      SACCADE_UNROLL
      for (int32_t j = 0; j < 4; ++j) {
        const uint32_t pair[2] = {right[j / 2][j % 2 * 2], right[j / 2][j % 2 * 2 + 1]};
        multiply16<T>(sums.at[i][j], left[i], pair);
      }
    }
  }
}

// kAligned: pieces of a are contiguous and at multiples of 16 bytes, and K is a multiple of them. Else they
// are put together from elements; the products are the same.
template <class T, bool kAligned>
SACCADE_GLOBAL(kThreads)
void gemmTensor(const GemmArguments arguments) {
  SharedMemory memory;
  const Shared<T> a = memory.take<T>(kStages * kStageElements), b = memory.take<T>(kStages * kStageElements);
  const View &out = arguments.epilogue.out, &residual = arguments.epilogue.residual, &from = arguments.a;
  const PackedShape& shape = arguments.shape;
  const int64_t m = out.dim[1], n = out.dim[2], steps = (shape.k + kStep - 1) / kStep;
  const int64_t rowTiles = (m + kLines - 1) / kLines, columnTiles = (n + kLines - 1) / kLines;
  const int32_t row = warpIndex() / 2 * 32, column = warpIndex() % 2 * 32, lane = laneIndex();
  forBlocks(out.dim[0] * rowTiles * columnTiles, [&](int64_t tile) {
    const int64_t batch = tile / columnTiles / rowTiles;
    const int64_t row0 = tile / columnTiles % rowTiles * kLines, column0 = tile % columnTiles * kLines;
    const Global<const T> source = globalOf<const T>(from) + batch * from.stride[0];
    const Global<const T> weights =
        (globalOf<const char>(arguments.b) + (arguments.shared ? 0 : batch * shape.batchBytes)).as<const T>();

    const auto start = [&](int64_t step) {
      const int32_t stage = static_cast<int32_t>(step % kStages) * kStageElements;
      for (int32_t i = threadIndex(); i < kLines * kPieces && step < steps; i += kThreads) {
        const int32_t line = i / kPieces, piece = i % kPieces, to = stage + swizzled(line, piece);
        const int64_t k = step * kStep + piece * kPiece;
        const bool inRows = row0 + line < m;
        if constexpr (kAligned) {
          copyAsync16(a, to, source, (row0 + line) * from.stride[1] + k, inRows && k < shape.k);
        } else {
          Vector<T, kPiece> elements{};
          for (int32_t e = 0; e < kPiece; ++e) {
            if (inRows && k + e < shape.k)
              elements[e] = source.read((row0 + line) * from.stride[1] + (k + e) * from.stride[2]);
          }
          a.template writeVector<kPiece>(to, elements);
        }
        copyAsync16(b, to, weights, (column0 + line) * shape.columnElements + k, column0 + line < n);
      }
      commitCopies();
    };

    syncThreads();  // all have read the slices of the tile before
    for (int32_t step = 0; step < kStages - 1; ++step) start(step);
    Sums sums;
    for (int64_t step = 0; step < steps; ++step) {
      waitCopies<kStages - 2>();
      syncThreads();  // the slice is there for all, and all have read the one that is overwritten next
      start(step + kStages - 1);
      multiplySlice(sums, a, b, static_cast<int32_t>(step % kStages) * kStageElements, row, column);
    }
    waitCopies<0>();

    // Unrolled, so that the sums stay in registers.
    SACCADE_UNROLL
    for (int32_t i = 0; i < 2; ++i) {
      SACCADE_UNROLL
      for (int32_t j = 0; j < 4; ++j) {
        SACCADE_UNROLL
        for (int32_t element = 0; element < 4; ++element) {
          const Place place = placeInC(lane, element);
          const int64_t y = row0 + row + i * 16 + place.row, x = column0 + column + j * 8 + place.column;
          if (y >= m || x >= n) continue;
          arguments.epilogue.write<T>(sums.at[i][j][element], x,
                                      batch * out.stride[0] + y * out.stride[1] + x,
                                      batch * residual.stride[0] + y * residual.stride[1] + x);
        }
      }
    }
  });
}

bool isAligned(const View& a, int64_t k) {
  return a.stride[2] == 1 && k % kPiece == 0 && a.stride[0] % kPiece == 0 && a.stride[1] % kPiece == 0 &&
         reinterpret_cast<uintptr_t>(a.data) % 16 == 0;
}

}  // namespace

bool launchTensor(const GemmArguments& arguments, Launcher& launcher) {
  const View& out = arguments.epilogue.out;
  const auto tiles = [](int64_t lines) { return (lines + kLines - 1) / kLines; };
  const Grid grid = gridOf(out.dim[0] * tiles(out.dim[1]) * tiles(out.dim[2]));
  const bool aligned = isAligned(arguments.a, arguments.shape.k);
  const auto launch = [&](void (*kernel)(GemmArguments)) {
    launcher.launch(kernel, grid, kThreads, kSharedBytes, arguments);
    return true;
  };
  if (out.dtype == DType::bfloat16 && arguments.shape.precision == Precision::bfloat16)
    return launch(aligned ? gemmTensor<Bfloat16, true> : gemmTensor<Bfloat16, false>);
  if (out.dtype == DType::float16 && arguments.shape.precision == Precision::float16)
    return launch(aligned ? gemmTensor<Float16, true> : gemmTensor<Float16, false>);
  return false;
}

}  // namespace saccade::cuda
