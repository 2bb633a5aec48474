// The interface of a device. ../cpu/device implements it for the CPU. To add a device, implement Device and
// Executable, and list it in ../addon/devices.cc.
//
// A program (program.h) is checked for a device and says what to compute. The device prepares it once; the
// executable holds what the device needs to run it repeatedly: on the CPU kernels and tiles, on a GPU
// kernels, launch sizes and perhaps a captured graph.
//
// Each device has one executor (executor.h). It starts runs in the order and number that their programs,
// their memory and Device::arenaLimit() allow; the device queues what it is given, and computes it on threads
// of its own:
// - The CPU holds the runs in slots of its scheduler, whose threads take tiles of all of them in turn.
// - A GPU has a thread that launches the kernels of a run on a stream, each run that is under way on one of
// its own,
//   or, with an arenaLimit() of 0, on a single one, as it gets one run at a time. The thread ends a job when
//   the event after its last kernel has come.
#pragma once
#include <stdint.h>

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "mapping.h"
#include "memory.h"
#include "op.h"
#include "program.h"

namespace saccade {

class Job;

using Cancelled = std::atomic<bool>;

// The memory of one run, all of it on the executable's device.
struct Frame {
  std::vector<std::shared_ptr<Memory>> inputs;
  std::vector<std::shared_ptr<Memory>> outputs;
};

// A program, ready to run on the device that prepared it, any number of times, also at the same time.
class Executable {
 public:
  explicit Executable(std::shared_ptr<const Program> program) : program_(std::move(program)) {
    for (const Buffer& buffer : program_->buffers) {
      if (buffer.kind == BufferKind::inout) written_.push_back(buffer.at);
    }
  }
  virtual ~Executable() = default;
  Executable(const Executable&) = delete;
  Executable& operator=(const Executable&) = delete;

  const Program& program() const { return *program_; }

  // The inputs that the program writes in place.
  const std::vector<int64_t>& written() const { return written_; }

  // Queues a run, and returns at once. Runs that were started may be computed at the same time, in any order;
  // none uses memory that another one writes. Called only by the executor of the device, from any thread:
  // also from within Job::end().
  // - The device looks at Job::cancelled() as often as it can (the CPU before each tile, a GPU before each
  // launch)
  //   and ends the run with ABORTED. Outputs and inout buffers are then undefined.
  // - An index outside its axis ends the run with INDEX_OUT_OF_RANGE, naming the instruction. No device reads
  // or
  //   writes outside a view for it. The CPU ends the run after the instruction; a GPU, whose kernels can only
  //   set a flag, computes the others, too. Outputs are not returned in either case.
  // - Without memory for intermediate results the run is postponed, or ends with OUT_OF_MEMORY if it has
  // begun.
  virtual void start(std::unique_ptr<Job> job) = 0;

 private:
  std::shared_ptr<const Program> program_;
  std::vector<int64_t> written_;
};

class Device {
 public:
  virtual ~Device() = default;

  // The name in options and messages, such as 'cpu'; unique in the process.
  virtual const char* name() const = 0;
  // The build of the kernels in use. Weights packed for one build cannot be used by another.
  virtual const char* isa() const = 0;
  virtual const Formats& formats() const = 0;

  // The following may be called from any thread, and while a program runs.

  // Memory with undefined content. Throws OUT_OF_MEMORY.
  virtual std::shared_ptr<Memory> allocate(int64_t bytes) = 0;
  // Memory with a part of a mapped file: its pages, if the device can read them; else a copy.
  // Throws OUT_OF_MEMORY.
  virtual std::shared_ptr<Memory> load(std::shared_ptr<const Mapping> file, int64_t offset,
                                       int64_t bytes) = 0;
  // Copy bytes between the host and memory of this device, and return when that is done.
  virtual void upload(Memory& to, int64_t offset, const void* from, int64_t bytes) = 0;
  virtual void download(void* to, const Memory& from, int64_t offset, int64_t bytes) = 0;
  // Prepares a program that was checked for this device. Throws INTERNAL, naming the instruction, if the
  // device has no kernel for it.
  virtual std::shared_ptr<Executable> prepare(std::shared_ptr<const Program> program) = 0;

  // How many bytes the arenas of runs that are under way may have together; 0: one run at a time. Always the
  // same.
  virtual int64_t arenaLimit() const = 0;
};

}  // namespace saccade
