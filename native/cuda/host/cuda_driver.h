// The driver interface on the CUDA runtime.
#pragma once
#include <memory>

#include "driver.h"

namespace saccade::cuda {

std::unique_ptr<Driver> createCudaDriver();

}  // namespace saccade::cuda
