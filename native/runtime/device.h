// The interface of a device. ../cpu/device implements it for the CPU. To add a device, implement Device and
// Executable, and list it in ../addon/devices.cc.
//
// A program (program.h) is checked for a device and says what to compute. The device prepares it once; the
// executable holds what the device needs to run it repeatedly: on the CPU kernels and tiles, on a GPU
// kernels, launch sizes and perhaps a captured graph. Each device has one executor (executor.h), which runs
// one executable at a time, so that executables can share the device's working memory, threads or stream.
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

using Cancelled = std::atomic<bool>;

// The memory of one run, all of it on the executable's device.
struct Frame {
  std::vector<std::shared_ptr<Memory>> inputs;
  std::vector<std::shared_ptr<Memory>> outputs;
};

// A program, ready to run on the device that prepared it.
class Executable {
 public:
  explicit Executable(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
  virtual ~Executable() = default;
  Executable(const Executable&) = delete;
  Executable& operator=(const Executable&) = delete;

  const Program& program() const { return *program_; }

  // Runs the program to its end. Called only by the executor of the device.
  // - threads: how many threads of the host may be used; a device that computes elsewhere ignores it.
  // - cancelled may become true at any time. The device checks it as often as it can (the CPU before each
  //   tile, a GPU before each launch) and throws ABORTED. Outputs and inout buffers are then undefined.
  // - An index outside its axis throws INDEX_OUT_OF_RANGE, naming the instruction. No device reads or writes
  //   outside a view for it. The CPU throws after the instruction; a GPU, whose kernels can only set a flag,
  //   at the end of the run. Outputs are not returned in either case.
  // - Throws OUT_OF_MEMORY if there is no memory for intermediate results.
  virtual void run(const Frame& frame, int32_t threads, const Cancelled& cancelled) = 0;

 private:
  std::shared_ptr<const Program> program_;
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

  // Called by the executor when nothing has run for a while: memory kept for the next run may be freed.
  virtual void trim() = 0;
};

}  // namespace saccade
