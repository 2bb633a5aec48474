#include "driver.h"

#include <string.h>

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "block.h"
#include "global.h"

namespace saccade::emulation {
namespace {

using cuda::Driver;
using cuda::Event;
using cuda::Graph;
using cuda::Stream;

// Steps that are queued, and done in their order when they are waited for. Used by one thread at a time.
class Queue {
 public:
  void add(std::function<void()> step) {
    steps_.push_back(std::move(step));
    ++added_;
  }
  uint64_t added() const { return added_; }
  void doUntil(uint64_t step) {
    while (done_ < step) {
      const auto next = std::move(steps_.front());
      steps_.pop_front();
      ++done_;
      next();
    }
  }

 private:
  std::deque<std::function<void()>> steps_;
  uint64_t added_ = 0, done_ = 0;
};

class QueueEvent final : public Event {
 public:
  explicit QueueEvent(Queue* queues) : queues_(queues) {}
  void record(Stream stream) override {
    queue_ = &queues_[static_cast<int32_t>(stream)];
    step_ = queue_->added();
  }
  void wait() override {
    if (queue_ != nullptr) queue_->doUntil(step_);
  }

 private:
  Queue* queues_;
  Queue* queue_ = nullptr;
  uint64_t step_ = 0;
};

// A launch with a copy of its arguments.
class Kept {
 public:
  explicit Kept(const cuda::Launch& launch)
      : launch_(launch), arguments_(launch.argumentBytes / sizeof(uint64_t) + 1) {
    memcpy(arguments_.data(), launch.arguments, launch.argumentBytes);
  }
  void run() const {
    cuda::Launch launch = launch_;
    launch.arguments = arguments_.data();
    emulation::run(launch);
  }

 private:
  cuda::Launch launch_;
  std::vector<uint64_t> arguments_;
};

class QueueGraph final : public Graph {
 public:
  explicit QueueGraph(Queue& queue) : queue_(queue) {}
  void add(const cuda::Launch& launch) override { launches_.emplace_back(launch); }
  void update(size_t index, const cuda::Launch& launch) override { launches_.at(index) = Kept(launch); }
  void start() override {
    for (const Kept& launch : launches_) queue_.add([launch] { launch.run(); });
  }

 private:
  Queue& queue_;
  std::vector<Kept> launches_;
};

class EmulatedDriver final : public Driver {
 public:
  explicit EmulatedDriver(int64_t memory) : memory_(memory), free_(memory) {}

  char* allocate(int64_t bytes) override {
    const std::lock_guard lock(mutex_);
    if (bytes > free_) return nullptr;
    char* const data = allocateGlobal(bytes);
    if (data == nullptr) return nullptr;
    sizes_[data] = bytes;
    free_ -= bytes;
    return data;
  }
  void release(char* data) noexcept override {
    const std::lock_guard lock(mutex_);
    const auto found = sizes_.find(data);
    free_ += found->second;
    sizes_.erase(found);
    freeGlobal(data);
  }
  // Not allocateGlobal: a kernel that is given such memory is at fault.
  char* allocatePinned(int64_t bytes) override { return new char[static_cast<size_t>(bytes)]; }
  void releasePinned(char* data) noexcept override { delete[] data; }
  Room room() override {
    const std::lock_guard lock(mutex_);
    return {free_, memory_};
  }

  std::unique_ptr<Event> createEvent() override { return std::make_unique<QueueEvent>(queues_); }
  std::unique_ptr<Graph> createGraph() override {
    return std::make_unique<QueueGraph>(queueOf(Stream::runs));
  }
  void upload(Stream stream, char* to, const char* pinned, int64_t bytes) override {
    queueOf(stream).add([=] { memcpy(to, pinned, static_cast<size_t>(bytes)); });
  }
  void download(Stream stream, char* pinned, const char* from, int64_t bytes) override {
    queueOf(stream).add([=] { memcpy(pinned, from, static_cast<size_t>(bytes)); });
  }
  void set(Stream stream, char* to, uint8_t value, int64_t bytes) override {
    queueOf(stream).add([=] { memset(to, value, static_cast<size_t>(bytes)); });
  }
  void launch(const cuda::Launch& launch) override {
    queueOf(Stream::runs).add([kept = Kept(launch)] { kept.run(); });
  }

 private:
  Queue& queueOf(Stream stream) { return queues_[static_cast<int32_t>(stream)]; }

  const int64_t memory_;
  std::mutex mutex_;
  int64_t free_;
  std::map<char*, int64_t> sizes_;
  Queue queues_[static_cast<int32_t>(Stream::count)];
};

}  // namespace

std::unique_ptr<Driver> createDriver(int64_t memory) {
  return std::make_unique<EmulatedDriver>(memory);
}

}  // namespace saccade::emulation
