// An NVIDIA GPU as a device. A thread of its own takes one run at a time, gives its kernels to the driver,
// and waits for them.
#pragma once
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "../../runtime/device.h"
#include "../kernel.h"
#include "blocks.h"
#include "driver.h"
#include "staging.h"

namespace saccade::cuda {

class CudaExecutable;

class CudaDevice final : public Device {
 public:
  // Freed memory that is kept for what is allocated next.
  static constexpr int64_t kKeptBytes = int64_t{256} << 20;

  explicit CudaDevice(std::unique_ptr<Driver> driver, int64_t keptBytes = kKeptBytes);
  ~CudaDevice() override;

  const char* name() const override { return "cuda"; }
  const char* isa() const override { return "columns"; }
  const Formats& formats() const override { return kFormats; }
  std::shared_ptr<Memory> allocate(int64_t bytes) override;
  std::shared_ptr<Memory> load(std::shared_ptr<const Mapping> file, int64_t offset, int64_t bytes) override;
  void upload(Memory& to, int64_t offset, const void* from, int64_t bytes) override;
  void download(void* to, const Memory& from, int64_t offset, int64_t bytes) override;
  std::shared_ptr<Executable> prepare(std::shared_ptr<const Program> program) override;
  // One run at a time: each fills the device.
  int64_t arenaLimit() const override { return 0; }

  Driver& driver() { return *driver_; }
  // The executable is kept by its job.
  void start(std::unique_ptr<Job> job, CudaExecutable& executable);

  // What a run needs beside its own memory. Only the device's thread uses them, and only one run at a time
  // has them.
  struct Tools {
    std::unique_ptr<Event> passed[2];
    int32_t* fault;        // in device memory (kernel.h)
    int32_t* faultOnHost;  // pinned
  };
  Tools& tools() { return tools_; }

 private:
  using Task = std::pair<std::unique_ptr<Job>, CudaExecutable*>;

  void work();
  void run(Task task);
  // Memory for intermediate results. Throws OUT_OF_MEMORY.
  char* reserve(int64_t bytes);

  const std::unique_ptr<Driver> driver_;
  Blocks blocks_;
  Staging staging_{*driver_};
  Tools tools_;
  char* arena_ = nullptr;
  int64_t arenaBytes_ = 0;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace saccade::cuda
