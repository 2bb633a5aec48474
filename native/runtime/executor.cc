#include "executor.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "spin.h"

#ifdef __linux__
#include <pthread.h>
#endif

namespace saccade {
namespace {

// How long the dispatcher spins for a next run before it sleeps: a caller that uses each result in the next
// run (a text generator) then does not wait for it to wake.
constexpr std::chrono::microseconds kSpin{50};
// After this time without a run the device may free memory.
constexpr std::chrono::seconds kIdle{2};

Outcome failure(const char* code, const char* message) {
  Outcome outcome;
  outcome.error.emplace(code, message);
  return outcome;
}

Outcome aborted() {
  return failure("ABORTED", "the run was aborted");
}

// Checks the memory that a run is given, which is not known when the program is made.
void checkInputs(const Program& program, const std::vector<std::shared_ptr<Memory>>& inputs) {
  if (static_cast<int64_t>(inputs.size()) != program.inputs) {
    fail("SHAPE_MISMATCH", "the program takes ", program.inputs, " inputs, got ", inputs.size());
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    checkDevice(*inputs[i], program.device, "input ", i);
  }
  for (const Buffer& buffer : program.buffers) {
    if (buffer.kind != BufferKind::input && buffer.kind != BufferKind::inout) continue;
    const Memory& memory = *inputs[static_cast<size_t>(buffer.at)];
    if (memory.bytes() != buffer.bytes) {
      fail("SHAPE_MISMATCH", "input ", buffer.at, " has ", memory.bytes(), " bytes, expected ", buffer.bytes);
    }
    if (buffer.kind == BufferKind::inout && memory.mapped()) {
      fail("INPUT_INVALID", "input ", buffer.at, " is written by the program, but is part of a mapped file");
    }
  }
}

}  // namespace

Executor::Executor(std::unique_ptr<Device> device) : device_(std::move(device)) {
  dispatcher_ = std::thread([this] { dispatch(); });
}

Executor::~Executor() {
  std::deque<Run> left;
  {
    const std::lock_guard lock(mutex_);
    stopping_.store(true);
    left.swap(queue_);
    waiting_.store(0);
    if (running_) running_->store(true);
    wake_.notify_one();
  }
  for (const Run& run : left) run.settle(aborted());
  dispatcher_.join();
}

void Executor::submit(Run run) {
  if (run.cancelled->load()) {
    run.settle(aborted());
    return;
  }
  const std::lock_guard lock(mutex_);
  queue_.push_back(std::move(run));
  waiting_.store(static_cast<int64_t>(queue_.size()));
  wake_.notify_one();
}

void Executor::cancel(const std::shared_ptr<Cancelled>& flag) {
  std::deque<Run> dropped;
  {
    const std::lock_guard lock(mutex_);
    flag->store(true);
    const auto mine = [&](const Run& run) { return run.cancelled == flag; };
    const auto kept = std::stable_partition(queue_.begin(), queue_.end(), std::not_fn(mine));
    std::move(kept, queue_.end(), std::back_inserter(dropped));
    queue_.erase(kept, queue_.end());
    waiting_.store(static_cast<int64_t>(queue_.size()));
  }
  for (const Run& run : dropped) run.settle(aborted());
}

void Executor::dispatch() {
#ifdef __linux__
  pthread_setname_np(pthread_self(), "saccade");
#endif
  while (true) {
    Run run;
    if (!next(run)) return;
    Outcome outcome = execute(run);
    {
      const std::lock_guard lock(mutex_);
      running_ = nullptr;
    }
    // The run's inputs are released before its caller is told of the end, so that memory counted then is
    // correct.
    const auto settle = std::move(run.settle);
    run = Run();
    settle(std::move(outcome));
  }
}

// Waits for a run; false when the executor ends.
bool Executor::next(Run& run) {
  const auto called = [this] { return waiting_.load() > 0 || stopping_.load(); };
  spinUntil(called, kSpin);
  std::unique_lock lock(mutex_);
  if (!wake_.wait_for(lock, kIdle, called)) {
    // Without the lock, as freeing much memory takes time, which a caller must not wait for.
    lock.unlock();
    device_->trim();
    lock.lock();
    wake_.wait(lock, called);
  }
  if (stopping_.load()) return false;
  run = std::move(queue_.front());
  queue_.pop_front();
  waiting_.store(static_cast<int64_t>(queue_.size()));
  running_ = run.cancelled;
  return true;
}

Outcome Executor::execute(const Run& run) {
  try {
    if (run.cancelled->load()) return aborted();
    const Program& program = run.executable->program();
    checkInputs(program, run.inputs);
    Frame frame{run.inputs, {}};
    for (const int32_t index : program.outputs) {
      const Buffer& buffer = program.buffers[static_cast<size_t>(index)];
      const bool inPlace = buffer.kind == BufferKind::inout;
      frame.outputs.push_back(inPlace ? run.inputs[static_cast<size_t>(buffer.at)]
                                      : device_->allocate(buffer.bytes));
    }
    run.executable->run(frame, run.threads, *run.cancelled);
    return {std::move(frame.outputs), std::nullopt};
  } catch (const Error& error) {
    return failure(error.code(), error.what());
  } catch (const std::bad_alloc&) {
    return failure("OUT_OF_MEMORY", "the system has no memory for a run");
  } catch (const std::exception& error) {
    return failure("INTERNAL", error.what());
  }
}

}  // namespace saccade
