#include "global.h"

#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <map>
#include <mutex>
#include <string>

#include "block.h"

namespace saccade::emulation {
namespace {

struct Allocations {
  std::mutex mutex;
  std::map<const char*, int64_t> bytes;  // by address
  std::atomic<uint64_t> changes{0};
};

// What a kernel found last. Only one runs at a time.
struct Found {
  uint64_t changes = ~uint64_t{0};
  Bounds bounds[8];
  size_t next = 0;
};

Found found;

Allocations& allocations() {
  static auto* const all = new Allocations;
  return *all;
}

}  // namespace

char* allocateGlobal(int64_t bytes) {
  void* data = nullptr;
  const auto size = static_cast<size_t>(std::max<int64_t>(bytes, 1));
  if (posix_memalign(&data, 256, size) != 0) return nullptr;
  memset(data, 0xff, size);
  const std::lock_guard lock(allocations().mutex);
  allocations().bytes[static_cast<char*>(data)] = static_cast<int64_t>(size);
  ++allocations().changes;
  return static_cast<char*>(data);
}

void freeGlobal(char* data) {
  {
    const std::lock_guard lock(allocations().mutex);
    allocations().bytes.erase(data);
    ++allocations().changes;
  }
  free(data);
}

Bounds allocationOf(const void* data) {
  const auto* const at = static_cast<const char*>(data);
  if (found.changes != allocations().changes) found = {allocations().changes, {}, 0};
  for (const Bounds& bounds : found.bounds) {
    if (at >= bounds.begin && at < bounds.end) return bounds;
  }
  const std::lock_guard lock(allocations().mutex);
  auto entry = allocations().bytes.upper_bound(at);
  if (entry == allocations().bytes.begin()) return {};
  --entry;
  if (at >= entry->first + entry->second) return {};
  const Bounds bounds{entry->first, entry->first + entry->second};
  found.bounds[found.next++ % std::size(found.bounds)] = bounds;
  return bounds;
}

Bounds boundsOf(const void* data, int64_t bytes) {
  const auto* const begin = static_cast<const char*>(data);
  const Bounds all = allocationOf(data);
  if (all.begin == nullptr || bytes > all.end - begin) running->fail("a view is not inside an allocation");
  return {begin, begin + bytes};
}

void checkGlobal(const Bounds& bounds, const char* at, size_t bytes, const char* what) {
  const auto size = static_cast<ptrdiff_t>(bytes);
  if (at < bounds.begin || size > bounds.end - at) {
    running->fail(std::string(what) + " " + std::to_string(bytes) + " bytes of global memory at " +
                  std::to_string(at - bounds.begin) + ", outside its " +
                  std::to_string(bounds.end - bounds.begin) + " bytes");
  }
  if (reinterpret_cast<uintptr_t>(at) % bytes != 0) {
    running->fail(std::string(what) + " " + std::to_string(bytes) +
                  " bytes of global memory at an address that is no multiple of them");
  }
}

}  // namespace saccade::emulation
