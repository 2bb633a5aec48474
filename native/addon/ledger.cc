#include "ledger.h"

namespace saccade {

void Ledger::hold(Napi::Env env, const Memory& memory) {
  if (memory.mapped()) return;
  if (++holders_[&memory] == 1) Napi::MemoryManagement::AdjustExternalMemory(env, memory.bytes());
}

void Ledger::release(Napi::Env env, const Memory& memory) {
  const auto entry = holders_.find(&memory);
  if (entry == holders_.end() || --entry->second > 0) return;
  holders_.erase(entry);
  Napi::MemoryManagement::AdjustExternalMemory(env, -memory.bytes());
}

void Ledger::disown(Napi::Env env, const Memory& memory) {
  if (holders_.erase(&memory) > 0) Napi::MemoryManagement::AdjustExternalMemory(env, -memory.bytes());
}

}  // namespace saccade
