#include "shared.h"

#include <string.h>

#include <algorithm>

namespace saccade::emulation {
namespace {

constexpr int32_t kUnit = 2;

std::string race(const char* what, int32_t offset, const char* other, const Stamp& by) {
  return std::string("race: ") + what + " shared byte " + std::to_string(offset) + ", which thread " +
         std::to_string(by.thread) + " " + other + " without a barrier between";
}

}  // namespace

void SharedBytes::reset(int32_t bytes) {
  bytes_.assign(static_cast<size_t>(bytes), static_cast<char>(0xff));
  units_.assign(static_cast<size_t>((bytes + kUnit - 1) / kUnit), Unit());
}

// Out of line: the accesses below only find that there is one.
std::string SharedBytes::fault(const Unit& unit, const Clocks& clocks, int32_t thread, int32_t offset,
                               bool writes) const {
  const char* const what = writes ? "writes" : "reads";
  if (unit.state == State::promised) {
    return std::string(what) + " shared byte " + std::to_string(offset) +
           ", which an asynchronous copy of thread " + std::to_string(unit.writer.thread) +
           " writes that was not waited for";
  }
  if (!clocks.ordered(unit.writer, thread)) return race(what, offset, "wrote", unit.writer);
  if (!writes) return "reads shared byte " + std::to_string(offset) + ", which nothing has written";
  return race(what, offset, "read", clocks.ordered(unit.reader, thread) ? unit.otherReader : unit.reader);
}

std::string SharedBytes::read(const Clocks& clocks, int32_t thread, int32_t offset, int32_t bytes) {
  const Stamp now = clocks.now(thread);
  for (int32_t at = offset / kUnit; at < (offset + bytes) / kUnit; ++at) {
    Unit& unit = units_[static_cast<size_t>(at)];
    if (unit.state != State::written || !clocks.ordered(unit.writer, thread))
      return fault(unit, clocks, thread, at * kUnit, false);
    if (unit.reader.thread / kLanes != thread / kLanes) unit.otherReader = unit.reader;
    unit.reader = now;
  }
  return "";
}

std::string SharedBytes::write(const Clocks& clocks, int32_t thread, int32_t offset, int32_t bytes) {
  const Stamp now = clocks.now(thread);
  for (int32_t at = offset / kUnit; at < (offset + bytes) / kUnit; ++at) {
    Unit& unit = units_[static_cast<size_t>(at)];
    if (unit.state == State::promised || !clocks.ordered(unit.writer, thread) ||
        !clocks.ordered(unit.reader, thread) || !clocks.ordered(unit.otherReader, thread)) {
      return fault(unit, clocks, thread, at * kUnit, true);
    }
    unit = {State::written, now, {}, {}};
  }
  return "";
}

std::string SharedBytes::promise(const Clocks& clocks, int32_t thread, int32_t offset, int32_t bytes) {
  std::string wrong = write(clocks, thread, offset, bytes);
  for (int32_t at = offset / kUnit; at < (offset + bytes) / kUnit; ++at)
    units_[static_cast<size_t>(at)].state = State::promised;
  memset(this->at(offset), 0xff, static_cast<size_t>(bytes));
  return wrong;
}

void SharedBytes::fulfil(const Clocks& clocks, int32_t thread, int32_t offset, int32_t bytes) {
  for (int32_t at = offset / kUnit; at < (offset + bytes) / kUnit; ++at)
    units_[static_cast<size_t>(at)] = {State::written, clocks.now(thread), {}, {}};
}

}  // namespace saccade::emulation
