// The shared memory of a block, with a record of who wrote and read each 2 bytes.
#pragma once
#include <stdint.h>

#include <string>
#include <vector>

#include "clocks.h"

namespace saccade::emulation {

class SharedBytes {
 public:
  void reset(int32_t bytes);
  int32_t size() const { return static_cast<int32_t>(bytes_.size()); }

  // Each returns what is wrong with an access by `thread`, or "", and records it.
  std::string read(const Clocks& clocks, int32_t thread, int32_t offset, int32_t bytes);
  std::string write(const Clocks& clocks, int32_t thread, int32_t offset, int32_t bytes);
  // An asynchronous copy will write these bytes; then it has.
  std::string promise(const Clocks& clocks, int32_t thread, int32_t offset, int32_t bytes);
  void fulfil(const Clocks& clocks, int32_t thread, int32_t offset, int32_t bytes);

  char* at(int32_t offset) { return bytes_.data() + offset; }

 private:
  enum class State : int32_t { unwritten, promised, written };

  struct Unit {
    State state = State::unwritten;
    Stamp writer;
    Stamp reader;       // the last
    Stamp otherReader;  // the last of another warp than the last
  };

  std::string fault(const Unit& unit, const Clocks& clocks, int32_t thread, int32_t offset,
                    bool writes) const;

  std::vector<char> bytes_;
  std::vector<Unit> units_;
};

}  // namespace saccade::emulation
