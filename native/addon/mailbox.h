// Passes the outcomes of runs to the thread of their environment. Runs refer to the mailbox and not to the
// environment, which may end before they do: then the mailbox is closed and drops further messages.
#pragma once
#include <napi.h>
#include <stdint.h>

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "../runtime/executor.h"

namespace saccade {

struct Message {
  uint64_t run;
  Outcome outcome;
};

class Mailbox {
 public:
  // Calls `deliver` on the environment's thread when there are messages.
  Mailbox(Napi::Env env, std::function<void()> deliver);

  // From any thread.
  void post(Message message);

  // From the environment's thread only:
  std::vector<Message> take();
  // Whether this mailbox keeps the event loop alive.
  void keepAlive(Napi::Env env, bool alive);
  void close();

 private:
  std::function<void()> deliver_;
  std::mutex mutex_;
  napi_threadsafe_function signal_ = nullptr;  // null: closed
  std::vector<Message> messages_;
};

}  // namespace saccade
