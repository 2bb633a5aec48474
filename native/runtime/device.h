// What the runtime asks of a device. The CPU (cpu_device.h) is one; a GPU is another implementation of the
// same.
#pragma once
#include <stdint.h>

#include <atomic>
#include <memory>
#include <vector>

#include "memory.h"
#include "program.h"

namespace saccade {

// What one run of a program works on; Memory lies in the address space of the device.
struct Frame {
  std::vector<std::shared_ptr<Memory>> inputs;
  std::vector<std::shared_ptr<Memory>> outputs;
};

class Device {
 public:
  virtual ~Device() = default;

  virtual const char* name() const = 0;
  // The kernels that programs for this device are checked against.
  virtual const KernelTable& kernels() const = 0;

  virtual std::shared_ptr<Memory> allocate(int64_t bytes) = 0;  // throws OUT_OF_MEMORY
  virtual void upload(const Memory& to, int64_t offset, const void* from, int64_t bytes) = 0;
  virtual void download(void* to, const Memory& from, int64_t offset, int64_t bytes) = 0;

  // Runs a program to its end on the calling thread and `threads - 1` of the device's own. Throws ABORTED
  // soon after `cancelled` turns true, INDEX_OUT_OF_RANGE or OUT_OF_MEMORY. One call at a time.
  virtual void run(const Program& program, const Frame& frame, int32_t threads,
                   const std::atomic<bool>& cancelled) = 0;
  // Told when nothing has run for a while: memory kept only for the next run may go. Not during a run.
  virtual void rest() = 0;
};

}  // namespace saccade
