// The thread pool: every tile once, on no more threads than asked, again and again.
#include "../../native/cpu/device/pool.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

using namespace saccade;

namespace {

struct Count {
  explicit Count(int64_t tiles) : times(static_cast<size_t>(tiles)) {}
  std::vector<std::atomic<int>> times;
  std::atomic<int32_t> highest{0};
  std::chrono::microseconds work{0};
};

void count(void* context, int64_t tile, int32_t thread) {
  Count& counts = *static_cast<Count*>(context);
  ++counts.times[static_cast<size_t>(tile)];
  int32_t highest = counts.highest;
  while (thread > highest && !counts.highest.compare_exchange_weak(highest, thread)) continue;
  if (counts.work.count() > 0) std::this_thread::sleep_for(counts.work);
}

bool allOnce(const Count& counts) {
  for (const auto& times : counts.times) {
    if (times != 1) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("every tile is run once, by no more threads than asked") {
  Pool pool;
  CHECK(pool.reserve(4) == 4);
  for (const int32_t threads : {1, 2, 3, 4, 9}) {
    for (const int64_t tiles : {0, 1, 2, 3, 4, 5, 100, 1000}) {
      Count counts(tiles);
      pool.run(tiles, threads, count, &counts);
      CHECK(allOnce(counts));
      CHECK(counts.highest < std::min(threads, 4));
    }
  }
}

TEST_CASE("jobs follow each other without a tile lost or run twice") {
  Pool pool;
  pool.reserve(4);
  for (int round = 0; round < 20000; ++round) {
    Count counts(1 + round % 7);
    pool.run(static_cast<int64_t>(counts.times.size()), 1 + round % 4, count, &counts);
    REQUIRE(allOnce(counts));
  }
}

TEST_CASE("workers that went to sleep are woken") {
  Pool pool;
  pool.reserve(4);
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    Count counts(8);
    counts.work = std::chrono::milliseconds(2);
    pool.run(8, 4, count, &counts);
    CHECK(allOnce(counts));
    CHECK(counts.highest > 0);
  }
}

TEST_CASE("a pool ends while its workers spin or sleep") {
  for (int round = 0; round < 100; ++round) {
    Pool pool;
    pool.reserve(3);
    Count counts(3);
    if (round % 2 == 0) pool.run(3, 3, count, &counts);
    if (round % 5 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}
