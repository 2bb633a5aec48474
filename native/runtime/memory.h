// Memory of a device, shared by the tensors and programs that use it.
#pragma once
#include <stdint.h>

namespace saccade {

class Device;

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
  // Whether it is a part of a mapped file, which is read only.
  virtual bool mapped() const { return false; }
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
