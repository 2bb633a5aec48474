#include "cuda_driver.h"

#include <cuda_runtime_api.h>

#include <mutex>
#include <set>
#include <vector>

#include "../../runtime/error.h"

namespace saccade::cuda {
namespace {

// More dynamic shared memory must be asked for, once for each kernel.
constexpr int32_t kUsualSharedBytes = 48 * 1024;

// Throws INTERNAL unless a call of CUDA succeeded. The runtime keeps the last error: it is taken, so that no
// later call reports it again.
void check(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  cudaGetLastError();
  fail("INTERNAL", "CUDA: ", what, ": ", cudaGetErrorString(status), " (", cudaGetErrorName(status), ")");
}

// Null where there is no memory.
char* allocated(cudaError_t status, void* data, const char* what) {
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    return nullptr;
  }
  check(status, what);
  return static_cast<char*>(data);
}

class CudaEvent final : public Event {
 public:
  explicit CudaEvent(const cudaStream_t* streams) : streams_(streams) {
    // A thread that waits sleeps: it would take a core from the rest of the process.
    check(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming | cudaEventBlockingSync),
          "creating an event");
  }
  ~CudaEvent() override { cudaEventDestroy(event_); }
  void record(Stream stream) override {
    check(cudaEventRecord(event_, streams_[static_cast<int32_t>(stream)]), "recording an event");
  }
  void wait() override { check(cudaEventSynchronize(event_), "waiting for the device"); }

 private:
  const cudaStream_t* streams_;
  cudaEvent_t event_ = nullptr;
};

// Lets kernels have the shared memory that they are launched with.
class SharedMemoryLimits {
 public:
  void raise(const Launch& launch) {
    if (launch.sharedBytes <= kUsualSharedBytes) return;
    const std::lock_guard lock(mutex_);
    if (raised_.count({launch.function, launch.sharedBytes}) > 0) return;
    check(cudaFuncSetAttribute(launch.function, cudaFuncAttributeMaxDynamicSharedMemorySize,
                               launch.sharedBytes),
          "asking for shared memory");
    raised_.insert({launch.function, launch.sharedBytes});
  }

 private:
  std::mutex mutex_;
  std::set<std::pair<const void*, int32_t>> raised_;
};

dim3 dimensionsOf(const Grid& grid) {
  return {grid.x, grid.y, grid.z};
}

class CudaGraph final : public Graph {
 public:
  CudaGraph(cudaStream_t stream, SharedMemoryLimits& limits) : stream_(stream), limits_(limits) {
    check(cudaGraphCreate(&graph_, 0), "creating a graph");
  }
  ~CudaGraph() override {
    if (ready_ != nullptr) cudaGraphExecDestroy(ready_);
    cudaGraphDestroy(graph_);
  }
  void add(const Launch& launch) override {
    limits_.raise(launch);
    void* arguments[] = {const_cast<void*>(launch.arguments)};
    const cudaKernelNodeParams parameters = parametersOf(launch, arguments);
    cudaGraphNode_t node = nullptr;
    const cudaGraphNode_t* const before = nodes_.empty() ? nullptr : &nodes_.back();
    check(cudaGraphAddKernelNode(&node, graph_, before, before == nullptr ? 0 : 1, &parameters),
          "adding to a graph");
    nodes_.push_back(node);
  }
  void update(size_t index, const Launch& launch) override {
    void* arguments[] = {const_cast<void*>(launch.arguments)};
    const cudaKernelNodeParams parameters = parametersOf(launch, arguments);
    check(cudaGraphExecKernelNodeSetParams(ready_, nodes_.at(index), &parameters), "updating a graph");
  }
  void start() override {
    if (ready_ == nullptr) check(cudaGraphInstantiate(&ready_, graph_, 0), "instantiating a graph");
    check(cudaGraphLaunch(ready_, stream_), "launching a graph");
  }

 private:
  static cudaKernelNodeParams parametersOf(const Launch& launch, void** arguments) {
    cudaKernelNodeParams parameters{};
    parameters.func = const_cast<void*>(launch.function);
    parameters.gridDim = dimensionsOf(launch.grid);
    parameters.blockDim = dim3(static_cast<unsigned>(launch.threads));
    parameters.sharedMemBytes = static_cast<unsigned>(launch.sharedBytes);
    parameters.kernelParams = arguments;
    return parameters;
  }

  cudaStream_t stream_;
  SharedMemoryLimits& limits_;
  cudaGraph_t graph_ = nullptr;
  cudaGraphExec_t ready_ = nullptr;
  std::vector<cudaGraphNode_t> nodes_;
};

class CudaDriver final : public Driver {
 public:
  CudaDriver() {
    check(cudaSetDevice(0), "choosing the device");
    for (cudaStream_t& stream : streams_)
      check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "creating a stream");
  }
  ~CudaDriver() override {
    for (const cudaStream_t stream : streams_) cudaStreamDestroy(stream);
  }

  char* allocate(int64_t bytes) override {
    void* data = nullptr;
    const cudaError_t status = cudaMalloc(&data, static_cast<size_t>(bytes));
    return allocated(status, data, "allocating");
  }
  void release(char* data) noexcept override { cudaFree(data); }
  char* allocatePinned(int64_t bytes) override {
    void* data = nullptr;
    const cudaError_t status = cudaMallocHost(&data, static_cast<size_t>(bytes));
    return allocated(status, data, "allocating pinned memory");
  }
  void releasePinned(char* data) noexcept override { cudaFreeHost(data); }
  Room room() override {
    size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "asking for the size of memory");
    return {static_cast<int64_t>(free), static_cast<int64_t>(total)};
  }

  std::unique_ptr<Event> createEvent() override { return std::make_unique<CudaEvent>(streams_); }
  std::unique_ptr<Graph> createGraph() override {
    return std::make_unique<CudaGraph>(streamOf(Stream::runs), limits_);
  }
  void upload(Stream stream, char* to, const char* pinned, int64_t bytes) override {
    copy(stream, to, pinned, bytes, cudaMemcpyHostToDevice);
  }
  void download(Stream stream, char* pinned, const char* from, int64_t bytes) override {
    copy(stream, pinned, from, bytes, cudaMemcpyDeviceToHost);
  }
  void set(Stream stream, char* to, uint8_t value, int64_t bytes) override {
    check(cudaMemsetAsync(to, value, static_cast<size_t>(bytes), streamOf(stream)), "setting memory");
  }
  void launch(const Launch& launch) override {
    limits_.raise(launch);
    void* arguments[] = {const_cast<void*>(launch.arguments)};
    check(cudaLaunchKernel(launch.function, dimensionsOf(launch.grid),
                           dim3(static_cast<unsigned>(launch.threads)), arguments,
                           static_cast<size_t>(launch.sharedBytes), streamOf(Stream::runs)),
          "launching a kernel");
  }

 private:
  cudaStream_t streamOf(Stream stream) const { return streams_[static_cast<int32_t>(stream)]; }
  void copy(Stream stream, void* to, const void* from, int64_t bytes, cudaMemcpyKind kind) {
    check(cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), kind, streamOf(stream)), "copying");
  }

  cudaStream_t streams_[static_cast<int32_t>(Stream::count)] = {};
  SharedMemoryLimits limits_;
};

}  // namespace

std::unique_ptr<Driver> createCudaDriver() {
  return std::make_unique<CudaDriver>();
}

}  // namespace saccade::cuda
