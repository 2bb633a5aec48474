#include "executor.h"

#include <algorithm>
#include <utility>

#include "machine.h"

namespace saccade {
namespace {

// What a run counts besides its arena, so that the number of runs under way has a limit, too.
constexpr int64_t kRunBytes = int64_t{1} << 20;
// The part of the limit up to which a run is small, or at least so many bytes; and the part that small runs
// have.
constexpr int64_t kSmall = 64;
constexpr int64_t kSmallBytes = int64_t{2} << 20;
constexpr int64_t kForSmall = 4;

int64_t bytesOf(const Executable& executable) {
  return executable.program().arenaBytes + kRunBytes;
}

Error aborted() {
  return Error("ABORTED", "the run was aborted");
}

}  // namespace

Executor::Executor(std::unique_ptr<Device> device)
    : large_{device->arenaLimit()}, small_{device->arenaLimit() / kForSmall}, device_(std::move(device)) {}

Executor::~Executor() {
  Jobs dropped;
  {
    const std::lock_guard lock(mutex_);
    dropped = takeWaiting([](const Job&) { return true; });
    for (Job* job : underWay_) job->run_.cancelled->store(true);
  }
  for (const auto& job : dropped) job->settle(aborted());
  std::unique_lock lock(mutex_);
  allEnded_.wait(lock, [&] { return underWay_.empty(); });
}

void Executor::submit(Run run) {
  if (run.cancelled->load()) {
    run.settle({{}, aborted()});
    return;
  }
  Jobs jobs;
  {
    const std::lock_guard lock(mutex_);
    auto job = std::make_unique<Job>(*this, std::move(run), ++submitted_);
    if (!job->written().empty()) ++writers_;
    lineOf(*job).waiting.push_back(std::move(job));
    jobs = startable();
  }
  start(std::move(jobs));
}

void Executor::cancel(const std::shared_ptr<Cancelled>& flag) {
  Jobs dropped;
  Jobs jobs;
  {
    const std::lock_guard lock(mutex_);
    flag->store(true);
    dropped = takeWaiting([&](const Job& job) { return job.run_.cancelled == flag; });
    // Others may have waited for what was dropped.
    jobs = startable();
  }
  for (const auto& job : dropped) job->settle(aborted());
  start(std::move(jobs));
}

void Executor::finish(Job& job, std::optional<Error> error) {
  Jobs jobs;
  {
    const std::lock_guard lock(mutex_);
    ++ends_;
    leave(job);
    if (job.postponed_) --roomOf(job).postponed;
    jobs = startable();
    if (underWay_.empty()) allEnded_.notify_all();
  }
  job.settle(std::move(error));
  start(std::move(jobs));
}

void Executor::postpone(std::unique_ptr<Job> job, Error error) {
  Jobs jobs;
  {
    const std::lock_guard lock(mutex_);
    if (job->cancelled().load()) {
      error = aborted();
    } else if (job->hadCompany_) {
      Line& line = lineOf(*job);
      leave(*job);
      if (!std::exchange(job->postponed_, true)) ++roomOf(*job).postponed;
      job->ends_ = ends_;
      if (!job->written().empty()) ++writers_;
      line.waiting.push_front(std::move(job));
      jobs = startable();
    }
  }
  if (job != nullptr) {
    finish(*job, std::move(error));
    return;
  }
  start(std::move(jobs));
}

void Executor::start(Jobs jobs) {
  for (auto& job : jobs) {
    // The run may end, and release its executable, before start() returns.
    const std::shared_ptr<Executable> executable = job->run_.executable;
    executable->start(std::move(job));
  }
}

Executor::Line& Executor::lineOf(const Job& job) {
  const Executable* const executable = job.run_.executable.get();
  const auto same = [&](const Line& line) { return line.executable == executable; };
  const auto found = std::find_if(lines_.begin(), lines_.end(), same);
  return found != lines_.end() ? *found : lines_.emplace_back(Line{executable, {}});
}

Executor::Room& Executor::roomOf(const Job& job) {
  if (large_.limit == 0) return large_;
  return bytesOf(*job.run_.executable) <= std::max(large_.limit / kSmall, kSmallBytes) ? small_ : large_;
}

void Executor::enter(Line& line, Job& job) {
  roomOf(job).used += bytesOf(*job.run_.executable);
  ++line.underWay;
  line.threads += job.threads();
  if (job.postponed_) ++roomOf(job).retried;
  job.hadCompany_ = !underWay_.empty();
  for (Job* other : underWay_) other->hadCompany_ = true;
  underWay_.push_back(&job);
}

void Executor::leave(Job& job) {
  Line& line = lineOf(job);
  roomOf(job).used -= bytesOf(*job.run_.executable);
  --line.underWay;
  line.threads -= job.threads();
  if (job.postponed_) --roomOf(job).retried;
  if (!job.written().empty()) --writers_;
  underWay_.erase(std::find(underWay_.begin(), underWay_.end(), &job));
}

// The runs that may start now.
Executor::Jobs Executor::startable() {
  lines_.remove_if([](const Line& line) { return line.waiting.empty() && line.underWay == 0; });
  std::vector<Line*> lines;
  for (Line& line : lines_) {
    if (!line.waiting.empty()) lines.push_back(&line);
  }
  const auto earlier = [](const Line* a, const Line* b) {
    return a->waiting.front()->order_ < b->waiting.front()->order_;
  };
  std::sort(lines.begin(), lines.end(), earlier);
  large_.full = small_.full = false;
  Jobs jobs;
  for (Line* line : lines) {
    while (!line->waiting.empty() && mayStart(*line, *line->waiting.front())) {
      enter(*line, *line->waiting.front());
      jobs.push_back(std::move(line->waiting.front()));
      line->waiting.pop_front();
    }
  }
  return jobs;
}

bool Executor::mayStart(const Line& line, const Job& job) {
  if (line.underWay > 0 && line.threads + job.threads() > usableCores()) return false;
  if (writers_ > 0 && conflicts(job)) return false;
  Room& room = roomOf(job);
  const bool fits = room.used == 0 || room.used + bytesOf(*job.run_.executable) <= room.limit;
  const bool hasTurn =
      job.postponed_ ? room.retried == 0 && (job.ends_ != ends_ || underWay_.empty()) : room.postponed == 0;
  if (!fits || !hasTurn) room.full = true;
  return !room.full;
}

// Whether the run has to wait for an earlier one because of what the two read and write.
bool Executor::conflicts(const Job& job) const {
  for (const Job* other : underWay_) {
    if (other->conflictsWith(job)) return true;
  }
  for (const Line& line : lines_) {
    for (const auto& other : line.waiting) {
      if (other->order_ >= job.order_) break;
      if (other->conflictsWith(job)) return true;
    }
  }
  return false;
}

// Takes the waiting runs for which the condition holds out of their lines.
template <class Condition>
Executor::Jobs Executor::takeWaiting(Condition condition) {
  Jobs taken;
  for (Line& line : lines_) {
    for (auto job = line.waiting.begin(); job != line.waiting.end();) {
      if (!condition(**job)) {
        ++job;
        continue;
      }
      if (!(*job)->written().empty()) --writers_;
      if ((*job)->postponed_) --roomOf(**job).postponed;
      taken.push_back(std::move(*job));
      job = line.waiting.erase(job);
    }
  }
  return taken;
}

}  // namespace saccade
