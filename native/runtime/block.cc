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
// Blocks from this size on are compared with the memory that is available: malloc would succeed in any case,
// and the system would kill the process when it writes to the block.
constexpr int64_t kCheckedBlock = int64_t{256} << 20;

std::atomic<int64_t> live[static_cast<int32_t>(Account::count)];
std::atomic<int64_t> limit{std::numeric_limits<int64_t>::max()};

std::atomic<int64_t>& counter(Account account) {
  return live[static_cast<int32_t>(account)];
}

int64_t liveTotal() {
  int64_t total = 0;
  for (const auto& bytes : live) total += bytes.load(std::memory_order_relaxed);
  return total;
}

void* allocateAligned(int64_t bytes, int64_t alignment) {
  const size_t size = static_cast<size_t>((bytes + alignment - 1) / alignment * alignment);
  void* data = std::aligned_alloc(static_cast<size_t>(alignment), size);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (data != nullptr && alignment == kHugePage) {
    // Whole huge pages only: a last one would be mostly unused.
    const size_t whole = static_cast<size_t>(bytes / alignment * alignment);
    madvise(data, whole, MADV_HUGEPAGE);
    if (size > whole) madvise(static_cast<char*>(data) + whole, size - whole, MADV_NOHUGEPAGE);
  }
#endif
  return data;
}

void checkRoom(int64_t bytes) {
  if (bytes < kCheckedBlock) return;
  const int64_t available = availableMemory();
  if (bytes > available) {
    fail("OUT_OF_MEMORY", "cannot allocate ", bytes, " bytes: the machine has ", available,
         " bytes available");
  }
}

}  // namespace

int64_t liveBytes(Account account) {
  return counter(account).load(std::memory_order_relaxed);
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
    checkRoom(bytes);
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
}

}  // namespace saccade
