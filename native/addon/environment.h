// The state of one JavaScript environment (the main thread or a worker): its classes, the promises of its
// runs and its count of native memory. Only its own thread uses it; runs report through the mailbox.
#pragma once
#include <napi.h>

#include <array>
#include <memory>
#include <unordered_map>
#include <vector>

#include "../runtime/executor.h"
#include "ledger.h"
#include "mailbox.h"

namespace saccade {

// An executable, and the executor of its device.
struct Runnable {
  Executor* executor = nullptr;
  std::shared_ptr<Executable> executable;
};

enum class Class { buffer, mapping, program, cancel, count };

class Environment {
 public:
  explicit Environment(Napi::Env env);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  static Environment& of(Napi::Env env);

  void define(Class which, Napi::Function constructor);
  Napi::FunctionReference& constructor(Class which) { return constructors_[static_cast<size_t>(which)]; }
  const std::shared_ptr<Ledger>& ledger() { return ledger_; }

  // Queues a run. The promise resolves with an array of buffers.
  Napi::Promise start(const Runnable& runnable, std::vector<std::shared_ptr<Memory>> inputs, int32_t threads,
                      std::shared_ptr<Cancelled> cancelled);

 private:
  struct Pending {
    Napi::Promise::Deferred deferred;
    Executor* executor;
    std::shared_ptr<Cancelled> cancelled;
  };

  void settle();
  void settleOne(Message message);
  void close();

  Napi::Env env_;
  std::array<Napi::FunctionReference, static_cast<size_t>(Class::count)> constructors_;
  std::shared_ptr<Ledger> ledger_;
  std::shared_ptr<Mailbox> mailbox_;
  std::unordered_map<uint64_t, Pending> pending_;
  uint64_t lastRun_ = 0;
};

}  // namespace saccade
