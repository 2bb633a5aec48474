// A run, from its submission to its end.
#pragma once
#include <stdint.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "device.h"
#include "error.h"

namespace saccade {

class Executor;

// How a run ended: outputs, or the error.
struct Outcome {
  std::vector<std::shared_ptr<Memory>> outputs;
  std::optional<Error> error;
};

struct Run {
  std::shared_ptr<Executable> executable;
  std::vector<std::shared_ptr<Memory>> inputs;
  int32_t threads;
  std::shared_ptr<Cancelled> cancelled;
  // Called once, from any thread. Must not throw or wait.
  std::function<void(Outcome)> settle;
};

// What a device is given to run (Executable::start). It calls open(), computes, and calls end(); or, if there
// is no memory to begin, postpone(). The executor outlives its jobs.
class Job {
 public:
  Job(Executor& executor, Run run, uint64_t order);
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  // How many threads of the host may work on it at the same time; a device that computes elsewhere ignores
  // it.
  int32_t threads() const { return run_.threads; }
  // May become true at any time.
  const Cancelled& cancelled() const { return *run_.cancelled; }

  // Checks the memory that the run is given, which is not known when the program is made, and allocates the
  // outputs. Throws SHAPE_MISMATCH, DEVICE_MISMATCH, INPUT_INVALID, OUT_OF_MEMORY.
  const Frame& open();
  // The run is over: its caller is told, and the next may start. From any thread.
  static void end(std::unique_ptr<Job> job, std::optional<Error> error);
  // There is no memory for the run at present, and it has written nothing: it starts again after another run
  // has ended. If none is under way, it ends with this error.
  static void postpone(std::unique_ptr<Job> job, Error error);

 private:
  friend class Executor;

  // Releases what the run holds before its caller is told of the end, so that memory counted then is correct.
  void settle(std::optional<Error> error);
  // Whether one of the two writes memory that the other uses.
  bool conflictsWith(const Job& other) const;
  bool uses(const Memory* memory) const;
  const std::vector<int64_t>& written() const { return run_.executable->written(); }

  Executor& executor_;
  Run run_;
  Frame frame_;
  const uint64_t order_;     // of its submission
  bool hadCompany_ = false;  // whether others were under way at the same time, since it started last
  bool postponed_ = false;
  uint64_t ends_ = 0;  // how many runs had ended when it was postponed
};

}  // namespace saccade
