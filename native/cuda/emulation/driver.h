// The driver of the emulation. What is queued on a stream is done as late as allowed: when an event after it
// is waited for. So an error of a test shows where the runtime forgets to wait.
#pragma once
#include <stdint.h>

#include <memory>

#include "../host/driver.h"

namespace saccade::emulation {

// memory: bytes that the emulated device has.
std::unique_ptr<cuda::Driver> createDriver(int64_t memory = int64_t{8} << 30);

}  // namespace saccade::emulation
