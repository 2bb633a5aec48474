// Reports to V8 how much native memory the objects of an environment keep alive, so that it collects them in
// time. Memory that several objects share (a constant found twice) counts once; mapped files do not count.
#pragma once
#include <napi.h>
#include <stdint.h>

#include <memory>
#include <unordered_map>

#include "../runtime/memory.h"

namespace saccade {

class Ledger {
 public:
  void hold(Napi::Env env, const Memory& memory);
  void release(Napi::Env env, const Memory& memory);
  // Stops counting the memory, even if objects still hold it.
  void disown(Napi::Env env, const Memory& memory);

 private:
  std::unordered_map<const Memory*, int64_t> holders_;
};

}  // namespace saccade
