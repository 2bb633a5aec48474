#include "cpu_run.h"

#include <new>
#include <string>
#include <utility>

namespace saccade {
namespace {

// Frees the old block first, as there may be no memory for both.
void grow(Block& block, int64_t bytes) {
  if (block.bytes() >= bytes) return;
  block = Block();
  block = Block(bytes, Account::arena);
}

bool isOutOfMemory(const std::optional<Error>& error) {
  return error && std::string(error->code()) == "OUT_OF_MEMORY";
}

}  // namespace

CpuRun::CpuRun(CpuExecutable& executable, std::unique_ptr<Job> job, Arenas& arenas,
               std::shared_ptr<Usage> usage)
    : Task(job->threads(), std::move(usage)),
      executable_(executable),
      job_(std::move(job)),
      arenas_(arenas),
      call_(executable.takeCall()) {}

bool CpuRun::begin(Block& scratch) {
  std::optional<Error> error = reserve(scratch);
  if (isOutOfMemory(error) && arenas_.clear()) error = reserve(scratch);
  if (!error) return true;
  arenas_.give(std::move(arena_));
  if (isOutOfMemory(error)) {
    Job::postpone(std::move(job_), *error);
  } else {
    Job::end(std::move(job_), std::move(error));
  }
  return false;
}

std::optional<Error> CpuRun::reserve(Block& scratch) {
  try {
    const Frame& frame = job_->open();
    const Program& program = executable_.program();
    if (arena_.bytes() == 0) arena_ = arenas_.take(program.arenaBytes);
    grow(scratch, executable_.scratchBytes());
    addresses_.clear();
    addresses_.reserve(program.buffers.size());
    for (const Buffer& buffer : program.buffers) addresses_.push_back(address(buffer, frame));
    if (threads > 1) listPages();
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return Error("OUT_OF_MEMORY", "the system has no memory for a run");
  }
  return std::nullopt;
}

char* CpuRun::address(const Buffer& buffer, const Frame& frame) const {
  const auto at = static_cast<size_t>(buffer.at);
  switch (buffer.kind) {
    case BufferKind::arena:
      return arena_.data() + buffer.at;
    case BufferKind::constant:
      return executable_.program().constants[at]->data();
    case BufferKind::output:
      return frame.outputs[at]->data();
    default:
      return frame.inputs[at]->data();
  }
}

// The system clears a huge page when it is first written; if the threads first write to it at the same time,
// in neighbouring tiles, each of them has one cleared, and all but one are dropped. So each is written to by
// one thread before.
void CpuRun::listPages() {
  pages_.clear();
  for (size_t i = 0; i < addresses_.size(); ++i) {
    const Buffer& buffer = executable_.program().buffers[i];
    if (buffer.kind != BufferKind::output) continue;
    for (int64_t page = 0; page < buffer.bytes / kHugePage; ++page) {
      pages_.push_back(addresses_[i] + page * kHugePage);
    }
  }
}

std::optional<Error> CpuRun::fault() const {
  if (stopped()) return Error("ABORTED", "the run was aborted");
  switch (fault_.load(std::memory_order_relaxed)) {
    case Fault::none:
      return std::nullopt;
    case Fault::memory:
      return Error("OUT_OF_MEMORY", "the system has no memory for the scratch of a thread");
    default:
      const Instruction& instruction = executable_.program().instructions[instructions_ - 1];
      return Error("INDEX_OUT_OF_RANGE", nameOf(instruction) + ": an index is past the end of its axis");
  }
}

int64_t CpuRun::next() {
  error_ = fault();
  if (error_) return 0;
  if (!std::exchange(touched_, true) && !pages_.empty()) return static_cast<int64_t>(pages_.size());
  const auto& steps = executable_.steps();
  while (instructions_ < steps.size()) {
    const size_t index = instructions_++;
    if (steps[index].tiles == 0) continue;
    bind(index);
    return steps[index].tiles;
  }
  return 0;
}

void CpuRun::bind(size_t index) {
  const Instruction& instruction = executable_.program().instructions[index];
  kernel_ = executable_.steps()[index].kernel;
  *call_ = instruction.call;
  for (int32_t i = 0; i < call_->views; ++i) {
    const int32_t buffer = instruction.buffer[i];
    if (buffer >= 0)
      call_->view[i].data = addresses_[static_cast<size_t>(buffer)] + instruction.byteOffset[i];
  }
}

void CpuRun::runTile(int64_t tile, Block& scratch) {
  if (stopped()) return;
  if (kernel_ == nullptr) {
    *static_cast<volatile char*>(pages_[static_cast<size_t>(tile)]) = 0;
    return;
  }
  try {
    grow(scratch, executable_.scratchBytes());
  } catch (const Error&) {
    fault_.store(Fault::memory, std::memory_order_relaxed);
    return;
  }
  if (kernel_->run(*call_, tile, scratch.data()) != Status::ok) {
    fault_.store(Fault::index, std::memory_order_relaxed);
  }
}

void CpuRun::end() {
  executable_.giveCall(std::move(call_));
  arenas_.give(std::move(arena_));
  Arenas& arenas = arenas_;
  Job::end(std::move(job_), std::move(error_));
  arenas.trim();
}

}  // namespace saccade
