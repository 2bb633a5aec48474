// Memory of the host: aligned, counted, limited. An allocation that fails is an Error OUT_OF_MEMORY, before
// the system would have to kill the process for it.
#pragma once
#include <stdint.h>

namespace saccade {

// Blocks of this size and more are aligned to it: the system gives them huge pages, where it has any.
constexpr int64_t kHugePage = int64_t{2} << 20;

// What a block is counted under.
enum class Account : int32_t { buffers, arena, count };

// Bytes alive, of the whole process.
int64_t liveBytes(Account account);

// Reads SACCADE_MEMORY_LIMIT (bytes that all accounts together may hold; absent: no limit). Throws
// OPTION_INVALID.
void readMemoryLimit();

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
