// The process-wide store of folded and packed constants: computed once, shared by programs and worker
// threads. An entry lives as long as its memory is in use. Keys name the device, as memory of one is of no
// use to another.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "memory.h"

namespace saccade {

class Constants {
 public:
  // Null if there is no memory under the key, or it is no longer in use.
  std::shared_ptr<Memory> find(const std::string& key);
  // Stores the memory, or returns what another thread stored first.
  std::shared_ptr<Memory> publish(const std::string& key, std::shared_ptr<Memory> memory);
  size_t size();

 private:
  void sweep();

  std::mutex mutex_;
  std::unordered_map<std::string, std::weak_ptr<Memory>> entries_;
  size_t sweepAt_ = 64;
};

// The store of this process.
Constants& constants();

}  // namespace saccade
