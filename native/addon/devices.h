// The devices that this build of the addon knows.
#pragma once
#include "../runtime/devices.h"

namespace saccade {

// Of this process. Their threads outlive every environment that uses them.
Devices& devices();

// The device where mapped files and the bytes of JavaScript are.
constexpr const char* kHost = "cpu";

}  // namespace saccade
