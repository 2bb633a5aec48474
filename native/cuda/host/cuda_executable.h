// A program on a GPU. The first run launches its kernels one by one: most programs that run once, such as
// those that pack weights, need no more. Later runs replay them as graphs, which the driver starts in a
// fraction of the time.
#pragma once
#include <stdint.h>

#include <memory>
#include <vector>

#include "../../runtime/device.h"
#include "cuda_device.h"
#include "driver.h"

namespace saccade::cuda {

class CudaExecutable final : public Executable {
 public:
  // Throws INTERNAL for an instruction that the device cannot compute.
  CudaExecutable(std::shared_ptr<const Program> program, CudaDevice& device);

  void start(std::unique_ptr<Job> job) override;
  // A run, on the device's thread. Returns or throws when nothing of it is under way any more. Throws
  // ABORTED, INDEX_OUT_OF_RANGE, INTERNAL.
  void run(const Frame& frame, char* arena, const Cancelled& cancelled);

 private:
  // Instructions whose kernels are given to the driver together. A run is cancelled between two of them.
  struct Segment {
    size_t begin, end;
    std::unique_ptr<Graph> graph;  // null before the second run
    std::vector<char*> bound;      // the addresses of the buffers in the graph
  };

  std::vector<char*> addresses(const Frame& frame, char* arena) const;
  void launch(size_t instruction, const std::vector<char*>& addresses, Launcher& launcher) const;
  void capture(Segment& segment, const std::vector<char*>& addresses);
  void update(Segment& segment, const std::vector<char*>& addresses);
  void runSegments(const std::vector<char*>& addresses, const Cancelled& cancelled);

  CudaDevice& device_;
  std::vector<Segment> segments_;
  std::vector<size_t> firstLaunch_;  // of each instruction, in the graph of its segment
  bool ran_ = false;
  bool mayFault_ = false;  // whether an instruction checks indices
};

}  // namespace saccade::cuda
