#include "block.h"

#include <string.h>
#include <sys/mman.h>

#include <algorithm>
#include <mutex>
#include <numeric>

#include "../../runtime/error.h"

namespace saccade::emulation {
namespace {

constexpr int32_t kMaxThreads = kMaxWarps * kLanes;
constexpr size_t kPage = 4096;
// Sanitizers make frames several times larger. Only what is used of it takes memory.
constexpr size_t kStack = size_t{256} << 10;

// Thrown to leave a kernel that has a fault.
struct Ended {};

}  // namespace

Block* running = nullptr;

Block::Block() {
  constexpr size_t kAll = kMaxThreads * kStack;
  void* const memory =
      mmap(nullptr, kAll, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    saccade::fail("OUT_OF_MEMORY", "no address space for the stacks of emulated threads");
  stacks_ = static_cast<char*>(memory);
  for (size_t i = 0; i < kMaxThreads; ++i) {
    // A guard below each stack.
    mprotect(stacks_ + i * kStack, kPage, PROT_NONE);
    list_.push_back(std::make_unique<Thread>());
    list_.back()->block = this;
  }
}

Block::~Block() {
  munmap(stacks_, kMaxThreads * kStack);
}

void Block::run(const Launch& launch) {
  launch_ = launch;
  if (launch.threads < 1 || launch.threads > kMaxThreads || launch.threads % kLanes != 0)
    report("a block has " + std::to_string(launch.threads) + " threads, expected whole warps, up to 1024");
  const uint64_t blocks = uint64_t{launch.grid.x} * launch.grid.y * launch.grid.z;
  if (blocks == 0 || launch.grid.x > 0x7fffffff || launch.grid.y > 65535 || launch.grid.z > 65535)
    report("the grid is empty or too large");
  std::vector<uint64_t> order(blocks);
  std::iota(order.begin(), order.end(), uint64_t{0});
  for (uint64_t i = blocks; i > 1; --i) std::swap(order[i - 1], order[random_() % i]);
  for (const uint64_t block : order) {
    index_ = {static_cast<uint32_t>(block % launch.grid.x),
              static_cast<uint32_t>(block / launch.grid.x % launch.grid.y),
              static_cast<uint32_t>(block / launch.grid.x / launch.grid.y)};
    runBlock();
  }
}

void Block::runBlock() {
  fault_.clear();
  clocks_.reset();
  shared_.reset(launch_.sharedBytes);
  for (Barrier& barrier : barriers_) barrier = {};
  for (Meeting& meeting : meetings_) meeting = {};
  for (auto& lanes : lanes_) lanes.clear();
  ready_.clear();
  for (int32_t i = 0; i < launch_.threads; ++i) {
    Thread& thread = *list_[static_cast<size_t>(i)];
    thread.waitsFor = nullptr;
    thread.ended = false;
    thread.copies.clear();
    thread.groups.clear();
    thread.fiber.prepare(stacks_ + static_cast<size_t>(i) * kStack + kPage, kStack - kPage, enter, &thread);
    ready_.push_back(i);
  }
  while (!ready_.empty()) {
    const size_t next = drawn(ready_.size());
    current_ = ready_[next];
    ready_[next] = ready_.back();
    ready_.pop_back();
    Fiber::enter(main_, self().fiber);
    if (!fault_.empty()) report(fault_);
  }
  const auto ended = [](const auto& thread) { return thread->ended; };
  if (!std::all_of(list_.begin(), list_.begin() + launch_.threads, ended)) reportDeadlock();
}

void Block::enter(void* argument) {
  Thread& thread = *static_cast<Thread*>(argument);
  Block& block = *thread.block;
  Fiber::begin(block.main_);
  try {
    block.launch_.invoke(block.launch_.function, block.launch_.arguments);
    const auto some = [](const std::vector<Copy>& group) { return !group.empty(); };
    if (some(thread.copies) || std::any_of(thread.groups.begin(), thread.groups.end(), some))
      block.fail("ends before its asynchronous copies");
    thread.ended = true;
  } catch (const Ended&) {
  }
  Fiber::leave(thread.fiber, block.main_);
}

void Block::wait(const char* what) {
  Thread& thread = self();
  thread.waitsFor = what;
  Fiber::giveWay(thread.fiber, main_);
}

void Block::wake(std::vector<int32_t>& waiting) {
  for (const int32_t thread : waiting) {
    list_[static_cast<size_t>(thread)]->waitsFor = nullptr;
    ready_.push_back(thread);
  }
  waiting.clear();
}

Block::Barrier& Block::open(int32_t number, int32_t threads) {
  if (number < 0 || number > 15 || threads < kLanes || threads % kLanes != 0)
    fail("expects a barrier of 0 to 15, of whole warps");
  Barrier& barrier = barriers_[number];
  if (barrier.arrived > 0 && barrier.expected != threads)
    fail("expects " + std::to_string(threads) + " threads at a barrier, but others expect " +
         std::to_string(barrier.expected));
  barrier.expected = threads;
  return barrier;
}

void Block::complete(Barrier& barrier) {
  for (int32_t warp = 0; warp < kMaxWarps; ++warp) {
    if ((barrier.warps >> warp & 1) != 0) clocks_.pass(warp, barrier.times);
  }
  wake(barrier.waiting);
  barrier = {};
}

void Block::barrier(int32_t number, int32_t threads) {
  Barrier& barrier = open(number, threads);
  const int32_t warp = current_ / kLanes;
  join(barrier.times, clocks_.of(warp));
  barrier.warps |= uint32_t{1} << warp;
  if (++barrier.arrived == threads) {
    complete(barrier);
  } else {
    barrier.waiting.push_back(current_);
    wait("a barrier");
  }
}

void Block::arrive(int32_t number, int32_t threads) {
  const int32_t wanted[] = {number, threads};
  exchange(
      "the arrival at a barrier", nullptr,
      [](void* const*, const void* context) {
        Block& block = *running;
        const auto* const asked = static_cast<const int32_t*>(context);
        Barrier& barrier = block.open(asked[0], asked[1]);
        const int32_t warp = block.current_ / kLanes;
        join(barrier.times, block.clocks_.of(warp));
        // What the warp does from here on is not ordered by this barrier.
        block.clocks_.pass(warp, Times{});
        barrier.arrived += kLanes;
        if (barrier.arrived == barrier.expected) block.complete(barrier);
      },
      wanted);
}

void Block::syncWarp() {
  exchange("a barrier of the warp", nullptr,
           [](void* const*, const void*) { running->clocks_.pass(running->current_ / kLanes, Times{}); });
}

void Block::exchange(const char* what, void* slot, Act act, const void* context) {
  const int32_t me = current_, warp = me / kLanes;
  Meeting& meeting = meetings_[warp];
  if (meeting.arrived > 0 && strcmp(meeting.what, what) != 0)
    fail(std::string("is at ") + what + ", but other lanes of its warp are at " + meeting.what);
  meeting.what = what;
  meeting.slots[me % kLanes] = slot;
  if (++meeting.arrived < kLanes) {
    lanes_[warp].push_back(me);
    wait(what);
    return;
  }
  act(meeting.slots, context);
  meeting = {};
  wake(lanes_[warp]);
}

const char* Block::readShared(int32_t offset, size_t bytes) {
  if (static_cast<size_t>(offset) % bytes != 0) fail("reads shared memory at an offset that is not aligned");
  const std::string wrong = shared_.read(clocks_, current_, offset, static_cast<int32_t>(bytes));
  if (!wrong.empty()) fail(wrong);
  return shared_.at(offset);
}

char* Block::writeShared(int32_t offset, size_t bytes) {
  if (static_cast<size_t>(offset) % bytes != 0) fail("writes shared memory at an offset that is not aligned");
  const std::string wrong = shared_.write(clocks_, current_, offset, static_cast<int32_t>(bytes));
  if (!wrong.empty()) fail(wrong);
  return shared_.at(offset);
}

void Block::checkShared(int32_t bytes) {
  if (bytes <= shared_.size()) return;
  fail("takes " + std::to_string(bytes) + " bytes of shared memory, was launched with " +
       std::to_string(shared_.size()));
}

void Block::copyAsync(int32_t to, const void* from, int32_t bytes) {
  if (to % bytes != 0) fail("copies to shared memory at an offset that is not aligned");
  const std::string wrong = shared_.promise(clocks_, current_, to, bytes);
  if (!wrong.empty()) fail(wrong);
  self().copies.push_back({to, from, bytes});
}

void Block::commitCopies() {
  Thread& thread = self();
  thread.groups.push_back(std::move(thread.copies));
  thread.copies.clear();
}

void Block::waitCopies(int32_t pending) {
  auto& groups = self().groups;
  const auto done = static_cast<ptrdiff_t>(groups.size()) - pending;
  if (done <= 0) return;
  for (ptrdiff_t group = 0; group < done; ++group) {
    for (const Copy& copy : groups[static_cast<size_t>(group)]) {
      const auto bytes = static_cast<size_t>(copy.bytes);
      if (copy.from != nullptr) {
        memcpy(shared_.at(copy.to), copy.from, bytes);
      } else {
        memset(shared_.at(copy.to), 0, bytes);
      }
      shared_.fulfil(clocks_, current_, copy.to, copy.bytes);
    }
  }
  groups.erase(groups.begin(), groups.begin() + done);
}

void Block::fail(const std::string& what) {
  fault_ = "thread " + std::to_string(current_) + " " + what;
  throw Ended();
}

void Block::failIndex(int32_t index, int32_t count, int32_t size) {
  fail("accesses " + std::to_string(count) + " elements from " + std::to_string(index) +
       " on of a shared array of " + std::to_string(size));
}

void Block::reportDeadlock() const {
  int32_t ended = 0, waiting = 0;
  const char* what = "";
  for (int32_t i = 0; i < launch_.threads; ++i) {
    const Thread& thread = *list_[static_cast<size_t>(i)];
    ended += thread.ended;
    if (thread.waitsFor == nullptr) continue;
    ++waiting;
    what = thread.waitsFor;
  }
  report("deadlock: " + std::to_string(waiting) + " threads wait, such as at " + what + ", and " +
         std::to_string(ended) + " have ended");
}

void Block::report(const std::string& what) const {
  saccade::fail("INTERNAL", "emulated kernel, block ", index_.x, " ", index_.y, " ", index_.z, ": ", what);
}

namespace {

struct Emulator {
  std::mutex mutex;
  Block block;
};

Emulator& emulator() {
  static auto* const only = new Emulator;
  return *only;
}

}  // namespace

void run(const Launch& launch) {
  Emulator& all = emulator();
  const std::lock_guard lock(all.mutex);
  running = &all.block;
  all.block.run(launch);
}

void seed(uint32_t seed) {
  Emulator& all = emulator();
  const std::lock_guard lock(all.mutex);
  all.block.seed(seed);
}

}  // namespace saccade::emulation
