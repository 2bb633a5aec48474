// The few things that the runtime asks of CUDA: cuda_driver.cc calls the CUDA runtime, ../emulation/driver.cc
// runs kernels on the host. All functions throw INTERNAL with the driver's reason if it reports an error.
//
// There are two streams: runs, which one thread uses, and copies. What is queued on one is done in order,
// later. Memory of the host that a queued copy uses must be pinned, and stay until an event after it has
// come.
#pragma once
#include <stdint.h>

#include <memory>
#include <string>

#include "../launch.h"

namespace saccade::cuda {

enum class Stream : int32_t { runs, copies, count };

// A point in a stream.
class Event {
 public:
  virtual ~Event() = default;
  virtual void record(Stream stream) = 0;
  // Until everything that was queued before the last record() is done. Returns at once if there was none.
  virtual void wait() = 0;
};

// A sequence of launches.
class Graph {
 public:
  virtual ~Graph() = default;
  // Before start(): at the end. The launch's index is the number of those added before.
  virtual void add(const Launch& launch) = 0;
  // Replaces the arguments of a launch; the kernel and its sizes stay.
  virtual void update(size_t index, const Launch& launch) = 0;
  // Queues all launches on the stream of runs.
  virtual void start() = 0;
};

class Driver {
 public:
  struct Room {
    int64_t free, total;  // bytes of device memory
  };

  virtual ~Driver() = default;

  // From any thread. Null if there is no memory.
  virtual char* allocate(int64_t bytes) = 0;
  virtual void release(char* data) noexcept = 0;
  virtual char* allocatePinned(int64_t bytes) = 0;
  virtual void releasePinned(char* data) noexcept = 0;
  virtual Room room() = 0;

  virtual std::unique_ptr<Event> createEvent() = 0;
  virtual std::unique_ptr<Graph> createGraph() = 0;
  virtual void upload(Stream stream, char* to, const char* pinned, int64_t bytes) = 0;
  virtual void download(Stream stream, char* pinned, const char* from, int64_t bytes) = 0;
  // Sets every byte.
  virtual void set(Stream stream, char* to, uint8_t value, int64_t bytes) = 0;
  // On the stream of runs.
  virtual void launch(const Launch& launch) = 0;
};

}  // namespace saccade::cuda
