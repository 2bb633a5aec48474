// Runs the blocks of a kernel on the host. Each thread of a block is a fiber, which runs until it waits: at a
// barrier, or for the other lanes of its warp. Which of those that can go on does so next, is drawn at
// random.
//
// Reported, and the kernel ended with it: an access to shared memory out of bounds, to bytes that nothing
// wrote or an asynchronous copy has not delivered, or in a race with another thread; an access to global
// memory out of bounds or not aligned; threads that wait for ever; lanes of a warp at different instructions;
// copies that nothing waited for. A race is one between accesses that no barrier orders, whatever order they
// came in. Races within global memory are not looked for. Threads of one warp count as one where other warps
// learn of their accesses.
#pragma once
#include <stdint.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "../launch.h"
#include "clocks.h"
#include "fiber.h"
#include "shared.h"

namespace saccade::emulation {

using cuda::Grid;
using cuda::Launch;

class Block {
 public:
  Block();
  ~Block();
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  // The order of threads, and of blocks, that is drawn from here on.
  void seed(uint32_t seed) { random_.seed(seed); }
  // Runs all blocks of a launch, in any order. Throws INTERNAL with the fault and its place.
  void run(const Launch& launch);

  // The following are called by the thread that runs.

  int32_t thread() const { return current_; }
  int32_t threads() const { return launch_.threads; }
  Grid index() const { return index_; }
  Grid grid() const { return launch_.grid; }

  // Of `threads` threads, whole warps. All lanes of a warp call.
  void barrier(int32_t number, int32_t threads);
  // As barrier(), but without waiting for the others.
  void arrive(int32_t number, int32_t threads);
  void syncWarp();
  // All lanes of a warp meet here, each with a slot of its own; then act(slots, context) is called once.
  using Act = void (*)(void* const* slots, const void* context);
  void exchange(const char* what, void* slot, Act act, const void* context = nullptr);

  const char* readShared(int32_t offset, size_t bytes);
  char* writeShared(int32_t offset, size_t bytes);
  void checkShared(int32_t bytes);
  // A copy to shared memory; of zeros, if `from` is null.
  void copyAsync(int32_t to, const void* from, int32_t bytes);
  void commitCopies();
  void waitCopies(int32_t pending);

  // Ends the kernel.
  [[noreturn]] void fail(const std::string& what);
  [[noreturn]] void failIndex(int32_t index, int32_t count, int32_t size);

 private:
  struct Copy {
    int32_t to;
    const void* from;
    int32_t bytes;
  };
  struct Thread {
    Fiber fiber;
    Block* block = nullptr;
    const char* waitsFor = nullptr;  // null: it runs, or can go on
    bool ended = false;
    std::vector<Copy> copies;  // not in a group yet
    std::vector<std::vector<Copy>> groups;
  };
  struct Barrier {
    int32_t expected = 0, arrived = 0;  // threads
    std::vector<int32_t> waiting;
    uint32_t warps = 0;  // that wait
    Times times{};
  };
  struct Meeting {
    const char* what = nullptr;
    int32_t arrived = 0;
    void* slots[kLanes];
  };

  static void enter(void* thread);
  Barrier& open(int32_t number, int32_t threads);
  void complete(Barrier& barrier);
  void runBlock();
  void wait(const char* what);
  void wake(std::vector<int32_t>& waiting);
  [[noreturn]] void reportDeadlock() const;
  [[noreturn]] void report(const std::string& what) const;
  Thread& self() { return *list_[static_cast<size_t>(current_)]; }
  uint32_t drawn(size_t below) { return static_cast<uint32_t>(random_() % below); }

  std::mt19937 random_{1};
  char* stacks_;
  std::vector<std::unique_ptr<Thread>> list_;
  Fiber main_;

  Launch launch_{};
  Grid index_;
  int32_t current_ = 0;
  std::vector<int32_t> ready_;
  Barrier barriers_[16];
  Meeting meetings_[kMaxWarps];
  std::vector<int32_t> lanes_[kMaxWarps];  // that wait at the meeting of their warp
  Clocks clocks_;
  SharedBytes shared_;
  std::string fault_;
};

// The block that runs: one at a time in the process.
extern Block* running;

// Runs a launch, with the blocks and threads in the order of a seed. Throws INTERNAL.
void run(const Launch& launch);
void seed(uint32_t seed);

}  // namespace saccade::emulation
