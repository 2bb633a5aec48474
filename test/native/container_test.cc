// Limits of containers, read from folders that look like those of the system.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "../../native/runtime/machine.h"

using namespace saccade;

namespace {

constexpr int64_t kMega = 1 << 20;
constexpr int64_t kUnknown = std::numeric_limits<int64_t>::max();

// A machine with 8 GB, of which 6 GB are available, in a folder of its own.
class Machine {
 public:
  Machine() {
    char name[] = "/tmp/saccade-test-XXXXXX";
    root = mkdtemp(name);
    write("proc/meminfo",
          "MemTotal:        8388608 kB\nMemAvailable:    6291456 kB\nSwapTotal:             0 kB\n");
  }
  ~Machine() { std::filesystem::remove_all(root); }

  void write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = root + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text << "\n";
  }
  void limit(const std::string& group, int64_t limit, int64_t used, int64_t cached) const {
    write(group + "/memory.max", std::to_string(limit * kMega));
    write(group + "/memory.current", std::to_string(used * kMega));
    write(group + "/memory.stat", "anon 1\ninactive_file " + std::to_string(cached * kMega));
  }

  std::string root;
};

void check(const Machine& machine, int64_t capacity, int64_t available) {
  const MachineMemory memory = machineMemory(machine.root);
  CHECK(memory.capacity == capacity * kMega);
  CHECK(memory.available == available * kMega);
}

}  // namespace

TEST_CASE("a machine without groups has its own memory") {
  const Machine machine;
  check(machine, 8192, 6144);
  machine.write("proc/meminfo", "MemTotal:  1048576 kB\nMemAvailable:  524288 kB\nSwapTotal:  1048576 kB");
  check(machine, 2048, 512);
}

TEST_CASE("where the system does not tell, there is no limit") {
  const MachineMemory memory = machineMemory("/nowhere");
  CHECK(memory.capacity == kUnknown);
  CHECK(memory.available == kUnknown);
}

TEST_CASE("version 2: a container sees its own group as the top") {
  const Machine machine;
  machine.write("proc/self/cgroup", "0::/");
  machine.limit("sys/fs/cgroup", 512, 200, 50);
  check(machine, 512, 362);
  machine.write("sys/fs/cgroup/memory.max", "max");
  check(machine, 8192, 6144);
}

TEST_CASE("version 2: the groups around a group limit it, too") {
  const Machine machine;
  machine.write("proc/self/cgroup", "1:name=systemd:/other\n0::/pod/box/inner");
  machine.limit("sys/fs/cgroup/pod/box/inner", 4096, 100, 0);
  machine.limit("sys/fs/cgroup/pod", 1024, 900, 0);
  check(machine, 1024, 124);
  machine.limit("sys/fs/cgroup/pod/box", 512, 10, 0);
  check(machine, 512, 124);
}

TEST_CASE("version 1: limits are of the controller's own groups") {
  const Machine machine;
  machine.write("proc/self/cgroup", "5:cpu,cpuacct:/box\n4:memory:/docker/box\n0::/");
  const std::string top = "sys/fs/cgroup/memory";
  for (const std::string& group : {top, top + "/docker/box"}) {
    machine.write(group + "/memory.limit_in_bytes", "9223372036854771712");
    machine.write(group + "/memory.usage_in_bytes", std::to_string(300 * kMega));
    machine.write(group + "/memory.stat",
                  "inactive_file 5\ntotal_inactive_file " + std::to_string(100 * kMega));
  }
  check(machine, 8192, 6144);
  machine.write(top + "/docker/box/memory.limit_in_bytes", std::to_string(1000 * kMega));
  check(machine, 1000, 800);
  // The folder of the group is not there: the container sees it as the top.
  machine.write("proc/self/cgroup", "4:memory:/docker/unknown");
  machine.write(top + "/memory.limit_in_bytes", std::to_string(400 * kMega));
  check(machine, 400, 200);
}

TEST_CASE("more is used than the limit allows") {
  const Machine machine;
  machine.write("proc/self/cgroup", "0::/");
  machine.limit("sys/fs/cgroup", 512, 600, 0);
  check(machine, 512, 0);
}

TEST_CASE("cores of both versions") {
  const Machine machine;
  CHECK(containerCores(machine.root) == std::numeric_limits<int32_t>::max());
  machine.write("proc/self/cgroup", "0::/a/b\n3:cpu,cpuacct:/c");
  machine.write("sys/fs/cgroup/a/b/cpu.max", "max 100000");
  machine.write("sys/fs/cgroup/a/cpu.max", "250000 100000");
  CHECK(containerCores(machine.root) == 3);
  machine.write("sys/fs/cgroup/cpu/c/cpu.cfs_quota_us", "-1");
  machine.write("sys/fs/cgroup/cpu/c/cpu.cfs_period_us", "100000");
  CHECK(containerCores(machine.root) == 3);
  machine.write("sys/fs/cgroup/cpu/c/cpu.cfs_quota_us", "5000");
  CHECK(containerCores(machine.root) == 1);
}

TEST_CASE("files with other content are no limit") {
  const Machine machine;
  for (const char* text : {"", "::", "0::relative", "0:", "4:memory:"}) {
    machine.write("proc/self/cgroup", text);
    check(machine, 8192, 6144);
  }
}
