#include "block.h"

#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <new>
#include <string>
#include <utility>

#include "error.h"
#include "machine.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace saccade {
namespace {

constexpr int64_t kAlignment = 64;
// The memory that is available is looked up again each time after so many bytes: malloc succeeds in any case,
// and the system kills the process when it writes to a block that there is no memory for. To look it up takes
// about 0.1 ms.
constexpr int64_t kUnchecked = int64_t{64} << 20;

std::atomic<int64_t> live[static_cast<int32_t>(Account::count)];
std::atomic<int64_t> limit{std::numeric_limits<int64_t>::max()};
std::atomic<int64_t> unchecked{0};  // bytes that may be allocated before memory is looked up again

std::atomic<int64_t>& counter(Account account) {
  return live[static_cast<int32_t>(account)];
}

int64_t liveTotal() {
  int64_t total = 0;
  for (const auto& bytes : live) total += bytes.load(std::memory_order_relaxed);
  return total;
}

void* allocateAligned(int64_t bytes, int64_t alignment) {
  // Huge pages are whole. Other blocks have no byte to spare, so that a sanitizer sees each access past the
  // end.
  const int64_t whole = alignment == kHugePage ? (bytes + alignment - 1) / alignment * alignment : bytes;
  const size_t size = static_cast<size_t>(whole);
  void* data = nullptr;
  if (posix_memalign(&data, static_cast<size_t>(alignment), size) != 0) return nullptr;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (alignment == kHugePage) {
    // Only those that are used entirely: a last one would be mostly unused.
    const size_t used = static_cast<size_t>(bytes / alignment * alignment);
    madvise(data, used, MADV_HUGEPAGE);
    if (size > used) madvise(static_cast<char*>(data) + used, size - used, MADV_NOHUGEPAGE);
  }
#endif
  return data;
}

// Bytes to leave to the rest of the process, such as the JavaScript heap.
int64_t reserveOf(int64_t capacity) {
  return std::min(capacity / 16, int64_t{256} << 20);
}

// Throws OUT_OF_MEMORY if the machine or container does not have the memory, beside the bytes that are held.
void checkRoom(int64_t bytes, int64_t held) {
  if (unchecked.fetch_sub(bytes, std::memory_order_relaxed) >= bytes) return;
  const MachineMemory memory = machineMemory();
  const int64_t room = std::max<int64_t>(0, memory.available - reserveOf(memory.capacity));
  // Memory that was allocated but not yet written to is still available to the system: so the total is
  // limited, too.
  if (bytes > room || held + bytes > memory.capacity) {
    unchecked.store(0, std::memory_order_relaxed);
    fail("OUT_OF_MEMORY", "cannot allocate ", bytes, " bytes: the machine or container has ", memory.capacity,
         " bytes, of which ", memory.available, " are available, and saccade holds ", held);
  }
  unchecked.store(std::min(kUnchecked, room - bytes), std::memory_order_relaxed);
}

// No more than kUnchecked, as other processes may take the memory meanwhile.
void giveBack(int64_t bytes) {
  int64_t before = unchecked.load(std::memory_order_relaxed);
  while (!unchecked.compare_exchange_weak(before, std::min(kUnchecked, before + bytes),
                                          std::memory_order_relaxed)) {
  }
}

}  // namespace

int64_t liveBytes(Account account) {
  return counter(account).load(std::memory_order_relaxed);
}

void checkRoom(int64_t bytes) {
  checkRoom(bytes, liveTotal());
}

void readMemoryLimit() {
  const char* text = getenv("SACCADE_MEMORY_LIMIT");
  if (text == nullptr || *text == '\0') return;
  char* end = nullptr;
  const double bytes = strtod(text, &end);
  if (*end != '\0' || !(bytes >= 0 && bytes <= 9e15)) {
    fail("OPTION_INVALID", "SACCADE_MEMORY_LIMIT is '", text, "', expected a number of bytes");
  }
  limit = static_cast<int64_t>(bytes);
}

Block::Block(int64_t bytes, Account account) : bytes_(bytes), account_(account) {
  // Counted before it is allocated, so that two threads cannot both get the last bytes.
  std::atomic<int64_t>& count = counter(account);
  count.fetch_add(bytes, std::memory_order_relaxed);
  try {
    const int64_t allowed = limit.load(std::memory_order_relaxed);
    if (const int64_t total = liveTotal(); total > allowed) {
      fail("OUT_OF_MEMORY", "cannot allocate ", bytes, " bytes: ", total - bytes,
           " are in use and SACCADE_MEMORY_LIMIT is ", allowed);
    }
    checkRoom(bytes, liveTotal() - bytes);
    data_ = static_cast<char*>(
        allocateAligned(std::max<int64_t>(bytes, 1), bytes < kHugePage ? kAlignment : kHugePage));
    if (data_ == nullptr)
      fail("OUT_OF_MEMORY", "cannot allocate ", bytes, " bytes: the system has no memory");
  } catch (...) {
    count.fetch_sub(bytes, std::memory_order_relaxed);
    throw;
  }
}

Block::Block(Block&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      account_(other.account_) {}

Block& Block::operator=(Block&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  std::swap(account_, other.account_);
  return *this;
}

Block::~Block() {
  if (data_ == nullptr) return;
  std::free(data_);
  counter(account_).fetch_sub(bytes_, std::memory_order_relaxed);
  giveBack(bytes_);
}

}  // namespace saccade
