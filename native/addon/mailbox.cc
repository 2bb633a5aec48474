#include "mailbox.h"

#include <utility>

namespace saccade {

Mailbox::Mailbox(Napi::Env env, std::function<void()> deliver) : deliver_(std::move(deliver)) {
  const auto call = [](napi_env environment, napi_value, void* context, void*) {
    // null during the teardown of the environment: then there is nobody to deliver to.
    if (environment != nullptr) static_cast<Mailbox*>(context)->deliver_();
  };
  const napi_status status = napi_create_threadsafe_function(
      env, nullptr, nullptr, Napi::String::New(env, "saccade"), 0, 1, nullptr, nullptr, this, call, &signal_);
  NAPI_THROW_IF_FAILED_VOID(env, status);
  napi_unref_threadsafe_function(env, signal_);
}

void Mailbox::post(Message message) {
  const std::lock_guard lock(mutex_);
  if (signal_ == nullptr) return;
  messages_.push_back(std::move(message));
  // One signal is enough for all messages that are in the box when it is emptied.
  if (messages_.size() == 1) napi_call_threadsafe_function(signal_, nullptr, napi_tsfn_nonblocking);
}

std::vector<Message> Mailbox::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(messages_, {});
}

void Mailbox::keepAlive(Napi::Env env, bool alive) {
  if (signal_ == nullptr) return;
  if (alive) {
    napi_ref_threadsafe_function(env, signal_);
  } else {
    napi_unref_threadsafe_function(env, signal_);
  }
}

void Mailbox::close() {
  const std::lock_guard lock(mutex_);
  if (signal_ == nullptr) return;
  napi_release_threadsafe_function(std::exchange(signal_, nullptr), napi_tsfn_abort);
  messages_.clear();
}

}  // namespace saccade
