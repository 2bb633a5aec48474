// Whether this build and this machine have CUDA.
#pragma once
#include <string>

namespace saccade {

struct CudaProbe {
  bool built;
  bool available;
  std::string reason;  // why it is not available; empty when it is
  std::string name;    // of the first device, when available
};

// Asked of the driver once a process.
const CudaProbe& probeCuda();

}  // namespace saccade
