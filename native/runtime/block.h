// Memory of the host: aligned, counted, limited. An allocation that is too large throws OUT_OF_MEMORY,
// instead of having the system kill the process.
#pragma once
#include <stdint.h>

namespace saccade {

// Blocks of this size or more are aligned to it, so that the system can use huge pages.
constexpr int64_t kHugePage = int64_t{2} << 20;

// What a block is counted as.
enum class Account : int32_t { buffers, arena, count };

// Bytes allocated in the whole process.
int64_t liveBytes(Account account);

// Reads SACCADE_MEMORY_LIMIT (bytes that all accounts together may hold; absent: no limit). Throws
// OPTION_INVALID.
void readMemoryLimit();

// Throws OUT_OF_MEMORY if the machine or container has no room for so many bytes more. A Block checks that
// itself.
void checkRoom(int64_t bytes);

// An owned block, aligned to 64 bytes (to a huge page when it is large). Content is undefined.
class Block {
 public:
  Block() = default;
  Block(int64_t bytes, Account account);  // throws OUT_OF_MEMORY
  Block(Block&& other) noexcept;
  Block& operator=(Block&& other) noexcept;
  ~Block();

  char* data() const { return data_; }
  int64_t bytes() const { return bytes_; }

 private:
  char* data_ = nullptr;
  int64_t bytes_ = 0;
  Account account_ = Account::buffers;
};

}  // namespace saccade
