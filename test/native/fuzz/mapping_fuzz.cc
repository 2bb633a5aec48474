// Fuzzes mapped files and the store of constants: files are mapped, copied, cut, written to, replaced and
// read in any order. No read may end the process; what is read from a file that did not change is right, and
// a file of another size is known to be corrupt.
//
// Input: numbers, of which each operation takes its own kind and up to three more.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "../../../native/cpu/device/cpu_device.h"
#include "../../../native/cpu/device/isa.h"
#include "../../../native/runtime/constants.h"
#include "../../../native/runtime/error.h"
#include "../../../native/runtime/mapping.h"
#include "mutate.h"
#include "target.h"

namespace {

using namespace saccade;

constexpr int64_t kMaxFile = 1 << 18;
constexpr size_t kSlots = 4;

uint64_t acceptedInputs = 0;

[[noreturn]] void wrong(const char* what) {
  fprintf(stderr, "%s\n", what);
  abort();
}

// The byte that a file of some version has at an offset.
char byteOf(int64_t version, int64_t offset) {
  return static_cast<char>(version * 31 + offset * 7 + offset / 4096);
}

struct Slot {
  std::shared_ptr<const Mapping> mapping;
  bool copied = false, written = false;
  bool strange = false;  // the file had been written to when it was opened
  int64_t version = 0, bytes = 0, offset = 0;
  std::shared_ptr<Memory> part;
};

class World {
 public:
  explicit World(const fuzz::Numbers& numbers) : numbers_(numbers) {
    char name[] = "/tmp/saccade-fuzz-XXXXXX";
    close(mkstemp(name));
    path_ = name;
    replace(number(kMaxFile));
  }
  ~World() { unlink(path_.c_str()); }

  void run() {
    for (int32_t i = 0; i < 64 && at_ < numbers_.size(); ++i) step();
  }

 private:
  // The next number of the input, from 0 to limit.
  int64_t number(int64_t limit) {
    if (at_ >= numbers_.size()) return 0;
    const double value = std::fabs(numbers_[at_++]);
    return value < 0x1p62 ? static_cast<int64_t>(value) % (limit + 1) : limit;
  }

  void step() {
    const int64_t kind = number(9);
    Slot& slot = slots_[static_cast<size_t>(number(kSlots - 1))];
    switch (kind) {
      case 0:
      case 1:
        slot = {};
        slot.copied = kind == 1;
        slot.mapping = slot.copied ? Mapping::copy(path_) : Mapping::open(path_);
        slot.version = version_;
        slot.strange = fileWritten_;
        slot.bytes = bytes_;
        return;
      case 2:
        return resize(number(kMaxFile));
      case 3:
        return overwrite(number(kMaxFile));
      case 4:
        return replace(number(kMaxFile));
      case 5:
        if (slot.mapping == nullptr) return;
        slot.offset = number(slot.bytes);
        slot.part = device().load(slot.mapping, slot.offset, number(slot.bytes - slot.offset));
        return;
      case 6:
        if (slot.part != nullptr) read(slot);
        return;
      case 7:
        if (slot.part != nullptr) slot.part->forget();
        return;
      case 8: {
        const std::string key = std::to_string(number(3));
        if (slot.part != nullptr) store_.publish(key, slot.part);
        store_.find(key);
        return;
      }
      default:
        slot = {};
    }
  }

  // The file under the name is another one: mappings of the former stay as they are.
  void replace(int64_t bytes) {
    unlink(path_.c_str());
    ++version_;
    bytes_ = bytes;
    std::string content(static_cast<size_t>(bytes), 0);
    for (int64_t i = 0; i < bytes; ++i) content[static_cast<size_t>(i)] = byteOf(version_, i);
    std::ofstream(path_, std::ios::binary) << content;
    fileWritten_ = false;
  }

  void resize(int64_t bytes) {
    if (truncate(path_.c_str(), bytes) != 0) wrong("cannot cut the file");
    bytes_ = bytes;
    markWritten();
  }

  void overwrite(int64_t offset) {
    const int file = open(path_.c_str(), O_WRONLY);
    if (pwrite(file, "overwritten", 11, offset) != 11) wrong("cannot write the file");
    close(file);
    bytes_ = std::max(bytes_, offset + 11);
    markWritten();
  }

  void markWritten() {
    fileWritten_ = true;
    for (Slot& slot : slots_) {
      if (slot.version == version_) slot.written = true;
    }
  }

  void read(const Slot& slot) {
    std::vector<char> bytes(static_cast<size_t>(slot.part->bytes()));
    device().download(bytes.data(), *slot.part, 0, slot.part->bytes());
    bool corrupt = false;
    try {
      slot.mapping->check();
    } catch (const Error&) {
      corrupt = true;
    }
    const bool whole = slot.copied || !slot.written;
    if (whole && corrupt) wrong("a file that did not change is said to be corrupt");
    if (!whole && slot.version == version_ && bytes_ != slot.bytes && !corrupt)
      wrong("a cut file is not known to be corrupt");
    if (!whole || slot.strange) return;
    for (size_t i = 0; i < bytes.size(); ++i) {
      if (bytes[i] != byteOf(slot.version, slot.offset + static_cast<int64_t>(i)))
        wrong("a wrong byte was read");
    }
  }

  static Device& device() {
    static CpuDevice* const cpu = new CpuDevice(*usableTables().back());
    return *cpu;
  }

  const fuzz::Numbers& numbers_;
  size_t at_ = 0;
  std::string path_;
  int64_t version_ = 0, bytes_ = 0;
  bool fileWritten_ = false;
  Slot slots_[kSlots];
  Constants store_;
};

}  // namespace

uint64_t saccade::fuzz::accepted() {
  return acceptedInputs;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::Numbers numbers = fuzz::numbersOf(data, size);
  World(numbers).run();
  ++acceptedInputs;
  return 0;
}
