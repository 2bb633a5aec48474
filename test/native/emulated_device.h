// A second device for the tests of the runtime: an interpreter with an address space of its own. Its
// addresses are none of the process, so that whoever reads or writes its memory without asking it crashes.
// Like a GPU it has a thread of its own that takes one run at a time, looks at `cancelled` before each
// instruction, and tells of a bad index at the end of a run.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../../native/runtime/device.h"
#include "../../native/runtime/error.h"
#include "../../native/runtime/job.h"

namespace saccade::testing {

// Blocks by their addresses.
class AddressSpace {
 public:
  char* allocate(int64_t bytes) {
    const std::lock_guard lock(mutex_);
    char* const address = reinterpret_cast<char*>(next_);
    next_ += static_cast<uintptr_t>(bytes / 64 + 2) * 64;
    blocks_[address].resize(static_cast<size_t>(bytes));
    return address;
  }

  void free(char* address) {
    const std::lock_guard lock(mutex_);
    blocks_.erase(address);
  }

  // Where the host finds what is at an address.
  char* find(const char* address) {
    const std::lock_guard lock(mutex_);
    auto block = std::prev(blocks_.upper_bound(const_cast<char*>(address)));
    return block->second.data() + (address - block->first);
  }

  size_t count() {
    const std::lock_guard lock(mutex_);
    return blocks_.size();
  }

 private:
  std::mutex mutex_;
  uintptr_t next_ = uintptr_t{1} << 62;
  std::map<char*, std::vector<char>> blocks_;
};

class EmulatedDevice final : public Device {
 public:
  EmulatedDevice() : thread_([this] { work(); }) {}
  ~EmulatedDevice() override {
    queue(nullptr);
    thread_.join();
  }

  const char* name() const override { return "emulated"; }
  const char* isa() const override { return "interpreter"; }
  const Formats& formats() const override { return kFormats; }

  std::shared_ptr<Memory> allocate(int64_t bytes) override {
    return std::make_shared<EmulatedMemory>(*this, bytes);
  }
  std::shared_ptr<Memory> load(std::shared_ptr<const Mapping> file, int64_t offset, int64_t bytes) override {
    auto memory = allocate(bytes);
    upload(*memory, 0, file->data() + offset, bytes);
    return memory;
  }
  void upload(Memory& to, int64_t offset, const void* from, int64_t bytes) override {
    std::memcpy(space_.find(to.data()) + offset, from, static_cast<size_t>(bytes));
  }
  void download(void* to, const Memory& from, int64_t offset, int64_t bytes) override {
    std::memcpy(to, space_.find(from.data()) + offset, static_cast<size_t>(bytes));
  }
  std::shared_ptr<Executable> prepare(std::shared_ptr<const Program> program) override {
    return std::make_shared<EmulatedExecutable>(std::move(program), *this);
  }
  int64_t arenaLimit() const override { return 0; }

  size_t blocks() { return space_.count(); }

  // What the op `unary` does; it computes nothing.
  std::function<void()> onUnary = [] {};

 private:
  class EmulatedMemory final : public Memory {
   public:
    EmulatedMemory(EmulatedDevice& device, int64_t bytes)
        : Memory(device, device.space_.allocate(bytes), bytes), space_(device.space_) {}
    ~EmulatedMemory() override { space_.free(data()); }

   private:
    AddressSpace& space_;
  };

  class EmulatedExecutable final : public Executable {
   public:
    EmulatedExecutable(std::shared_ptr<const Program> checked, EmulatedDevice& device)
        : Executable(std::move(checked)), device_(device) {
      for (const Instruction& instruction : program().instructions) {
        if (!computes(instruction.op))
          fail("INTERNAL", nameOf(instruction), ": the device 'emulated' has no kernel for it");
      }
    }

    void start(std::unique_ptr<Job> job) override {
      device_.queue([this, held = std::make_shared<std::unique_ptr<Job>>(std::move(job))] {
        std::optional<Error> error;
        try {
          run((*held)->open(), (*held)->cancelled());
        } catch (const Error& thrown) {
          error = thrown;
        }
        Job::end(std::move(*held), std::move(error));
      });
    }

   private:
    void run(const Frame& frame, const Cancelled& cancelled) {
      const auto arena = device_.allocate(program().arenaBytes);
      std::optional<std::string> mark;
      for (const Instruction& instruction : program().instructions) {
        if (cancelled.load()) throw Error("ABORTED", "the run was aborted");
        if (!compute(instruction, bind(instruction, frame, *arena)) && !mark) mark = nameOf(instruction);
      }
      if (mark) fail("INDEX_OUT_OF_RANGE", *mark, ": an index is past the end of its axis");
    }

    static bool computes(Op op) {
      return op == Op::fill || op == Op::unary || op == Op::binary || op == Op::gather;
    }

    Call bind(const Instruction& instruction, const Frame& frame, const Memory& arena) {
      Call call = instruction.call;
      for (int32_t i = 0; i < call.views; ++i) {
        if (instruction.buffer[i] < 0) continue;
        const Buffer& buffer = program().buffers[static_cast<size_t>(instruction.buffer[i])];
        const auto at = static_cast<size_t>(buffer.at);
        const char* address = buffer.kind == BufferKind::arena      ? arena.data() + buffer.at
                              : buffer.kind == BufferKind::constant ? program().constants[at]->data()
                              : buffer.kind == BufferKind::output   ? frame.outputs[at]->data()
                                                                    : frame.inputs[at]->data();
        call.view[i].data = device_.space_.find(address) + instruction.byteOffset[i];
      }
      return call;
    }

    // False for an index outside its axis. Views are contiguous, and float32 but for an index.
    bool compute(const Instruction& instruction, const Call& call) {
      float* out = reinterpret_cast<float*>(call.view[0].data);
      const auto in = [&](int32_t view) { return reinterpret_cast<const float*>(call.view[view].data); };
      const int64_t elements = count(call.view[0]);
      if (instruction.op == Op::fill) std::fill_n(out, elements, static_cast<float>(call.attribute[0]));
      if (instruction.op == Op::unary) device_.onUnary();
      for (int64_t i = 0; instruction.op == Op::binary && i < elements; ++i) out[i] = in(1)[i] + in(2)[i];
      for (int64_t i = 0; instruction.op == Op::gather && i < call.view[0].dim[1]; ++i) {
        const int32_t index = reinterpret_cast<const int32_t*>(call.view[2].data)[i];
        if (index < 0 || index >= call.view[1].dim[1]) return false;
        out[i] = in(1)[index];
      }
      return true;
    }

    static int64_t count(const View& view) {
      int64_t elements = 1;
      for (int32_t axis = 0; axis < view.rank; ++axis) elements *= view.dim[axis];
      return elements;
    }

    EmulatedDevice& device_;
  };

  // Not those of the CPU.
  static constexpr Formats kFormats{
      [](Op op, DType dtype) { return op == Op::unary && dtype == DType::bfloat16; },
      [](int64_t batch, int64_t k, int64_t n, Precision) { return batch * (4 * k * n + 256); },
      [](int64_t k) { return 4 + k; }};

  // An empty function ends the thread.
  void queue(std::function<void()> run) {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(run));
    wake_.notify_one();
  }

  void work() {
    while (true) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return !queue_.empty(); });
      const auto run = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      if (!run) return;
      run();
    }
  }

  AddressSpace space_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  std::thread thread_;
};

}  // namespace saccade::testing
