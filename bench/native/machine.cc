#include "machine.h"

#include <string.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "../../native/cpu/device/isa.h"
#include "../../native/runtime/machine.h"
#include "clock.h"
#include "steps.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace saccade::bench {
namespace {

constexpr double kBurstSeconds = 4e-3;
// Tiles of a burst: enough that threads that are held up leave theirs to others.
constexpr int64_t kTilesOfThread = 16;
constexpr int64_t kCopyBytes = 1 << 20;
// How far before its turn a line is fetched: one core alone copies a tenth faster so.
constexpr int64_t kFetchAhead = 4 << 10;
// Two of these fit the second-level cache of any processor with one.
constexpr int64_t kCachedBytes = 96 << 10;

typedef int64_t Vector __attribute__((vector_size(16)));
volatile int64_t sink;

void readAll(const char* data, int64_t bytes) {
  // No more sums than registers: kept in memory they cost a quarter of the bandwidth.
  Vector sums[8] = {};
  for (int64_t i = 0; i < bytes; i += static_cast<int64_t>(sizeof sums)) {
    for (int j = 0; j < 8; ++j) sums[j] += reinterpret_cast<const Vector*>(data + i)[j];
  }
  for (int j = 1; j < 8; ++j) sums[0] += sums[j];
  sink = sums[0][0];
}

void copyPastCache(char* to, const char* from, int64_t bytes) {
#if defined(__x86_64__)
  for (int64_t i = 0; i < bytes; i += 64) {
    __builtin_prefetch(from + i + kFetchAhead);
    for (int64_t j = 0; j < 64; j += 16) {
      const __m128i part = _mm_load_si128(reinterpret_cast<const __m128i*>(from + i + j));
      _mm_stream_si128(reinterpret_cast<__m128i*>(to + i + j), part);
    }
  }
  _mm_sfence();
#else
  memcpy(to, from, static_cast<size_t>(bytes));
#endif
}

}  // namespace

const char* nameOf(Peak peak) {
  constexpr const char* kNames[] = {"float32",    "bfloat16",    "int8", "copy",
                                    "plain copy", "cached copy", "read"};
  return kNames[static_cast<int32_t>(peak)];
}

bool isBandwidth(Peak peak) {
  return peak >= Peak::copy;
}

// A measurement: tiles, each of the same operations or bytes.
struct Machine::Burst {
  int64_t tiles;
  double work;  // of a tile
  Peak peak;
  Machine* machine;

  void run(int64_t tile) const {
    const int64_t piece = tile % (machine->from_.bytes() / kCopyBytes);
    char* from = machine->from_.data() + piece * kCopyBytes;
    char* to = machine->to_.data() + piece * kCopyBytes;
    switch (peak) {
      case Peak::copy:
        return copyPastCache(to, from, kCopyBytes);
      case Peak::plainCopy:
        memcpy(to, from, kCopyBytes);
        return;
      case Peak::read:
        return readAll(from, kCopyBytes);
      case Peak::cachedCopy:
        // The first round brings the two arrays in.
        for (int round = 0; round < 64; ++round) {
          memcpy(to, from, kCachedBytes);
          __asm__ __volatile__("" : : "r"(to) : "memory");
        }
        return;
      default:
        machine->loops_[static_cast<int32_t>(peak)].run(machine->steps_[static_cast<int32_t>(peak)]);
    }
  }
};

Machine::Machine() : from_(streamBytes(), Account::buffers), to_(streamBytes(), Account::buffers) {
  memset(from_.data(), 1, static_cast<size_t>(from_.bytes()));
  memset(to_.data(), 2, static_cast<size_t>(to_.bytes()));
  const std::string isa = kernels().isa;
  loops_[0] = float32Loop(isa);
  loops_[1] = bfloat16Loop(isa);
  loops_[2] = int8Loop(isa);
  calibrate();
}

// How many steps of each loop make a tile.
void Machine::calibrate() {
  constexpr int64_t kSteps = 20000;
  for (int32_t i = 0; i < 3; ++i) {
    if (loops_[i].missing) continue;
    double best = 1;
    for (int round = 0; round < 5; ++round) best = std::min(best, timed(1, [&] { loops_[i].run(kSteps); }));
    const double tile = kBurstSeconds / static_cast<double>(kTilesOfThread);
    steps_[i] = std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(kSteps) * tile / best));
  }
}

Machine::Burst Machine::burstOf(Peak peak, int32_t threads) {
  // Once through the arrays, whatever the threads: a second time, or only a part of them, would find some of
  // it in the cache.
  const int64_t pieces = from_.bytes() / kCopyBytes;
  const int64_t tiles = kTilesOfThread * threads;
  switch (peak) {
    case Peak::copy:
    case Peak::plainCopy:
      return {pieces, 2.0 * kCopyBytes, peak, this};
    case Peak::read:
      return {pieces, 1.0 * kCopyBytes, peak, this};
    case Peak::cachedCopy:
      return {tiles, 64 * 2.0 * kCachedBytes, peak, this};
    default: {
      const auto index = static_cast<int32_t>(peak);
      return {tiles, loops_[index].operations * static_cast<double>(steps_[index]), peak, this};
    }
  }
}

double Machine::measure(Peak peak, int32_t threads) {
  const Burst burst = burstOf(peak, threads);
  const auto runTiles = [&](int64_t tiles) {
    bench::run({[&] { return std::exchange(tiles, 0); }, [&](int64_t tile, Block&) { burst.run(tile); }},
               threads);
  };
  if (threads > 1) runTiles(2 * threads);  // wakes them
  const double seconds = timed(threads, [&] { runTiles(burst.tiles); });
  return static_cast<double>(burst.tiles) * burst.work / seconds;
}

double Machine::usual(Peak peak, int32_t threads) {
  const auto key = std::make_pair(peak, threads);
  const auto found = usual_.find(key);
  return found != usual_.end() ? found->second : usual_[key] = measure(peak, threads);
}

const char* Machine::missing(Peak peak) const {
  return isBandwidth(peak) ? nullptr : loops_[static_cast<int32_t>(peak)].missing;
}

std::vector<int32_t> Machine::threadCounts() const {
  if (usableCores() == 1) return {1};
  return {1, usableCores()};
}

int64_t Machine::cacheBytes() {
  // As the kernel knows it, such as "32768K": sysconf() says ten times that in some virtual machines.
  static const int64_t kilobytes = [] {
    std::ifstream file("/sys/devices/system/cpu/cpu0/cache/index3/size");
    int64_t value = 0;
    return file >> value && value > 0 ? value : int64_t{32} << 10;
  }();
  return kilobytes << 10;
}

}  // namespace saccade::bench
