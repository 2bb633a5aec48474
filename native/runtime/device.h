// What the runtime asks of a device. ../cpu/device is one; a GPU is another implementation of the same. To
// add a device: implement Device and Executable, and name it in ../addon/devices.cc.
//
// A program (program.h) is checked for a device and says what to compute. The device prepares it once: the
// executable holds what the device needs to run it again and again (kernels and tiles; or kernels, launch
// sizes and a captured graph). Each device has one executor (executor.h), which runs one executable at a
// time, so that executables may share the device's working memory, threads or stream.
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

// What one run works on. All of it is memory of the executable's device.
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

  // Runs the program to its end. Called by the executor of the device alone.
  // - threads: how many threads of the host may work on it; a device that computes elsewhere ignores it.
  // - cancelled: may turn true at any time. The device looks as often as it can (the CPU before each tile, a
  //   GPU before each launch) and then throws ABORTED. Outputs and inout buffers are undefined after that.
  // - An index outside its axis throws INDEX_OUT_OF_RANGE, naming the instruction. No device reads or writes
  //   outside a view for it; when it notices is its own affair: the CPU after the instruction, a GPU, which
  //   can only leave a mark, at the end of the run.
  // - OUT_OF_MEMORY, if there is no room for what is needed between input and output.
  virtual void run(const Frame& frame, int32_t threads, const Cancelled& cancelled) = 0;

 private:
  std::shared_ptr<const Program> program_;
};

class Device {
 public:
  virtual ~Device() = default;

  // The name users give: 'cpu'. No two devices of a process have one name.
  virtual const char* name() const = 0;
  // The build of the kernels in use. Weights packed for one build cannot be used by another.
  virtual const char* isa() const = 0;
  virtual const Formats& formats() const = 0;

  // The following may be called from any thread, also while a program runs.

  // Memory with undefined content. Throws OUT_OF_MEMORY.
  virtual std::shared_ptr<Memory> allocate(int64_t bytes) = 0;
  // Memory with a part of a mapped file: the file's own pages, where the device can read those; else a copy.
  // Throws OUT_OF_MEMORY.
  virtual std::shared_ptr<Memory> load(std::shared_ptr<const Mapping> file, int64_t offset,
                                       int64_t bytes) = 0;
  // Copy bytes between the host and memory of this device, and return when they are there.
  virtual void upload(Memory& to, int64_t offset, const void* from, int64_t bytes) = 0;
  virtual void download(void* to, const Memory& from, int64_t offset, int64_t bytes) = 0;
  // Makes a program that was checked for this device ready to run. Throws INTERNAL, naming the instruction,
  // for one that this device cannot run.
  virtual std::shared_ptr<Executable> prepare(std::shared_ptr<const Program> program) = 0;

  // Called by the executor when nothing has run for a while: memory kept for the next run may be freed.
  virtual void rest() = 0;
};

}  // namespace saccade
