// Used instead of probe.cu in a build without the CUDA compiler.
#include "probe.h"

namespace saccade {

const std::string& cudaMissing() {
  static const std::string* const reason =
      new std::string("this build has no CUDA: nvcc was not found when it was built");
  return *reason;
}

}  // namespace saccade
