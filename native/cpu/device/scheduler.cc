#include "scheduler.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "../../runtime/spin.h"

namespace saccade {
namespace {

// How long a thread spins between the steps of a task when other tasks may have a tile.
constexpr std::chrono::microseconds kShortSpin{5};

}  // namespace

int64_t Scheduler::now() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

Scheduler::Scheduler(int32_t cores, Idle idle, Clock clock)
    : cores_(cores),
      clock_(clock),
      workers_(
          cores, [this](Worker& worker) { work(worker); }, std::move(idle)) {
  const std::lock_guard lock(mutex_);
  workers_.add(1);
}

Scheduler::~Scheduler() {
  workers_.stop();
}

void Scheduler::start(std::unique_ptr<Task> task) {
  {
    const std::lock_guard lock(mutex_);
    fresh_.push_back(std::move(task));
    countFresh();
    if (static_cast<int32_t>(fresh_.size()) <= searching_) return;
  }
  const int32_t count = std::min(workers_.count(), cores_);
  for (int32_t i = 0; i < count; ++i) {
    if (workers_.call(workers_.at(i))) return;
  }
  // All are busy. If there may be no more of them, the first to finish its tile takes the task.
  const std::lock_guard lock(mutex_);
  if (!fresh_.empty()) workers_.add(std::min(count + 1, cores_));
}

void Scheduler::countFresh() {
  freshCount_.store(static_cast<int32_t>(fresh_.size()));
}

void Scheduler::work(Worker& worker) {
  while (true) {
    Slot* slot = choose(worker);
    if (slot == nullptr) {
      workers_.announceRest(worker);
      slot = choose(worker);
      if (slot == nullptr) {
        if (workers_.stopping()) return;
        workers_.rest(worker);
        continue;
      }
      workers_.withdrawRest(worker);
    }
    workOn(*slot, worker);
    leave(*slot, clock_() - worker.since);
  }
}

Slot* Scheduler::choose(Worker& worker) {
  while (true) {
    worker.since = clock_();
    std::unique_ptr<Task> task;
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(worker.searching, false)) --searching_;
      if (fresh_.empty()) return leastUsed(worker);
      task = std::move(fresh_.front());
      fresh_.pop_front();
      countFresh();
    }
    Slot* const slot = open(std::move(task), worker);
    if (slot != nullptr) return slot;
  }
}

// Begins a task, in a slot that this thread is a member of; null if the task ends here.
Slot* Scheduler::open(std::unique_ptr<Task> task, Worker& worker) {
  if (!task->begin(worker.scratch)) return nullptr;
  Slot* slot;
  {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) {
      slots_.push_back(std::make_unique<Slot>());
      free_.push_back(slots_.back().get());
    }
    slot = free_.back();
    free_.pop_back();
    slot->task = std::move(task);
    slot->usage = slot->task->usage;
    slot->limit = slot->task->threads;
    slot->members.store(1);
    slot->ended.store(false);
    underWay_.push_back(slot);
    keepUp(*slot);
    tasks_.store(static_cast<int32_t>(underWay_.size()));
    int64_t threads = 0;
    for (const Slot* each : underWay_) threads += each->limit;
    workers_.add(std::max(slot->limit, static_cast<int32_t>(std::min<int64_t>(threads, cores_))));
  }
  advance(*slot, worker);
  return slot;
}

// Threads past the number of cores serve only tasks that asked for so many.
bool Scheduler::mayJoin(const Worker& worker, const Slot& slot) const {
  return slot.members.load() < slot.limit && worker.index < std::max(cores_, slot.limit);
}

// A program that used less than others, because it was idle or cannot use more threads, has no claim to what
// it did not use, except for kCredit.
void Scheduler::keepUp(const Slot& slot) const {
  slot.usage->time = std::max(slot.usage->time, mostUsed_ - kCredit);
}

Slot* Scheduler::leastUsed(const Worker& worker) {
  Slot* best = nullptr;
  int64_t least = 0;
  for (Slot* slot : underWay_) {
    if (slot->unclaimed.load() == 0 || !mayJoin(worker, *slot)) continue;
    keepUp(*slot);
    const int64_t used = slot->task->stopped() ? -1 : slot->usage->time;
    if (best != nullptr && used >= least) continue;
    best = slot;
    least = used;
  }
  if (best != nullptr) best->members.fetch_add(1);
  return best;
}

bool Scheduler::shouldChoose(const Worker& worker) const {
  if (freshCount_.load(std::memory_order_relaxed) > 0) return true;
  return tasks_.load(std::memory_order_relaxed) > 1 && clock_() - worker.since >= kSlice;
}

// Works on the slot's tiles until its task ends, another task may need the thread, or there are no more.
void Scheduler::workOn(Slot& slot, Worker& worker) {
  const auto changed = [&] {
    return slot.unclaimed.load() > 0 || slot.ended.load() || freshCount_.load() > 0;
  };
  uint32_t tile;
  while (!slot.ended.load()) {
    if (slot.limit == 1) {
      if (!workAlone(slot, worker)) return;
      continue;
    }
    while (slot.claim(tile)) {
      slot.task->runTile(tile, worker.scratch);
      // Once the last tile is counted, the task may have ended: nothing of it is read after that.
      if (slot.undone.fetch_sub(1, std::memory_order_acq_rel) == 1) advance(slot, worker);
      if (shouldChoose(worker)) return;
    }
    // With more threads than cores, a spinning thread would take a core from a working one.
    if (slot.ended.load() || worker.index >= cores_) return;
    const bool alone = tasks_.load(std::memory_order_relaxed) == 1;
    worker.spunAway = alone;
    if (!spinUntil(changed, alone ? kSpin : kShortSpin)) return;
    worker.spunAway = false;
    if (slot.ended.load() || shouldChoose(worker)) return;
  }
}

// The only member claims all tiles of a step at once, and gives back what is left when another task may need
// it. False then, and at the end of the task.
bool Scheduler::workAlone(Slot& slot, Worker& worker) {
  uint32_t left = slot.unclaimed.exchange(0);
  bool chooses = false;
  for (; left > 0 && !chooses; --left) {
    slot.task->runTile(slot.total - left, worker.scratch);
    chooses = shouldChoose(worker);
  }
  if (left > 0) {
    slot.unclaimed.store(left);
    return false;
  }
  advance(slot, worker);
  return !chooses;
}

// Moves the task on. Only the thread that finished its step gets here.
void Scheduler::advance(Slot& slot, Worker& worker) {
  int64_t tiles = slot.task->next();
  // A step of one tile needs no other thread.
  for (; tiles == 1 && !shouldChoose(worker); tiles = slot.task->next()) {
    slot.task->runTile(0, worker.scratch);
  }
  if (tiles == 0) {
    end(slot, worker);
    return;
  }
  const auto total = static_cast<uint32_t>(tiles);
  slot.total = total;
  slot.undone.store(total, std::memory_order_relaxed);
  slot.unclaimed.store(total);
  callHelpers(slot, tiles - 1);
}

void Scheduler::end(Slot& slot, Worker& worker) {
  std::unique_ptr<Task> task;
  {
    const std::lock_guard lock(mutex_);
    task = std::move(slot.task);
    underWay_.erase(std::find(underWay_.begin(), underWay_.end(), &slot));
    tasks_.store(static_cast<int32_t>(underWay_.size()));
    slot.ended.store(true);
    worker.searching = true;
    ++searching_;
  }
  task->end();
}

void Scheduler::leave(Slot& slot, int64_t time) {
  const std::lock_guard lock(mutex_);
  slot.usage->time += time;
  mostUsed_ = std::max(mostUsed_, slot.usage->time);
  const int32_t members = slot.members.fetch_sub(1) - 1;
  if (!slot.ended.load()) {
    // A thread that found this slot full may rest.
    if (slot.unclaimed.load() > 0) callHelpers(slot, 1);
  } else if (members == 0) {
    slot.usage = nullptr;
    free_.push_back(&slot);
  }
}

// Calls up to `helpers` threads that rest and may join.
void Scheduler::callHelpers(const Slot& slot, int64_t helpers) {
  if (!workers_.anyRests()) return;
  const int32_t count = workers_.count();
  helpers = std::min<int64_t>(helpers, slot.limit - slot.members.load());
  for (int32_t i = 0; i < count && helpers > 0; ++i) {
    Worker& worker = workers_.at(i);
    if (mayJoin(worker, slot) && workers_.call(worker)) --helpers;
  }
}

}  // namespace saccade
