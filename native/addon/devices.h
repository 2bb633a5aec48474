// The devices of this build of the addon.
#pragma once
#include "../runtime/devices.h"

namespace saccade {

// Shared by all environments of the process; their threads outlive these.
Devices& devices();

// The device of buffers and programs for which none is named.
constexpr const char* kHost = "cpu";

}  // namespace saccade
