// Memory of a device, shared by the tensors and programs that use it.
#pragma once
#include <stdint.h>

#include <memory>

namespace saccade {

class Device;
class Mapping;

// Each device derives its own class, whose destructor frees the memory. The device outlives it.
class Memory {
 public:
  virtual ~Memory() = default;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  Device& device() const { return device_; }
  // Its address on the device. Only the device may read or write there.
  char* data() const { return data_; }
  int64_t bytes() const { return bytes_; }
  // The file that it is a part of, or null. Such memory is read only.
  virtual std::shared_ptr<const Mapping> file() const { return nullptr; }
  bool mapped() const { return file() != nullptr; }
  // Lets the pages of a mapped file go until they are read again. Does nothing to other memory.
  virtual void forget() const {}

 protected:
  Memory(Device& device, char* data, int64_t bytes) : device_(device), data_(data), bytes_(bytes) {}

 private:
  Device& device_;
  char* data_;
  int64_t bytes_;
};

}  // namespace saccade
