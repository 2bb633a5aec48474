// Stands in for probe.cu in a build without the CUDA compiler.
#include "probe.h"

namespace saccade {

const CudaProbe& probeCuda() {
  static const CudaProbe* const result =
      new CudaProbe{false, false, "this build has no CUDA: nvcc was not there when it was built", ""};
  return *result;
}

}  // namespace saccade
