// The emulation of a GPU (native/cuda/emulation): what its instructions compute, and that it finds faults
// which were planted on purpose.
#include <doctest/doctest.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "../../native/cuda/device/atomic.h"
#include "../../native/cuda/device/copy_async.h"
#include "../../native/cuda/device/index.h"
#include "../../native/cuda/device/matrix.h"
#include "../../native/cuda/device/memory.h"
#include "../../native/cuda/device/number.h"
#include "../../native/cuda/device/sync.h"
#include "../../native/cuda/device/warp.h"
#include "../../native/runtime/error.h"
#include "cuda_kernel.h"

using namespace saccade;
using namespace saccade::cuda;
using namespace saccade::testing;

namespace {

// C [m, n] = A [m, k] B' [n, k], for m and n up to 16, by two warps with 8 columns each. The next 32 columns
// of A and B are copied while those before are multiplied. A row of 64 bytes is stored as 4 pieces, swizzled
// so that the 8 rows which ldmatrix reads at once are in different banks.
enum class Plant { nothing, noWait, noBarrier, noBarrierBeforeReuse, wrongSwizzle, longTail };

struct ProductArguments {
  const uint16_t *a, *b;
  float* c;
  int32_t m, n, k;
};

constexpr int32_t kStep = 32, kPiece = 8, kStages = 2;

constexpr int32_t swizzled(int32_t row, int32_t piece) {
  return row * kStep + (piece ^ (row / 2 % 4)) * kPiece;
}

template <class T, Plant plant>
SACCADE_GLOBAL(64)
void product(ProductArguments arguments) {
  SharedMemory memory;
  const Shared<T> tiles[2] = {memory.take<T>(kStages * 16 * kStep), memory.take<T>(kStages * 16 * kStep)};
  const Global<const T> sources[2] = {Global<const T>(reinterpret_cast<const T*>(arguments.a)),
                                      Global<const T>(reinterpret_cast<const T*>(arguments.b))};
  const int32_t rows[2] = {arguments.m, arguments.n};
  const int32_t steps = (arguments.k + kStep - 1) / kStep, lane = laneIndex();
  const auto start = [&](int32_t step) {
    const int32_t row = threadIndex() / 4, piece = threadIndex() % 4, column = step * kStep + piece * kPiece;
    const int32_t end = arguments.k + (plant == Plant::longTail ? kPiece : 0);
    for (int32_t i = 0; i < 2 && step < steps; ++i) {
      copyAsync16(tiles[i], step % kStages * 16 * kStep + swizzled(row, piece), sources[i],
                  int64_t{row} * arguments.k + column, row < rows[i] && column < end);
    }
    commitCopies();
  };
  float c[4] = {};
  start(0);
  for (int32_t step = 0; step < steps; ++step) {
    start(step + 1);
    if (plant != Plant::noWait) waitCopies<1>();
    if (plant != Plant::noBarrier) syncThreads();
    const int32_t stage = step % kStages * 16 * kStep;
    for (int32_t half = 0; half < 2; ++half) {
      uint32_t a[4], b[2];
      const int32_t row = lane % 16, piece = half * 2 + lane / 16;
      loadMatrices<4, false>(
          a, tiles[0],
          stage + (plant == Plant::wrongSwizzle ? row * kStep + piece * kPiece : swizzled(row, piece)));
      loadMatrices<2, false>(b, tiles[1],
                             stage + swizzled(warpIndex() * 8 + lane % 8, half * 2 + lane / 8 % 2));
      multiply16<T>(c, a, b);
    }
    if (plant != Plant::noBarrierBeforeReuse) syncThreads();
  }
  waitCopies<0>();
  const Global<float> out(arguments.c);
  for (int32_t i = 0; i < 4; ++i) {
    const Place place = placeInC(lane, i);
    const int32_t column = warpIndex() * 8 + place.column;
    if (place.row < arguments.m && column < arguments.n) out.write(place.row * arguments.n + column, c[i]);
  }
}

// The largest difference from the product in float64; throws what the emulation finds.
template <class T, Plant plant>
double errorOfProduct(int32_t m, int32_t n, int32_t k) {
  const auto value = [](int32_t i) { return static_cast<float>(i * 7 % 11 - 5); };
  DeviceArray<T> a(m * k, [&](int32_t i) { return roundTo<T>(value(i)); });
  DeviceArray<T> b(n * k, [&](int32_t i) { return roundTo<T>(value(i + 3)); });
  DeviceArray<float> c(m * n, [](int32_t) { return -1.0f; });
  launch(product<T, plant>, {}, 64, sharedBytesOf(kStages * 16 * kStep * 2, kStages * 16 * kStep * 2),
         {reinterpret_cast<uint16_t*>(a.data()), reinterpret_cast<uint16_t*>(b.data()), c.data(), m, n, k});
  double error = 0;
  for (int32_t i = 0; i < m * n; ++i) {
    double sum = 0;
    for (int32_t j = 0; j < k; ++j) sum += double{toFloat(a[i / n * k + j])} * toFloat(b[i % n * k + j]);
    error = std::max(error, std::abs(sum - c[i]));
  }
  return error;
}

template <Plant plant>
std::string faultOfProduct() {
  return faultOf([] { errorOfProduct<Bfloat16, plant>(16, 16, 128); });
}

}  // namespace

TEST_CASE(
    "a product with asynchronous copies, ldmatrix and mma is exact at ragged sizes, in any order of "
    "threads") {
  for (const auto& [m, n, k] :
       std::vector<std::array<int32_t, 3>>{{16, 16, 32}, {1, 1, 8}, {13, 9, 72}, {16, 16, 128}}) {
    for (uint32_t seed = 1; seed <= 5; ++seed) {
      emulation::seed(seed);
      CHECK(errorOfProduct<Bfloat16, Plant::nothing>(m, n, k) == 0);
      CHECK(errorOfProduct<Float16, Plant::nothing>(m, n, k) == 0);
    }
  }
}

TEST_CASE("planted faults are found: missing wait, missing barriers, wrong swizzle, tail that is too long") {
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    emulation::seed(seed);
    CHECK(faultOfProduct<Plant::nothing>() == "");
    CHECK(contains(faultOfProduct<Plant::noWait>(), "an asynchronous copy of thread"));
    CHECK(contains(faultOfProduct<Plant::noBarrier>(), "shared byte"));
    CHECK(contains(faultOfProduct<Plant::noBarrierBeforeReuse>(), "race: writes shared byte"));
    CHECK(contains(faultOf([] { errorOfProduct<Bfloat16, Plant::longTail>(16, 16, 72); }), "outside its"));
    CHECK(errorOfProduct<Bfloat16, Plant::wrongSwizzle>(16, 16, 128) > 1);
  }
}

namespace {

struct Numbers {
  float* out;
};

SACCADE_GLOBAL(64)
void tf32Product(Numbers numbers) {
  // a[i][k] = i + k, b[k][j] = k - j; with a fraction that tf32 does not have.
  float a[4], b[2], c[4] = {};
  const int32_t lane = laneIndex();
  for (int32_t i = 0; i < 4; ++i)
    a[i] = toTf32(static_cast<float>(placeInA32(lane, i).row + placeInA32(lane, i).column) * (1 + 0x1p-20f));
  for (int32_t i = 0; i < 2; ++i)
    b[i] = toTf32(static_cast<float>(placeInB32(lane, i).row - placeInB32(lane, i).column));
  multiplyTf32(c, a, b);
  for (int32_t i = 0; i < 4; ++i)
    Global<float>(numbers.out).write(placeInC(lane, i).row * 8 + placeInC(lane, i).column, c[i]);
}

SACCADE_GLOBAL(64)
void transposed(Numbers numbers) {
  SharedMemory memory;
  const Shared<Float16> tiles = memory.take<Float16>(128);
  const int32_t lane = laneIndex(), tile = warpIndex() * 64;
  for (int32_t i = lane; i < 64; i += kWarp) tiles.write(tile + i, roundTo<Float16>(static_cast<float>(i)));
  syncWarp();
  uint32_t pair[1];
  loadMatrices<1, true>(pair, tiles, tile + lane % 8 * 8);
  for (int32_t i = 0; i < 2; ++i) {
    const Place place = placeIn8x8(lane, i);
    const Float16 value{static_cast<uint16_t>(pair[0] >> (16 * i))};
    Global<float>(numbers.out).write(place.row * 8 + place.column, toFloat(value));
  }
}

SACCADE_GLOBAL(64)
void exchanged(Numbers numbers) {
  const int32_t thread = threadIndex(), lane = laneIndex();
  const Global<float> out(numbers.out);
  const float sum = warpReduce(static_cast<float>(thread), [](float a, float b) { return a + b; });
  out.write(thread, sum);
  out.write(64 + thread, shuffle(static_cast<float>(thread), lane + 1));
  out.write(128 + thread, static_cast<float>(vote(lane == 3 || lane == 0)));
}

// The second warp waits for what the first one wrote; the first does not wait.
template <bool kBarrier>
SACCADE_GLOBAL(64)
void handedOver(Numbers numbers) {
  SharedMemory memory;
  const Shared<float> values = memory.take<float>(32);
  if (warpIndex() == 0) {
    values.write(laneIndex(), static_cast<float>(laneIndex()));
    if (kBarrier) arriveNamed(1, 64);
  } else {
    if (kBarrier) syncNamed(1, 64);
    Global<float>(numbers.out).write(laneIndex(), values.read(31 - laneIndex()));
  }
}

SACCADE_GLOBAL(64)
void writtenAfterArrival(Numbers numbers) {
  SharedMemory memory;
  const Shared<float> values = memory.take<float>(32);
  if (warpIndex() == 0) {
    arriveNamed(1, 64);
    values.write(laneIndex(), 1);
  } else {
    syncNamed(1, 64);
    syncWarp();
    Global<float>(numbers.out).write(laneIndex(), values.read(laneIndex()));
  }
}

SACCADE_GLOBAL(64)
void endsEarly(Numbers) {
  if (threadIndex() == 5) return;
  syncThreads();
}

SACCADE_GLOBAL(64)
void diverges(Numbers numbers) {
  if (laneIndex() < 16) {
    Global<float>(numbers.out).write(0, shuffle(1.0f, 0));
  } else {
    syncWarp();
  }
}

SACCADE_GLOBAL(64)
void racesInWarp(Numbers numbers) {
  SharedMemory memory;
  const Shared<float> values = memory.take<float>(64);
  values.write(threadIndex(), 1);
  Global<float>(numbers.out).write(threadIndex(), values.read(threadIndex() ^ 1));
}

SACCADE_GLOBAL(64)
void writesTwice(Numbers) {
  SharedMemory memory;
  memory.take<float>(64).write(threadIndex() / 2, 1);
}

SACCADE_GLOBAL(64)
void readsUnwritten(Numbers numbers) {
  SharedMemory memory;
  Global<float>(numbers.out).write(threadIndex(), memory.take<float>(64).read(threadIndex()));
}

SACCADE_GLOBAL(64)
void readsPastArray(Numbers) {
  SharedMemory memory;
  const Shared<float> values = memory.take<float>(32);
  memory.take<float>(32);
  values.write(threadIndex(), 1);
}

SACCADE_GLOBAL(64)
void takesTooMuch(Numbers) {
  SharedMemory memory;
  memory.take<float>(65);
}

SACCADE_GLOBAL(64)
void leavesCopies(Numbers numbers) {
  SharedMemory memory;
  copyAsync16(memory.take<float>(64), 0, Global<const float>(numbers.out), 0, threadIndex() == 0);
  commitCopies();
}

SACCADE_GLOBAL(64)
void misaligned(Numbers numbers) {
  Global<float>(numbers.out).writeVector<4>(1, {});
}

SACCADE_GLOBAL(64)
void pastAllocation(Numbers numbers) {
  Global<float>(numbers.out).write(static_cast<int64_t>(threadIndex()) + 129, 0);
}

std::string faultOf(void (*kernel)(Numbers)) {
  DeviceArray<float> out(192, [](int32_t) { return 0.0f; });
  return testing::faultOf([&] { launch(kernel, {}, 64, 256, {out.data()}); });
}

std::vector<float> resultOf(void (*kernel)(Numbers)) {
  DeviceArray<float> out(192, [](int32_t) { return 0.0f; });
  launch(kernel, {}, 64, 256, {out.data()});
  std::vector<float> values;
  for (int32_t i = 0; i < 192; ++i) values.push_back(out[i]);
  return values;
}

}  // namespace

TEST_CASE("warp instructions compute what the PTX manual says") {
  const std::vector<float> product = resultOf(tf32Product);
  for (int32_t i = 0; i < 128; ++i) {
    float sum = 0;
    for (int32_t k = 0; k < 8; ++k) sum += static_cast<float>((i / 8 + k) * (k - i % 8));
    CHECK(product[static_cast<size_t>(i)] == sum);
  }
  const std::vector<float> turned = resultOf(transposed);
  for (int32_t i = 0; i < 64; ++i)
    CHECK(turned[static_cast<size_t>(i)] == static_cast<float>(i % 8 * 8 + i / 8));
  const std::vector<float> values = resultOf(exchanged);
  for (int32_t thread = 0; thread < 64; ++thread) {
    const auto at = static_cast<size_t>(thread);
    CHECK(values[at] == (thread < 32 ? 496 : 496 + 32 * 32));
    CHECK(values[64 + at] == static_cast<float>(thread / 32 * 32 + (thread + 1) % 32));
    CHECK(values[128 + at] == 9);
  }
}

TEST_CASE("a named barrier orders what one warp writes before what another reads") {
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    emulation::seed(seed);
    CHECK(resultOf(handedOver<true>)[0] == 31);
    CHECK(contains(faultOf(handedOver<false>), "shared byte"));
    CHECK(contains(faultOf(writtenAfterArrival), "shared byte"));
  }
}

TEST_CASE("faults of threads are found and name the block and the thread") {
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    emulation::seed(seed);
    CHECK(contains(faultOf(endsEarly), "deadlock: 63 threads wait, such as at a barrier, and 1 have ended"));
    CHECK(contains(faultOf(diverges), "of its warp are at"));
    CHECK(contains(faultOf(racesInWarp), "shared byte"));
    CHECK(contains(faultOf(writesTwice), "race: writes shared byte"));
    CHECK(contains(faultOf(readsUnwritten), "which nothing has written"));
    CHECK(contains(faultOf(readsPastArray), "of a shared array of 32"));
    CHECK(contains(faultOf(takesTooMuch), "takes 260 bytes of shared memory, was launched with 256"));
    CHECK(contains(faultOf(leavesCopies), "ends before its asynchronous copies"));
    CHECK(contains(faultOf(misaligned), "no multiple of them"));
    CHECK(contains(faultOf(pastAllocation),
                   "emulated kernel, block 0 0 0: thread 63 writes 4 bytes of global memory"));
  }
  // The emulation goes on after a fault.
  CHECK(resultOf(exchanged)[0] == 496);
}

TEST_CASE("fragments cover their matrices, each element once") {
  const auto covers = [](int32_t rows, int32_t columns, int32_t each, Place (*place)(int32_t, int32_t)) {
    std::vector<int32_t> count(static_cast<size_t>(rows * columns));
    for (int32_t lane = 0; lane < 32; ++lane) {
      for (int32_t i = 0; i < each; ++i)
        ++count[static_cast<size_t>(place(lane, i).row * columns + place(lane, i).column)];
    }
    return count == std::vector<int32_t>(count.size(), 1);
  };
  CHECK(covers(16, 16, 8, placeInA16));
  CHECK(covers(16, 8, 4, placeInB16));
  CHECK(covers(16, 8, 4, placeInA32));
  CHECK(covers(8, 8, 2, placeInB32));
  CHECK(covers(16, 8, 4, placeInC));
  CHECK(covers(8, 8, 2, placeIn8x8));
}
