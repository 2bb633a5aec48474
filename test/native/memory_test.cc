// Memory, its accounts and limits; mapped files; the store of constants.
#include "../../native/runtime/memory.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "../../native/runtime/block.h"
#include "../../native/runtime/constants.h"
#include "../../native/runtime/error.h"
#include "../../native/runtime/machine.h"
#include "../../native/runtime/mapping.h"
#include "encode.h"

using namespace saccade;
using namespace saccade::testing;

namespace {

CpuDevice device(toy::kTable);

std::shared_ptr<Memory> allocate(int64_t bytes) {
  return device.allocate(bytes);
}

std::string codeOf(void (*step)()) {
  try {
    step();
  } catch (const Error& error) {
    return error.code();
  }
  return "ok";
}

std::string temporary(const std::string& text) {
  char path[] = "/tmp/saccade-test-XXXXXX";
  close(mkstemp(path));
  std::ofstream(path) << text;
  return path;
}

}  // namespace

TEST_CASE("memory is aligned, counted while it lives, and may be empty") {
  const int64_t before = liveBytes(Account::buffers);
  {
    for (const int64_t bytes : {int64_t{0}, int64_t{1}, int64_t{63}, int64_t{1000}, int64_t{5} << 20}) {
      const auto memory = allocate(bytes);
      CHECK(reinterpret_cast<uintptr_t>(memory->data()) % 64 == 0);
      CHECK(memory->bytes() == bytes);
      CHECK(&memory->device() == &device);
      CHECK(!memory->mapped());
      CHECK(liveBytes(Account::buffers) == before + bytes);
      memset(memory->data(), 1, static_cast<size_t>(bytes));
    }
  }
  CHECK(liveBytes(Account::buffers) == before);
}

TEST_CASE("a block moves without being counted twice") {
  const int64_t before = liveBytes(Account::arena);
  Block block(1000, Account::arena);
  Block other(std::move(block));
  CHECK(liveBytes(Account::arena) == before + 1000);
  other = Block(10, Account::arena);
  CHECK(liveBytes(Account::arena) == before + 10);
  other = Block();
  CHECK(liveBytes(Account::arena) == before);
}

TEST_CASE("more memory than the machine has is refused and not counted") {
  const int64_t before = liveBytes(Account::buffers);
  CHECK(codeOf([] { allocate(int64_t{1} << 50); }) == "OUT_OF_MEMORY");
  CHECK(codeOf([] { allocate(std::numeric_limits<int64_t>::max() / 4); }) == "OUT_OF_MEMORY");
  CHECK(codeOf([] { allocate(machineMemory().available + (int64_t{1} << 32)); }) == "OUT_OF_MEMORY");
  CHECK(liveBytes(Account::buffers) == before);
}

TEST_CASE("SACCADE_MEMORY_LIMIT is kept, and must be a number") {
  setenv("SACCADE_MEMORY_LIMIT", "plenty", 1);
  CHECK(codeOf([] { readMemoryLimit(); }) == "OPTION_INVALID");
  setenv("SACCADE_MEMORY_LIMIT", "-1", 1);
  CHECK(codeOf([] { readMemoryLimit(); }) == "OPTION_INVALID");
  const int64_t live = liveBytes(Account::buffers) + liveBytes(Account::arena);
  setenv("SACCADE_MEMORY_LIMIT", std::to_string(live + 1000).c_str(), 1);
  readMemoryLimit();
  CHECK(codeOf([] { allocate(1001); }) == "OUT_OF_MEMORY");
  CHECK(codeOf([] { allocate(1000); }) == "ok");
  setenv("SACCADE_MEMORY_LIMIT", "9e15", 1);
  readMemoryLimit();
  CHECK(codeOf([] { allocate(1001); }) == "ok");
  unsetenv("SACCADE_MEMORY_LIMIT");
}

TEST_CASE("a mapping shows its file, and its key changes with it") {
  const std::string path = temporary("hello");
  const auto mapping = Mapping::open(path);
  CHECK(std::string(mapping->data(), static_cast<size_t>(mapping->bytes())) == "hello");
  CHECK(Mapping::open(path)->key() == mapping->key());
  std::ofstream(path, std::ios::app) << "!";
  CHECK(Mapping::open(path)->key() != mapping->key());
  unlink(path.c_str());
  CHECK(std::string(mapping->data(), 5) == "hello");
}

TEST_CASE("on the CPU, memory with a part of a file is the file's own pages, and keeps it mapped") {
  const std::string path = temporary("0123456789");
  const int64_t before = liveBytes(Account::buffers);
  auto mapping = Mapping::open(path);
  const auto part = device.load(mapping, 2, 4);
  CHECK(part->data() == mapping->data() + 2);
  CHECK(part->mapped());
  CHECK(liveBytes(Account::buffers) == before);
  mapping = nullptr;
  part->forget();
  CHECK(std::string(part->data(), static_cast<size_t>(part->bytes())) == "2345");
  unlink(path.c_str());
}

TEST_CASE("an empty file is mapped, a missing file or a folder is not") {
  const std::string path = temporary("");
  CHECK(Mapping::open(path)->bytes() == 0);
  unlink(path.c_str());
  CHECK(codeOf([] { Mapping::open("/nowhere/at/all"); }) == "FILE_NOT_FOUND");
  CHECK(codeOf([] { Mapping::open("/tmp"); }) == "FILE_NOT_FOUND");
}

TEST_CASE("constants live as long as somebody holds them, and the first one published stays") {
  Constants store;
  auto first = allocate(8);
  CHECK(store.find("a") == nullptr);
  CHECK(store.publish("a", first) == first);
  CHECK(store.publish("a", allocate(8)) == first);
  CHECK(store.find("a") == first);
  first = nullptr;
  CHECK(store.find("a") == nullptr);
}

TEST_CASE("keys of dead constants do not gather") {
  Constants store;
  const auto kept = store.publish("kept", allocate(1));
  for (int i = 0; i < 1000; ++i) store.publish(std::to_string(i), allocate(1));
  CHECK(store.size() < 200);
  CHECK(store.find("kept") == kept);
}

TEST_CASE("threads that publish one key at once get one memory") {
  Constants store;
  std::vector<std::shared_ptr<Memory>> got(4);
  std::vector<std::thread> threads;
  for (auto& result : got) threads.emplace_back([&] { result = store.publish("key", allocate(8)); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : got) CHECK(result == got[0]);
}
