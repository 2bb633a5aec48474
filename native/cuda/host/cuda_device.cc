#include "cuda_device.h"

#include <new>
#include <optional>
#include <string_view>

#include "../../runtime/error.h"
#include "../../runtime/job.h"
#include "cuda_executable.h"

namespace saccade::cuda {
namespace {

class CudaMemory final : public Memory {
 public:
  CudaMemory(Device& device, Blocks& blocks, int64_t bytes)
      : Memory(device, blocks.take(bytes), bytes), blocks_(blocks) {}
  ~CudaMemory() override { blocks_.give(data(), bytes()); }

 private:
  Blocks& blocks_;
};

constexpr int64_t kFaultBytes = sizeof(int32_t);

bool isOutOfMemory(const Error& error) {
  return error.code() == std::string_view("OUT_OF_MEMORY");
}

}  // namespace

CudaDevice::CudaDevice(std::unique_ptr<Driver> driver, int64_t keptBytes)
    : driver_(std::move(driver)), blocks_(*driver_, keptBytes) {
  for (auto& event : tools_.passed) event = driver_->createEvent();
  tools_.fault = reinterpret_cast<int32_t*>(blocks_.take(kFaultBytes));
  tools_.faultOnHost = reinterpret_cast<int32_t*>(driver_->allocatePinned(kFaultBytes));
  if (tools_.faultOnHost == nullptr) fail("OUT_OF_MEMORY", "the system has no pinned memory");
  thread_ = std::thread([this] { work(); });
}

CudaDevice::~CudaDevice() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  if (arena_ != nullptr) blocks_.give(arena_, arenaBytes_);
  blocks_.give(reinterpret_cast<char*>(tools_.fault), kFaultBytes);
  driver_->releasePinned(reinterpret_cast<char*>(tools_.faultOnHost));
}

std::shared_ptr<Memory> CudaDevice::allocate(int64_t bytes) {
  return std::make_shared<CudaMemory>(*this, blocks_, bytes);
}

std::shared_ptr<Memory> CudaDevice::load(std::shared_ptr<const Mapping> file, int64_t offset, int64_t bytes) {
  auto memory = allocate(bytes);
  upload(*memory, 0, file->data() + offset, bytes);
  return memory;
}

void CudaDevice::upload(Memory& to, int64_t offset, const void* from, int64_t bytes) {
  staging_.upload(to.data() + offset, static_cast<const char*>(from), bytes);
}

void CudaDevice::download(void* to, const Memory& from, int64_t offset, int64_t bytes) {
  staging_.download(static_cast<char*>(to), from.data() + offset, bytes);
}

std::shared_ptr<Executable> CudaDevice::prepare(std::shared_ptr<const Program> program) {
  return std::make_shared<CudaExecutable>(std::move(program), *this);
}

void CudaDevice::start(std::unique_ptr<Job> job, CudaExecutable& executable) {
  {
    const std::lock_guard lock(mutex_);
    queue_.emplace_back(std::move(job), &executable);
  }
  wake_.notify_one();
}

void CudaDevice::work() {
  while (true) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Task task = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    run(std::move(task));
  }
}

void CudaDevice::run(Task task) {
  auto& [job, executable] = task;
  std::optional<Error> error;
  bool began = false;
  try {
    const Frame& frame = job->open();
    char* const arena = reserve(executable->program().arenaBytes);
    began = true;
    executable->run(frame, arena, job->cancelled());
  } catch (const Error& thrown) {
    error = thrown;
  } catch (const std::bad_alloc&) {
    error = Error("OUT_OF_MEMORY", "the system has no memory for a run");
  }
  if (error && !began && isOutOfMemory(*error)) {
    Job::postpone(std::move(job), *error);
  } else {
    Job::end(std::move(job), std::move(error));
  }
}

char* CudaDevice::reserve(int64_t bytes) {
  if (bytes <= arenaBytes_) return arena_;
  // There may be no memory for both.
  if (arena_ != nullptr) blocks_.give(arena_, arenaBytes_);
  arena_ = nullptr;
  arenaBytes_ = 0;
  arena_ = blocks_.take(bytes);
  arenaBytes_ = bytes;
  return arena_;
}

}  // namespace saccade::cuda
