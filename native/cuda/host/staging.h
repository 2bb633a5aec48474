// Copies between any memory of the host and the device, by way of pinned memory: while one half of it is
// copied to or from the device, the other is filled or emptied.
#pragma once
#include <stdint.h>

#include <memory>
#include <mutex>

#include "driver.h"

namespace saccade::cuda {

class Staging {
 public:
  explicit Staging(Driver& driver);
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  // Both return when the copy is done. From any thread.
  void upload(char* to, const char* from, int64_t bytes);
  void download(char* to, const char* from, int64_t bytes);

 private:
  static constexpr int64_t kHalf = int64_t{2} << 20;

  char* half(int64_t piece) const { return pinned_ + piece % 2 * kHalf; }

  Driver& driver_;
  std::mutex mutex_;
  char* pinned_;
  std::unique_ptr<Event> done_[2];  // of the last copy with each half
};

}  // namespace saccade::cuda
