#include "faults.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <mutex>

namespace saccade {

// The handler can run at any time on any thread, so it takes no lock and allocates nothing: ranges are a list
// that only grows, and are used again. `end` is 0 while a range is not in use.
struct FaultGuard::Range {
  std::atomic<uintptr_t> begin{0};
  std::atomic<uintptr_t> end{0};
  std::atomic<bool> faulted{false};
  Range* next = nullptr;
};

namespace {

using Range = FaultGuard::Range;

std::mutex mutex;  // of those that add and remove ranges
std::atomic<Range*> ranges{nullptr};
uintptr_t pageBytes = 0;
struct sigaction previous;

Range* rangeOf(uintptr_t address) {
  for (Range* range = ranges.load(); range != nullptr; range = range->next) {
    if (address < range->end.load() && address >= range->begin.load()) return range;
  }
  return nullptr;
}

// Puts zeros in place of the file, from the page of the address to the end: a cut file would fault on each of
// them. True if the read can be repeated.
bool replace(Range& range, uintptr_t address) {
  const uintptr_t first = address / pageBytes * pageBytes;
  range.faulted.store(true);
  return mmap(reinterpret_cast<void*>(first), range.end.load() - first, PROT_READ,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}

void passOn(int signal, siginfo_t* info, void* context) {
  if ((previous.sa_flags & SA_SIGINFO) != 0) return previous.sa_sigaction(signal, info, context);
  if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) return previous.sa_handler(signal);
  const bool sent = info->si_code <= 0;  // by another process, or by raise()
  if (sent && previous.sa_handler == SIG_IGN) return;
  // Without a handler, the fault is repeated when this returns, and has its usual effect.
  struct sigaction usual = {};
  usual.sa_handler = SIG_DFL;
  sigaction(signal, &usual, nullptr);
  if (sent) raise(signal);
}

void onFault(int signal, siginfo_t* info, void* context) {
  const int saved = errno;
  const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  Range* const range = info->si_code > 0 ? rangeOf(address) : nullptr;
  if (range == nullptr || !replace(*range, address)) passOn(signal, info, context);
  errno = saved;
}

void install() {
  pageBytes = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  // SA_NODEFER: a fault of the handler that it is passed on to must not be blocked, which would end the
  // process.
  struct sigaction action = {};
  action.sa_sigaction = onFault;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  // It cannot fail: the signal exists and can be caught.
  sigaction(SIGBUS, nullptr, &previous);
  sigaction(SIGBUS, &action, nullptr);
}

Range* unusedRange() {
  for (Range* range = ranges.load(); range != nullptr; range = range->next) {
    if (range->end.load() == 0) return range;
  }
  auto* const range = new Range;
  range->next = ranges.load();
  ranges.store(range);
  return range;
}

}  // namespace

FaultGuard::FaultGuard(const char* data, int64_t bytes) {
  const std::lock_guard lock(mutex);
  if (pageBytes == 0) install();
  range_ = unusedRange();
  const auto begin = reinterpret_cast<uintptr_t>(data);
  range_->faulted.store(false);
  range_->begin.store(begin);
  range_->end.store((begin + static_cast<uintptr_t>(bytes) + pageBytes - 1) / pageBytes * pageBytes);
}

FaultGuard::~FaultGuard() {
  const std::lock_guard lock(mutex);
  range_->end.store(0);
}

bool FaultGuard::faulted() const {
  return range_->faulted.load();
}

}  // namespace saccade
