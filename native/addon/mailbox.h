// Brings the outcomes of runs to the thread of their environment. Runs hold the mailbox and never the
// environment, which may end while they are on their way: then the mailbox is closed and drops what still
// comes.
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
  // `deliver` is called on the environment's thread when there is something to take.
  Mailbox(Napi::Env env, std::function<void()> deliver);

  // From any thread.
  void post(Message message);

  // From the environment's thread only:
  std::vector<Message> take();
  // Whether the event loop is to stay alive for this mailbox.
  void keepAlive(Napi::Env env, bool alive);
  void close();

 private:
  std::function<void()> deliver_;
  std::mutex mutex_;
  napi_threadsafe_function signal_ = nullptr;  // null: closed
  std::vector<Message> messages_;
};

}  // namespace saccade
