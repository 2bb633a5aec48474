// What a fuzz target defines.
#pragma once
#include <cstddef>
#include <cstdint>

// The name that libFuzzer calls.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace saccade::fuzz {

// How many inputs were well-formed so far.
uint64_t accepted();

}  // namespace saccade::fuzz
