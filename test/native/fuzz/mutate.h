// A seeded mutator of encoded programs. Programs are numbers with rules between them (program.md), so it
// changes numbers and not bytes: most changes of bytes would not get past the check of the first number.
#pragma once
#include <cstdint>
#include <random>
#include <vector>

namespace saccade::fuzz {

using Numbers = std::vector<double>;

// A small change of a, which may take numbers from b.
Numbers mutate(const Numbers& a, const Numbers& b, std::mt19937_64& random);

Numbers numbersOf(const uint8_t* data, size_t size);

}  // namespace saccade::fuzz
