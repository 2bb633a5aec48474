// The scheduler: every tile once, no more threads than a task allows, and fair shares. Time is counted in
// tiles, by a clock of the test's own.
#include "../../native/cpu/device/scheduler.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <thread>
#include <vector>

using namespace saccade;

namespace {

constexpr int64_t kMillisecond = 1'000'000;

std::atomic<int64_t> testTime{0};
int64_t testClock() {
  return testTime.load();
}

// How often each tile was run, and by how many threads at a time.
struct Record {
  std::vector<int64_t> steps;  // tiles of each
  std::vector<std::vector<std::atomic<int>>> times;
  std::atomic<int64_t> done{0};
  std::atomic<int32_t> present{0};
  std::atomic<int32_t> most{0};
  std::atomic<bool> stop{false};
  bool inOrder = true;
  std::promise<void> ended;
  std::function<void(int64_t)> onTile = [](int64_t) {};  // how many tiles were done before

  explicit Record(std::vector<int64_t> tiles) : steps(std::move(tiles)) {
    for (const int64_t count : steps) times.emplace_back(static_cast<size_t>(count));
  }
  int64_t tiles() const {
    int64_t sum = 0;
    for (const int64_t count : steps) sum += count;
    return sum;
  }
  bool allOnce() const {
    for (const auto& step : times) {
      for (const auto& count : step) {
        if (count != 1) return false;
      }
    }
    return inOrder;
  }
  void wait() { ended.get_future().wait(); }
};

class Recorded final : public Task {
 public:
  Recorded(Record& record, int32_t threads, std::shared_ptr<Usage> usage = std::make_shared<Usage>())
      : Task(threads, std::move(usage)), record_(record) {}

  bool begin(Block&) override { return true; }
  int64_t next() override {
    if (step_ >= 0 && record_.done != doneBefore_ + present()) record_.inOrder = false;
    if (step_ >= 0) doneBefore_ += present();
    do {
      if (++step_ == static_cast<int64_t>(record_.steps.size())) return 0;
    } while (present() == 0);
    return present();
  }
  void runTile(int64_t tile, Block&) override {
    const int32_t now = ++record_.present;
    int32_t most = record_.most;
    while (now > most && !record_.most.compare_exchange_weak(most, now)) continue;
    record_.onTile(record_.done);
    ++record_.times[static_cast<size_t>(step_)][static_cast<size_t>(tile)];
    --record_.present;
    ++record_.done;
  }
  bool stopped() const override { return record_.stop; }
  void end() override { record_.ended.set_value(); }

 private:
  int64_t present() const { return record_.steps[static_cast<size_t>(step_)]; }

  Record& record_;
  int64_t step_ = -1;
  int64_t doneBefore_ = 0;
};

std::optional<int64_t> nothing() {
  return std::nullopt;
}

void start(Scheduler& scheduler, Record& record, int32_t threads,
           std::shared_ptr<Usage> usage = std::make_shared<Usage>()) {
  scheduler.start(std::make_unique<Recorded>(record, threads, std::move(usage)));
}

void pause(std::chrono::microseconds time) {
  std::this_thread::sleep_for(time);
}

// A tile takes a millisecond of the test's time.
void takeTime(Record& record) {
  record.onTile = [](int64_t) { testTime += kMillisecond; };
}

}  // namespace

TEST_CASE("every tile is run once, step by step, by no more threads than the task allows") {
  Scheduler scheduler(4, nothing);
  for (const int32_t threads : {1, 2, 3, 4, 9}) {
    for (const int64_t tiles : {0, 1, 2, 3, 4, 5, 100, 1000}) {
      Record record({1, tiles, tiles / 2, 1, tiles});
      start(scheduler, record, threads);
      record.wait();
      CHECK(record.allOnce());
      CHECK(record.most <= threads);
    }
  }
}

TEST_CASE("tasks follow each other without a tile lost or run twice") {
  Scheduler scheduler(4, nothing);
  for (int round = 0; round < 20000; ++round) {
    Record record({1 + round % 7, 1, round % 5});
    start(scheduler, record, 1 + round % 4);
    record.wait();
    REQUIRE(record.allOnce());
  }
}

TEST_CASE("tasks at the same time keep their tiles and their threads apart") {
  Scheduler scheduler(4, nothing);
  for (int round = 0; round < 100; ++round) {
    std::vector<std::unique_ptr<Record>> records;
    for (int32_t i = 0; i < 12; ++i) {
      records.push_back(std::make_unique<Record>(std::vector<int64_t>{3 + i, 1, 20, i % 3, 50}));
      records.back()->onTile = [](int64_t done) {
        if (done % 16 == 0) pause(std::chrono::microseconds(50));
      };
    }
    for (int32_t i = 0; i < 12; ++i) start(scheduler, *records[static_cast<size_t>(i)], 1 + i % 5);
    for (int32_t i = 0; i < 12; ++i) {
      Record& record = *records[static_cast<size_t>(i)];
      record.wait();
      CHECK(record.allOnce());
      CHECK(record.most <= 1 + i % 5);
    }
  }
}

TEST_CASE("threads that went to sleep are woken, as many as the task allows") {
  Scheduler scheduler(3, nothing);
  for (int round = 0; round < 20; ++round) {
    pause(std::chrono::milliseconds(2));
    Record record({8});
    record.onTile = [](int64_t) { pause(std::chrono::milliseconds(2)); };
    start(scheduler, record, 3);
    record.wait();
    CHECK(record.allOnce());
    CHECK(record.most > 1);
  }
}

TEST_CASE("a thread that one task has no place for works on another") {
  Scheduler scheduler(2, nothing);
  Record first({1000});
  Record second({1});
  std::promise<void> secondRan;
  auto gate = secondRan.get_future().share();
  first.onTile = [&](int64_t done) {
    if (done == 0) gate.wait();
  };
  second.onTile = [&](int64_t) { secondRan.set_value(); };
  start(scheduler, first, 1);
  start(scheduler, second, 1);
  first.wait();
  second.wait();
  CHECK(first.allOnce());
  CHECK(first.most == 1);
}

TEST_CASE("a scheduler ends while its threads spin or sleep") {
  for (int round = 0; round < 100; ++round) {
    Record record({3});
    Scheduler scheduler(3, nothing);
    if (round % 2 == 0) {
      start(scheduler, record, 3);
      record.wait();
    }
    if (round % 5 == 0) pause(std::chrono::milliseconds(1));
  }
}

TEST_CASE("a short task that comes later ends first: it waits for one tile") {
  Scheduler scheduler(1, nothing, testClock);
  Record large({400, 400});
  Record small({3, 1, 4});
  takeTime(large);
  takeTime(small);
  int64_t atEnd = 0;
  large.onTile = [&](int64_t done) {
    testTime += kMillisecond;
    if (done == 500) start(scheduler, small, 1);
  };
  small.onTile = [&](int64_t) {
    testTime += kMillisecond;
    atEnd = large.done;
  };
  start(scheduler, large, 1);
  large.wait();
  small.wait();
  CHECK(large.allOnce());
  CHECK(small.allOnce());
  CHECK(atEnd == 501);
}

TEST_CASE("long tasks have equal shares, whenever they began") {
  Scheduler scheduler(1, nothing, testClock);
  Record first({2000});
  Record second({1000});
  int64_t atStart = 0;
  int64_t atEnd = 0;
  first.onTile = [&](int64_t done) {
    testTime += kMillisecond;
    if (done == 300) {
      atStart = done;
      start(scheduler, second, 1);
    }
  };
  second.onTile = [&](int64_t) {
    testTime += kMillisecond;
    atEnd = first.done;
  };
  start(scheduler, first, 1);
  first.wait();
  second.wait();
  // The second has a credit of 10 tiles.
  const int64_t meanwhile = atEnd - atStart;
  CHECK(meanwhile >= 985);
  CHECK(meanwhile <= 1000);
}

TEST_CASE("a program has no larger share by more tasks, nor by many short ones") {
  Scheduler scheduler(1, nothing, testClock);
  const auto usage = std::make_shared<Usage>();
  Record alone({1000});
  std::vector<std::unique_ptr<Record>> many;
  for (int i = 0; i < 100; ++i) many.push_back(std::make_unique<Record>(std::vector<int64_t>{20}));
  int64_t atEnd = 0;
  alone.onTile = [&](int64_t done) {
    testTime += kMillisecond;
    if (done != 0) return;
    // Ten at a time, each followed by another as soon as it ends.
    for (size_t i = 0; i < 10; ++i) start(scheduler, *many[i], 1, usage);
  };
  int64_t others = 0;
  for (size_t i = 0; i < many.size(); ++i) {
    many[i]->onTile = [&, i](int64_t done) {
      testTime += kMillisecond;
      ++others;
      if (done == 19 && i + 10 < many.size()) start(scheduler, *many[i + 10], 1, usage);
    };
  }
  std::vector<int64_t> seen;
  alone.onTile = [&, begin = alone.onTile](int64_t done) {
    begin(done);
    atEnd = others;
  };
  start(scheduler, alone, 1);
  alone.wait();
  for (const auto& record : many) record->wait();
  CHECK(atEnd >= 985);
  CHECK(atEnd <= 1015);
}

TEST_CASE("a program that was idle takes no more than the credit ahead of others") {
  Scheduler scheduler(1, nothing, testClock);
  const auto usage = std::make_shared<Usage>();
  Record before({1});
  start(scheduler, before, 1, usage);
  before.wait();
  Record large({3000});
  Record later({500});
  int64_t first100 = -1;
  large.onTile = [&](int64_t done) {
    testTime += kMillisecond;
    if (done == 2000) start(scheduler, later, 1, usage);
  };
  later.onTile = [&](int64_t done) {
    testTime += kMillisecond;
    if (done == 100) first100 = large.done - 2001;
  };
  start(scheduler, large, 1);
  large.wait();
  later.wait();
  CHECK(first100 >= 85);
  CHECK(first100 <= 100);
}

TEST_CASE("a task that stopped is brought to its end before others go on") {
  Scheduler scheduler(1, nothing, testClock);
  Record stopped({300});
  Record other({300});
  int64_t atStop = 0;
  int64_t atEnd = 0;
  other.onTile = [&](int64_t) {
    testTime += kMillisecond;
    if (++atStop == 100) stopped.stop = true;
  };
  stopped.onTile = [&](int64_t) {
    if (!stopped.stop) testTime += kMillisecond;
    atEnd = other.done;
  };
  start(scheduler, stopped, 1);
  start(scheduler, other, 1);
  stopped.wait();
  other.wait();
  CHECK(stopped.allOnce());
  CHECK(atEnd >= 100);
  CHECK(atEnd <= 103);
}
