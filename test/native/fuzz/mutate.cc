#include "mutate.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <vector>

namespace saccade::fuzz {
namespace {

constexpr size_t kMaxNumbers = 4096;
constexpr size_t kHeader = 7;

int64_t below(std::mt19937_64& random, size_t count) {
  return static_cast<int64_t>(random() % std::max<size_t>(count, 1));
}

double interesting(std::mt19937_64& random) {
  static const double kValues[] = {0,
                                   1,
                                   2,
                                   3,
                                   4,
                                   7,
                                   8,
                                   15,
                                   16,
                                   17,
                                   31,
                                   32,
                                   33,
                                   63,
                                   64,
                                   65,
                                   127,
                                   128,
                                   255,
                                   256,
                                   1023,
                                   1024,
                                   4096,
                                   65535,
                                   65536,
                                   -1,
                                   0.5,
                                   -0.0,
                                   1e-45,
                                   0x1p20,
                                   0x1p24,
                                   0x1p30,
                                   0x1p31 - 1,
                                   0x1p31,
                                   0x1p32,
                                   0x1p53 - 1,
                                   0x1p53,
                                   0x1p62,
                                   0x1p63,
                                   std::numeric_limits<double>::infinity(),
                                   std::numeric_limits<double>::quiet_NaN(),
                                   1e308};
  return kValues[below(random, sizeof kValues / sizeof *kValues)];
}

// Mostly near the value, so that it stays in its range.
double changed(double value, const Numbers& numbers, std::mt19937_64& random) {
  switch (random() % 8) {
    case 0:
      return value + 1;
    case 1:
      return value - 1;
    case 2:
      return value * 2;
    case 3:
      return std::floor(value / 2);
    case 4:
      return value + static_cast<double>(below(random, 64)) - 32;
    case 5:
      return numbers[static_cast<size_t>(below(random, numbers.size()))];
    default:
      return interesting(random);
  }
}

// Makes the buffers and the arena larger, so that larger views fit.
void enlarge(Numbers& numbers, std::mt19937_64& random) {
  // The code begins after the sizes of the constants.
  const double constants = numbers[0];
  if (!(constants >= 0 && constants < static_cast<double>(numbers.size()))) return;
  const size_t code = 1 + static_cast<size_t>(constants);
  if (code + kHeader > numbers.size()) return;
  const double factor = 1 + static_cast<double>(below(random, 8));
  for (size_t i = 1; i < code; ++i) numbers[i] *= factor;
  numbers[code + 2] *= factor;
  const double buffers = numbers[code + 3];
  for (size_t i = 0; static_cast<double>(i) < buffers && code + kHeader + 3 * i + 2 < numbers.size(); ++i)
    numbers[code + kHeader + 3 * i + 2] *= factor;
}

// Where an encoded program has numbers that can change without its form.
struct Parts {
  std::vector<size_t> dims, strides, offsets, attributes;
};

// Of instructions up to the first that is cut off.
Parts partsOf(const Numbers& numbers) {
  Parts parts;
  size_t at = 0;
  bool whole = true;
  const auto next = [&]() -> size_t {
    const double value = at < numbers.size() ? numbers[at] : -1;
    ++at;
    whole = whole && value >= 0 && value <= static_cast<double>(kMaxNumbers);
    return whole ? static_cast<size_t>(value) : 0;
  };
  const auto list = [&](std::vector<size_t>& places, size_t count) {
    whole = whole && at + count <= numbers.size();
    for (size_t i = 0; whole && i < count; ++i) places.push_back(at++);
  };
  at = 1 + next();  // the constants
  at += 3;
  const size_t buffers = next();
  ++at;  // the number of inputs
  const size_t outputs = next(), instructions = next();
  at += 3 * buffers + outputs;
  for (size_t i = 0; whole && i < instructions; ++i) {
    ++at;  // the op
    for (size_t views = next(); whole && views > 0; --views) {
      if (at < numbers.size() && numbers[at++] < 0) continue;
      ++at;  // the type
      list(parts.offsets, 1);
      const size_t rank = next();
      list(parts.dims, rank);
      list(parts.strides, rank);
    }
    list(parts.attributes, next());
  }
  return parts;
}

// A change after which most programs are accepted: all axes of one length get another, or an attribute, a
// stride or an offset changes.
void mutateGently(Numbers& numbers, std::mt19937_64& random) {
  const Parts parts = partsOf(numbers);
  const auto any = [&](const std::vector<size_t>& places) -> double& {
    return numbers[places.empty() ? 0 : places[static_cast<size_t>(below(random, places.size()))]];
  };
  switch (random() % 4) {
    case 0:
    case 1: {
      const double from = any(parts.dims);
      if (random() % 2 == 0) enlarge(numbers, random);
      const double to = random() % 4 == 0 ? changed(from, numbers, random) : any(parts.dims);
      for (const auto* places : {&parts.dims, &parts.strides}) {
        for (const size_t place : *places) {
          if (numbers[place] == from) numbers[place] = to;
        }
      }
      break;
    }
    case 2: {
      double& attribute = any(parts.attributes);
      attribute = changed(attribute, numbers, random);
      break;
    }
    default: {
      enlarge(numbers, random);
      double& moved = any(random() % 2 == 0 ? parts.strides : parts.offsets);
      moved = changed(moved, numbers, random);
    }
  }
}

void mutateOnce(Numbers& numbers, const Numbers& other, std::mt19937_64& random) {
  const auto at = static_cast<size_t>(below(random, numbers.size()));
  switch (random() % 10) {
    case 0:
    case 1:
    case 2:
      numbers[at] = changed(numbers[at], numbers, random);
      break;
    case 3: {  // a size, wherever it is used
      const double from = numbers[at], to = changed(from, numbers, random);
      std::replace(numbers.begin() + 1, numbers.end(), from, to);
      break;
    }
    case 4:
      enlarge(numbers, random);
      break;
    case 5: {
      const auto with = static_cast<size_t>(below(random, numbers.size()));
      std::swap(numbers[at], numbers[with]);
      break;
    }
    case 6: {  // neighbours, such as the dims or strides of a view
      const size_t end = std::min(numbers.size(), at + 1 + static_cast<size_t>(below(random, 8)));
      for (size_t i = at; i < end; ++i) numbers[i] = changed(numbers[i], numbers, random);
      break;
    }
    case 7: {  // a part of another program over this one
      if (other.empty()) break;
      const auto from = static_cast<size_t>(below(random, other.size()));
      const size_t count =
          std::min({static_cast<size_t>(1 + below(random, 24)), other.size() - from, numbers.size() - at});
      std::copy_n(other.begin() + static_cast<ptrdiff_t>(from), count,
                  numbers.begin() + static_cast<ptrdiff_t>(at));
      break;
    }
    case 8: {  // a part again behind it
      if (numbers.size() >= kMaxNumbers) break;
      const size_t count = std::min(numbers.size() - at, static_cast<size_t>(1 + below(random, 32)));
      const Numbers part(numbers.begin() + static_cast<ptrdiff_t>(at),
                         numbers.begin() + static_cast<ptrdiff_t>(at + count));
      numbers.insert(numbers.begin() + static_cast<ptrdiff_t>(at), part.begin(), part.end());
      break;
    }
    default: {
      const size_t count = std::min(numbers.size() - at, static_cast<size_t>(1 + below(random, 4)));
      numbers.erase(numbers.begin() + static_cast<ptrdiff_t>(at),
                    numbers.begin() + static_cast<ptrdiff_t>(at + count));
      if (numbers.empty()) numbers.push_back(0);
    }
  }
}

}  // namespace

Numbers mutate(const Numbers& a, const Numbers& b, std::mt19937_64& random) {
  Numbers result = a.empty() ? Numbers{0} : a;
  // One in four is changed in any way; the others mostly pass the check, so that kernels run.
  if (random() % 4 != 0) {
    mutateGently(result, random);
    return result;
  }
  const uint64_t changes = 1 + random() % 6;
  for (uint64_t i = 0; i < changes; ++i) mutateOnce(result, b, random);
  return result;
}

Numbers numbersOf(const uint8_t* data, size_t size) {
  Numbers numbers(size / sizeof(double));
  if (!numbers.empty()) std::memcpy(numbers.data(), data, numbers.size() * sizeof(double));
  return numbers;
}

}  // namespace saccade::fuzz
