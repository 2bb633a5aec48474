// Mapped files that change while they are mapped.
#include "../../native/runtime/mapping.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "../../native/runtime/error.h"

using namespace saccade;

namespace {

constexpr int64_t kPage = 1 << 16;  // at least a page on every machine

struct TemporaryFile {
  std::string path;

  explicit TemporaryFile(int64_t bytes, char fill = 'x') {
    char name[] = "/tmp/saccade-test-XXXXXX";
    close(mkstemp(name));
    path = name;
    write(bytes, fill);
  }
  ~TemporaryFile() { unlink(path.c_str()); }

  void write(int64_t bytes, char fill) const {
    std::ofstream(path) << std::string(static_cast<size_t>(bytes), fill);
  }
};

std::string codeOf(const std::function<void()>& step) {
  try {
    step();
  } catch (const Error& error) {
    return error.code();
  }
  return "ok";
}

// How a child process ends that runs the step: its exit status (0 after the step), or its signal as a
// negative number.
int endOf(const std::function<void()>& step) {
  const pid_t child = fork();
  if (child == 0) {
    // The report of a sanitizer is no part of the test's output.
    if (freopen("/dev/null", "w", stderr) == nullptr) _exit(1);
    step();
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

void faultElsewhere() {
  const TemporaryFile file(kPage);
  const int descriptor = open(file.path.c_str(), O_RDWR);
  const auto* data = static_cast<volatile char*>(
      mmap(nullptr, static_cast<size_t>(kPage), PROT_READ, MAP_SHARED, descriptor, 0));
  if (ftruncate(descriptor, 0) != 0) return;
  (void)data[0];
}

void exitWith7(int) {
  _exit(7);
}

}  // namespace

// First, as a handler of another library must be installed before the first file is mapped.
TEST_CASE("faults elsewhere are passed on to an earlier handler") {
  const auto earlier = [](const std::function<void()>& then) {
    return endOf([&] {
      signal(SIGBUS, exitWith7);
      const TemporaryFile file(kPage);
      const auto mapping = Mapping::open(file.path);
      then();
    });
  };
  CHECK(earlier(faultElsewhere) == 7);
  CHECK(earlier([] { raise(SIGBUS); }) == 7);
  CHECK(earlier([] {}) == 0);
}

TEST_CASE("faults elsewhere still end the process where there is no other handler") {
  const TemporaryFile file(kPage);
  const auto mapping = Mapping::open(file.path);
  CHECK(endOf(faultElsewhere) != 0);
  CHECK(endOf([] { raise(SIGBUS); }) != 0);
}

TEST_CASE("a file that is cut while it is mapped reads as zeros, and is known to be corrupt") {
  const TemporaryFile file(8 * kPage), other(kPage);
  const auto mapping = Mapping::open(file.path), intact = Mapping::open(other.path);
  CHECK(codeOf([&] { mapping->check(); }) == "ok");
  REQUIRE(truncate(file.path.c_str(), kPage) == 0);
  CHECK(mapping->data()[0] == 'x');
  CHECK(mapping->data()[5 * kPage] == 0);
  CHECK(mapping->data()[8 * kPage - 1] == 0);
  CHECK(codeOf([&] { mapping->check(); }) == "WEIGHTS_CORRUPT");
  CHECK(codeOf([&] { intact->check(); }) == "ok");
  CHECK(intact->data()[kPage - 1] == 'x');
}

TEST_CASE("the zeros are known even when the file has its size and time again") {
  const TemporaryFile file(4 * kPage);
  struct stat before;
  REQUIRE(stat(file.path.c_str(), &before) == 0);
  const auto mapping = Mapping::open(file.path);
  REQUIRE(truncate(file.path.c_str(), kPage) == 0);
  CHECK(mapping->data()[2 * kPage] == 0);
  REQUIRE(truncate(file.path.c_str(), 4 * kPage) == 0);
  const timespec times[] = {before.st_atim, before.st_mtim};
  REQUIRE(utimensat(AT_FDCWD, file.path.c_str(), times, 0) == 0);
  CHECK(Mapping::open(file.path)->key() == mapping->key());
  CHECK(codeOf([&] { mapping->check(); }) == "WEIGHTS_CORRUPT");
  CHECK(codeOf([&] { Mapping::open(file.path)->check(); }) == "ok");
}

TEST_CASE("many threads may fault at once") {
  const TemporaryFile file(64 * kPage);
  const auto mapping = Mapping::open(file.path);
  REQUIRE(truncate(file.path.c_str(), 0) == 0);
  std::vector<std::thread> threads;
  std::vector<int> sums(8);
  for (size_t i = 0; i < sums.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int64_t at = 0; at < mapping->bytes(); at += 4096) sums[i] += mapping->data()[at];
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int sum : sums) CHECK(sum == 0);
  CHECK(codeOf([&] { mapping->check(); }) == "WEIGHTS_CORRUPT");
}

TEST_CASE("a file that is written in place is corrupt; one that is renamed over or removed is not") {
  const TemporaryFile file(kPage), newer(kPage, 'y');
  const auto mapping = Mapping::open(file.path);
  REQUIRE(rename(newer.path.c_str(), file.path.c_str()) == 0);
  CHECK(codeOf([&] { mapping->check(); }) == "ok");
  CHECK(mapping->data()[0] == 'x');
  const auto renamed = Mapping::open(file.path);
  const timespec old[] = {{1, 0}, {1, 0}};  // as if it had been written long ago
  REQUIRE(utimensat(AT_FDCWD, file.path.c_str(), old, 0) == 0);
  CHECK(codeOf([&] { renamed->check(); }) == "WEIGHTS_CORRUPT");
  CHECK(codeOf([&] { mapping->check(); }) == "ok");
}

TEST_CASE("a copy does not change with its file") {
  const TemporaryFile file(3 * kPage);
  const auto copy = Mapping::copy(file.path);
  CHECK(copy->key() == Mapping::open(file.path)->key());
  file.write(10, 'y');
  copy->forget(0, copy->bytes());
  for (const int64_t at : {int64_t{0}, kPage, 3 * kPage - 1}) CHECK(copy->data()[at] == 'x');
  CHECK(codeOf([&] { copy->check(); }) == "ok");
}

TEST_CASE("a named pipe is refused at once") {
  const std::string path = "/tmp/saccade-test-pipe-" + std::to_string(getpid());
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  CHECK(codeOf([&] { Mapping::open(path); }) == "FILE_NOT_FOUND");
  CHECK(codeOf([&] { Mapping::copy(path); }) == "FILE_NOT_FOUND");
  unlink(path.c_str());
}
