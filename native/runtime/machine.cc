#include "machine.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <thread>

#ifdef __linux__
#include <sched.h>
#endif
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace saccade {
namespace {

constexpr int64_t kUnknown = std::numeric_limits<int64_t>::max();

// The number after `key` in a file of "key number" lines.
int64_t field(const char* path, const std::string& key) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (line.compare(0, key.size(), key) == 0) return std::strtoll(line.c_str() + key.size(), nullptr, 10);
  }
  return kUnknown;
}

// The number in a file; "max" and a missing file mean no limit.
int64_t number(const char* path) {
  std::ifstream file(path);
  int64_t value = 0;
  return file >> value ? value : kUnknown;
}

// What is left of the container's limit. Cached file pages are counted as used, but the system can free them.
int64_t containerMemory() {
  const int64_t limit = number("/sys/fs/cgroup/memory.max");
  const int64_t used = number("/sys/fs/cgroup/memory.current");
  if (limit == kUnknown || used == kUnknown) return kUnknown;
  const int64_t cached = field("/sys/fs/cgroup/memory.stat", "inactive_file ");
  return std::max<int64_t>(0, limit - used + (cached == kUnknown ? 0 : cached));
}

// Cores that the calling thread, and so the threads it starts, may run on (taskset, a container's cpuset):
// the standard library counts all cores, and more threads than cores would wait for each other.
int32_t allowedCores() {
#ifdef __linux__
  // The system fails for a set that is smaller than its own.
  for (int32_t size = 1024; size <= 1 << 16; size *= 2) {
    cpu_set_t* const set = CPU_ALLOC(static_cast<size_t>(size));
    if (set == nullptr) break;
    const size_t bytes = CPU_ALLOC_SIZE(static_cast<size_t>(size));
    const int32_t cores = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (cores > 0) return cores;
  }
#endif
  return std::max(1, static_cast<int32_t>(std::thread::hardware_concurrency()));
}

// How many cores' time the container may use; more threads would be throttled.
int32_t containerCores() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  double quota = 0;
  double period = 0;
  if (!(file >> quota >> period) || period <= 0) return std::numeric_limits<int32_t>::max();
  return std::max(1, static_cast<int32_t>(std::ceil(quota / period)));
}

}  // namespace

int32_t usableCores() {
  static const int32_t cores = std::min(allowedCores(), containerCores());
  return cores;
}

int64_t availableMemory() {
  const int64_t kilobytes = field("/proc/meminfo", "MemAvailable:");
  return std::min(kilobytes == kUnknown ? kUnknown : kilobytes * 1024, containerMemory());
}

std::string cpuName() {
#if defined(__x86_64__)
  uint32_t text[13] = {};
  for (uint32_t leaf = 0; leaf < 3; ++leaf) {
    uint32_t* part = text + 4 * leaf;
    if (!__get_cpuid(0x80000002 + leaf, part, part + 1, part + 2, part + 3)) return "x86-64";
  }
  const std::string name = reinterpret_cast<const char*>(text);
  const size_t start = name.find_first_not_of(' ');
  return start == std::string::npos ? "x86-64" : name.substr(start, name.find_last_not_of(' ') + 1 - start);
#elif defined(__aarch64__)
  return "arm64";
#else
  return "unknown";
#endif
}

}  // namespace saccade
