#include "cpu_device.h"

#include <string.h>

#include <algorithm>

#include "error.h"

namespace saccade {
namespace {

// What the threads share while they work on one instruction.
struct Job {
  const Kernel* kernel;
  const Call* call;
  const std::vector<Block>* scratch;
  const std::atomic<bool>* cancelled;
  std::atomic<Status> status{Status::ok};
};

void runTile(void* context, int64_t tile, int32_t thread) {
  Job& job = *static_cast<Job*>(context);
  if (job.cancelled->load(std::memory_order_relaxed)) return;
  const Status status = job.kernel->run(*job.call, tile, (*job.scratch)[static_cast<size_t>(thread)].data());
  if (status != Status::ok) job.status.store(status, std::memory_order_relaxed);
}

char* address(const Buffer& buffer, const Program& program, const Frame& frame, char* arena) {
  const auto at = static_cast<size_t>(buffer.at);
  switch (buffer.kind) {
    case BufferKind::arena:
      return arena + buffer.at;
    case BufferKind::constant:
      return program.constants[at]->data();
    case BufferKind::output:
      return frame.outputs[at]->data();
    default:
      return frame.inputs[at]->data();
  }
}

}  // namespace

std::shared_ptr<Memory> CpuDevice::allocate(int64_t bytes) {
  return Memory::allocate(bytes);
}

void CpuDevice::upload(const Memory& to, int64_t offset, const void* from, int64_t bytes) {
  if (bytes > 0) memcpy(to.data() + offset, from, static_cast<size_t>(bytes));
}

void CpuDevice::download(void* to, const Memory& from, int64_t offset, int64_t bytes) {
  if (bytes > 0) memcpy(to, from.data() + offset, static_cast<size_t>(bytes));
}

void CpuDevice::run(const Program& program, const Frame& frame, int32_t threads,
                    const std::atomic<bool>& cancelled) {
  threads = pool_.reserve(threads);
  reserve(program, threads);
  addresses_.clear();
  for (const Buffer& buffer : program.buffers) {
    char* const data = address(buffer, program, frame, arena_.data());
    addresses_.push_back(data);
    if (buffer.kind == BufferKind::output) touch(data, buffer.bytes, threads);
  }
  for (const Instruction& instruction : program.instructions) runInstruction(instruction, threads, cancelled);
}

void CpuDevice::rest() {
  arena_ = Block();
}

// Memory only grows, so that a program called again and again allocates nothing. The old block goes first:
// both at once could be more than there is.
void CpuDevice::reserve(const Program& program, int32_t threads) {
  if (arena_.bytes() < program.arenaBytes) {
    arena_ = Block();
    arena_ = Block(program.arenaBytes, Account::arena);
  }
  scratch_.resize(std::max(scratch_.size(), static_cast<size_t>(threads)));
  for (int32_t i = 0; i < threads; ++i) {
    Block& block = scratch_[static_cast<size_t>(i)];
    if (block.bytes() >= program.scratchBytes) continue;
    block = Block();
    block = Block(program.scratchBytes, Account::arena);
  }
}

// The system clears a huge page when it is first written. Neighbouring tiles would meet a new one all at
// once, and each thread would clear one for itself, of which a single one is kept.
void CpuDevice::touch(char* fresh, int64_t bytes, int32_t threads) {
  const auto write = [](void* data, int64_t page, int32_t) {
    static_cast<volatile char*>(data)[page * kHugePage] = 0;
  };
  if (threads > 1) pool_.run(bytes / kHugePage, threads, write, fresh);
}

void CpuDevice::runInstruction(const Instruction& instruction, int32_t threads,
                               const std::atomic<bool>& cancelled) {
  // A copy, because the same program may be checked out by others while its memory differs from run to run.
  Call call = instruction.call;
  for (int32_t i = 0; i < call.views; ++i) {
    const int32_t buffer = instruction.buffer[i];
    if (buffer >= 0) call.view[i].data = addresses_[static_cast<size_t>(buffer)] + instruction.byteOffset[i];
  }
  Job job{instruction.kernel, &call, &scratch_, &cancelled};
  pool_.run(instruction.tiles, threads, runTile, &job);
  if (cancelled.load(std::memory_order_relaxed)) throw Error("ABORTED", "the run was aborted");
  if (job.status.load(std::memory_order_relaxed) == Status::indexOutOfRange) {
    fail("INDEX_OUT_OF_RANGE", "instruction ", instruction.position, " (", opName(instruction.op),
         "): an index is past the end of its axis");
  }
}

}  // namespace saccade
