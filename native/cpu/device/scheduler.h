// Shares the threads of the CPU among the runs under way.
//
// A task is one run: steps, one after the other, each of tiles that threads may work on in any order and at
// the same time. A slot holds a task under way: the tiles of its present step that are unclaimed and those
// that are not done. Threads that work on the task are the slot's members, at most as many as the task
// allows.
//
// - A thread chooses a slot, and claims tiles there one at a time, until the step has no more. The thread
// that
//   finishes a step's last tile moves the task on to its next step, or ends it: no thread waits for others to
//   do so, and a thread without a tile works on another slot.
// - A thread chooses a new task before all others. Else, of the slots that have a tile and room for a member,
//   it chooses the one whose usage is the least. Usage is the time that threads spent on the runs of one
//   program, also of earlier runs; so one program's stream of runs has no larger share than another's.
//   Programs that were idle are at most kCredit behind the most used: a short run is served at once,
//   and a program that ran little for an hour does not take all the threads for the next hour.
// - While several tasks are under way, a thread chooses again after kSlice. A new task is noticed by every
//   thread after the tile it is at.
//
// So the wait of a new task is one tile, and a task that is alone pays for none of this: its members stay,
// and spin between steps. Which thread runs a tile, and when, does not change its result (kernel.h).
#pragma once
#include <stdint.h>

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "slot.h"
#include "task.h"
#include "workers.h"

namespace saccade {

class Scheduler {
 public:
  // A clock, in nanoseconds.
  using Clock = int64_t (*)();
  using Idle = Workers::Idle;

  static constexpr int64_t kCredit = 10'000'000;
  static constexpr int64_t kSlice = 2'000'000;

  // As many threads as `cores` work at the same time; more, if a task asks for more. They are started when
  // they are first needed.
  Scheduler(int32_t cores, Idle idle, Clock clock = now);
  // All tasks must have ended.
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // From any thread, also from within a task.
  void start(std::unique_ptr<Task> task);

  static int64_t now();

 private:
  void countFresh();
  void work(Worker& worker);
  Slot* choose(Worker& worker);
  Slot* open(std::unique_ptr<Task> task, Worker& worker);
  Slot* leastUsed(const Worker& worker);
  void keepUp(const Slot& slot) const;
  bool mayJoin(const Worker& worker, const Slot& slot) const;

  void workOn(Slot& slot, Worker& worker);
  bool workAlone(Slot& slot, Worker& worker);
  void advance(Slot& slot, Worker& worker);
  void end(Slot& slot, Worker& worker);
  void leave(Slot& slot, int64_t time);
  bool shouldChoose(const Worker& worker) const;

  void callHelpers(const Slot& slot, int64_t helpers);

  const int32_t cores_;
  const Clock clock_;

  std::mutex mutex_;  // guards what follows, up to the atomics
  std::deque<std::unique_ptr<Task>> fresh_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<Slot*> free_;
  std::vector<Slot*> underWay_;
  int64_t mostUsed_ = 0;
  // Threads that are ending a task and then choose. For a caller that starts the next task at once no other
  // thread has to be woken.
  int32_t searching_ = 0;

  std::atomic<int32_t> tasks_{0};       // size of underWay_
  std::atomic<int32_t> freshCount_{0};  // size of fresh_
  Workers workers_;                     // last: its threads use the rest. Added to with the mutex
};

}  // namespace saccade
