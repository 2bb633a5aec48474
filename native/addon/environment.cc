#include "environment.h"

#include <string_view>
#include <utility>

#include "../runtime/check/sharing.h"
#include "addon.h"
#include "buffer.h"
#include "errors.h"

namespace saccade {

namespace {

// The outcome, or the error that a file has changed: it also explains an index that is past its axis.
Outcome checked(const Files& files, Outcome outcome) {
  if (outcome.error && outcome.error->code() == std::string_view("ABORTED")) return outcome;
  try {
    files.check();
    return outcome;
  } catch (const Error& error) {
    return {{}, error};
  }
}

}  // namespace

Environment::Environment(Napi::Env env)
    : env_(env),
      ledger_(std::make_shared<Ledger>()),
      mailbox_(std::make_shared<Mailbox>(env, [this] { settle(); })) {
  // Runs before the environment is torn down. After it, nothing calls into the environment any more.
  env.AddCleanupHook([](Environment* self) { self->close(); }, this);
}

Environment::~Environment() {
  close();
}

Environment& Environment::of(Napi::Env env) {
  return env.GetInstanceData<Addon>()->environment();
}

void Environment::define(Class which, Napi::Function constructor) {
  constructors_[static_cast<size_t>(which)] = Napi::Persistent(constructor);
}

Napi::Promise Environment::start(const Runnable& runnable, std::vector<std::shared_ptr<Memory>> inputs,
                                 int32_t threads, std::shared_ptr<Cancelled> cancelled) {
  // The files are checked when the run has ended, as they can change until then.
  const Program& program = runnable.executable->program();
  if (inputs.size() == static_cast<size_t>(program.inputs)) checkSharing(program, inputs);
  Files files = program.files;
  for (const auto& input : inputs) files.add(*input);
  const uint64_t id = ++lastRun_;
  auto deferred = Napi::Promise::Deferred::New(env_);
  if (pending_.empty()) mailbox_->keepAlive(env_, true);
  pending_.emplace(id, Pending{deferred, runnable.executor, cancelled});
  runnable.executor->submit({runnable.executable, std::move(inputs), threads, std::move(cancelled),
                             [id, mailbox = mailbox_, files = std::move(files)](Outcome outcome) {
                               mailbox->post({id, checked(files, std::move(outcome))});
                             }});
  return deferred.Promise();
}

void Environment::settle() {
  for (Message& message : mailbox_->take()) {
    const Napi::HandleScope scope(env_);
    try {
      settleOne(std::move(message));
    } catch (const Napi::Error&) {
      // The environment is being terminated and accepts no values.
    }
  }
  if (pending_.empty()) mailbox_->keepAlive(env_, false);
}

void Environment::settleOne(Message message) {
  auto entry = pending_.extract(message.run);
  if (entry.empty()) return;
  const Napi::Promise::Deferred deferred = entry.mapped().deferred;
  if (message.outcome.error) {
    deferred.Reject(toJavaScript(env_, *message.outcome.error).Value());
    return;
  }
  Napi::Array outputs = Napi::Array::New(env_, message.outcome.outputs.size());
  uint32_t index = 0;
  for (std::shared_ptr<Memory>& memory : message.outcome.outputs) {
    outputs.Set(index++, BufferObject::create(*this, std::move(memory)));
  }
  deferred.Resolve(outputs);
}

void Environment::close() {
  mailbox_->close();
  for (const auto& [id, run] : std::exchange(pending_, {})) run.executor->cancel(run.cancelled);
}

}  // namespace saccade
