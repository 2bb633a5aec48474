#include "staging.h"

#include <string.h>

#include <algorithm>

#include "../../runtime/error.h"

namespace saccade::cuda {

Staging::Staging(Driver& driver) : driver_(driver), pinned_(driver.allocatePinned(2 * kHalf)) {
  if (pinned_ == nullptr) fail("OUT_OF_MEMORY", "the system has no memory to copy to the device 'cuda' from");
  for (auto& event : done_) event = driver.createEvent();
}

Staging::~Staging() {
  driver_.releasePinned(pinned_);
}

void Staging::upload(char* to, const char* from, int64_t bytes) {
  const std::lock_guard lock(mutex_);
  for (int64_t piece = 0; piece * kHalf < bytes; ++piece) {
    const int64_t at = piece * kHalf, size = std::min(kHalf, bytes - at);
    done_[piece % 2]->wait();
    memcpy(half(piece), from + at, static_cast<size_t>(size));
    driver_.upload(Stream::copies, to + at, half(piece), size);
    done_[piece % 2]->record(Stream::copies);
  }
  for (const auto& event : done_) event->wait();
}

void Staging::download(char* to, const char* from, int64_t bytes) {
  const std::lock_guard lock(mutex_);
  const int64_t pieces = (bytes + kHalf - 1) / kHalf;
  for (int64_t piece = 0; piece <= pieces; ++piece) {
    if (piece < pieces) {
      const int64_t at = piece * kHalf;
      driver_.download(Stream::copies, half(piece), from + at, std::min(kHalf, bytes - at));
      done_[piece % 2]->record(Stream::copies);
    }
    if (piece == 0) continue;
    const int64_t at = (piece - 1) * kHalf;
    done_[(piece - 1) % 2]->wait();
    memcpy(to + at, half(piece - 1), static_cast<size_t>(std::min(kHalf, bytes - at)));
  }
}

}  // namespace saccade::cuda
