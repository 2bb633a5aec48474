#include "machine.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <thread>
#include <vector>

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
int64_t field(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (line.compare(0, key.size(), key) == 0) return std::strtoll(line.c_str() + key.size(), nullptr, 10);
  }
  return kUnknown;
}

// The number in a file; "max" and a missing file mean no limit.
int64_t number(const std::string& path) {
  std::ifstream file(path);
  int64_t value = 0;
  return file >> value ? value : kUnknown;
}

// The folders of the control groups that this process is in, innermost first, below the mount of a
// controller. A container often sees its own group as the top, whatever its name outside is: so folders may
// be missing.
std::vector<std::string> groupFolders(const std::string& root, const std::string& controller) {
  std::ifstream file(root + "/proc/self/cgroup");
  std::string line, group;
  while (std::getline(file, line)) {
    // "4:memory:/name" (version 1), "0::/name" (version 2)
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = std::string(",").append(line, first + 1, second - first - 1) + ",";
    const bool mine = controller.empty() ? controllers == ",,"
                                         : controllers.find("," + controller + ",") != std::string::npos;
    if (mine) group = line.substr(second + 1);
  }
  const std::string mount = root + "/sys/fs/cgroup" + (controller.empty() ? "" : "/" + controller);
  std::vector<std::string> folders;
  for (; group.size() > 1 && group[0] == '/'; group.resize(group.rfind('/')))
    folders.push_back(mount + group);
  folders.push_back(mount);
  return folders;
}

// Names of the files of a controller.
struct MemoryFiles {
  const char *controller, *limit, *used, *cached;
};
constexpr MemoryFiles kMemoryFiles[] = {
    {"", "/memory.max", "/memory.current", "inactive_file "},
    {"memory", "/memory.limit_in_bytes", "/memory.usage_in_bytes", "total_inactive_file "},
};

// What is left of a group's limit. Cached file pages are counted as used, but the system can free them.
MachineMemory groupMemory(const std::string& folder, const MemoryFiles& files) {
  const int64_t limit = number(folder + files.limit), used = number(folder + files.used);
  if (limit == kUnknown || used == kUnknown) return {kUnknown, kUnknown};
  const int64_t cached = field(folder + "/memory.stat", files.cached);
  return {limit, std::max<int64_t>(0, limit - used + (cached == kUnknown ? 0 : cached))};
}

int64_t kilobytes(int64_t count) {
  return count > kUnknown / 1024 ? kUnknown : count * 1024;
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

}  // namespace

int32_t usableCores() {
  static const int32_t cores = std::min(allowedCores(), containerCores());
  return cores;
}

int32_t containerCores(const std::string& root) {
  double least = std::numeric_limits<int32_t>::max();
  const auto limit = [&](double quota, double period) {
    if (quota > 0 && period > 0) least = std::min(least, std::max(1.0, std::ceil(quota / period)));
  };
  for (const std::string& folder : groupFolders(root, "")) {
    std::ifstream file(folder + "/cpu.max");
    double quota = 0, period = 0;
    if (file >> quota >> period) limit(quota, period);
  }
  for (const std::string& folder : groupFolders(root, "cpu")) {
    const int64_t quota = number(folder + "/cpu.cfs_quota_us"),
                  period = number(folder + "/cpu.cfs_period_us");
    if (quota != kUnknown) limit(static_cast<double>(quota), static_cast<double>(period));
  }
  return static_cast<int32_t>(least);
}

MachineMemory machineMemory(const std::string& root) {
  const std::string file = root + "/proc/meminfo";
  const int64_t swap = kilobytes(field(file, "SwapTotal:")), all = kilobytes(field(file, "MemTotal:"));
  MachineMemory memory{all == kUnknown || swap == kUnknown ? all : all + swap,
                       kilobytes(field(file, "MemAvailable:"))};
  for (const MemoryFiles& files : kMemoryFiles) {
    for (const std::string& folder : groupFolders(root, files.controller)) {
      const MachineMemory group = groupMemory(folder, files);
      memory.capacity = std::min(memory.capacity, group.capacity);
      memory.available = std::min(memory.available, group.available);
    }
  }
  return memory;
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
