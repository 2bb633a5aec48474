#include "cuda_executable.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "../../runtime/error.h"
#include "../../runtime/job.h"
#include "../kernel.h"

namespace saccade::cuda {
namespace {

// Long enough to keep the device busy while the next is started, short enough to stop soon.
constexpr size_t kSegment = 64;
// Every byte of the flag is set to this, which is past any position.
constexpr uint8_t kNoFaultByte = 0x7f;
constexpr int32_t kNoFault = 0x7f7f7f7f;

class Counter final : public Launcher {
 public:
  void take(const Launch&) override { ++count; }
  size_t count = 0;
};

class Immediately final : public Launcher {
 public:
  explicit Immediately(Driver& driver) : driver_(driver) {}
  void take(const Launch& launch) override { driver_.launch(launch); }

 private:
  Driver& driver_;
};

class Adder final : public Launcher {
 public:
  explicit Adder(Graph& graph) : graph_(graph) {}
  void take(const Launch& launch) override { graph_.add(launch); }

 private:
  Graph& graph_;
};

class Updater final : public Launcher {
 public:
  Updater(Graph& graph, size_t first) : graph_(graph), next_(first) {}
  void take(const Launch& launch) override { graph_.update(next_++, launch); }

 private:
  Graph& graph_;
  size_t next_;
};

bool checksIndices(Op op) {
  return op == Op::gather || op == Op::update;
}

}  // namespace

CudaExecutable::CudaExecutable(std::shared_ptr<const Program> checked, CudaDevice& device)
    : Executable(std::move(checked)), device_(device) {
  const auto& instructions = program().instructions;
  const std::vector<char*> none(program().buffers.size(), nullptr);
  for (size_t begin = 0; begin < instructions.size(); begin += kSegment) {
    segments_.push_back({begin, std::min(begin + kSegment, instructions.size()), nullptr, {}});
    Counter counter;
    for (size_t i = begin; i < segments_.back().end; ++i) {
      firstLaunch_.push_back(counter.count);
      launch(i, none, counter);
      mayFault_ = mayFault_ || checksIndices(instructions[i].op);
    }
  }
}

void CudaExecutable::start(std::unique_ptr<Job> job) {
  device_.start(std::move(job), *this);
}

std::vector<char*> CudaExecutable::addresses(const Frame& frame, char* arena) const {
  std::vector<char*> found;
  found.reserve(program().buffers.size());
  for (const Buffer& buffer : program().buffers) {
    const auto at = static_cast<size_t>(buffer.at);
    found.push_back(buffer.kind == BufferKind::arena      ? arena + buffer.at
                    : buffer.kind == BufferKind::constant ? program().constants[at]->data()
                    : buffer.kind == BufferKind::output   ? frame.outputs[at]->data()
                                                          : frame.inputs[at]->data());
  }
  return found;
}

// With null for an address, its views have no memory.
void CudaExecutable::launch(size_t index, const std::vector<char*>& addresses, Launcher& launcher) const {
  const Instruction& instruction = program().instructions[index];
  Call call = instruction.call;
  for (int32_t i = 0; i < call.views; ++i) {
    if (instruction.buffer[i] < 0) continue;
    char* const address = addresses[static_cast<size_t>(instruction.buffer[i])];
    call.view[i].data = address == nullptr ? nullptr : address + instruction.byteOffset[i];
  }
  try {
    kKernels[static_cast<int32_t>(instruction.op)](call, {device_.tools().fault, instruction.position},
                                                   launcher);
  } catch (const Error& error) {
    fail(error.code(), nameOf(instruction), ": ", error.what());
  }
}

void CudaExecutable::run(const Frame& frame, char* arena, const Cancelled& cancelled) {
  CudaDevice::Tools& tools = device_.tools();
  Driver& driver = device_.driver();
  const std::vector<char*> bound = addresses(frame, arena);
  auto* const fault = reinterpret_cast<char*>(tools.fault);
  *tools.faultOnHost = kNoFault;
  std::optional<Error> error;
  try {
    if (mayFault_) driver.set(Stream::runs, fault, kNoFaultByte, sizeof(int32_t));
    runSegments(bound, cancelled);
    if (mayFault_)
      driver.download(Stream::runs, reinterpret_cast<char*>(tools.faultOnHost), fault, sizeof(int32_t));
  } catch (const Error& thrown) {
    error = thrown;
  }
  // Also after an error: kernels that were started use the memory of the run.
  tools.passed[0]->record(Stream::runs);
  tools.passed[0]->wait();
  if (error) throw *error;
  if (cancelled.load()) fail("ABORTED", "the run was aborted");
  if (*tools.faultOnHost == kNoFault) return;
  const auto faulty =
      std::find_if(program().instructions.begin(), program().instructions.end(),
                   [&](const Instruction& one) { return one.position == *tools.faultOnHost; });
  fail("INDEX_OUT_OF_RANGE", nameOf(*faulty), ": an index is past the end of its axis");
}

// At most two segments are with the driver at a time.
void CudaExecutable::runSegments(const std::vector<char*>& bound, const Cancelled& cancelled) {
  CudaDevice::Tools& tools = device_.tools();
  const bool first = !std::exchange(ran_, true);
  for (size_t i = 0; i < segments_.size(); ++i) {
    if (i >= 2) tools.passed[i % 2]->wait();
    if (cancelled.load()) return;
    Segment& segment = segments_[i];
    if (first) {
      Immediately launcher(device_.driver());
      for (size_t at = segment.begin; at < segment.end && !cancelled.load(); ++at)
        launch(at, bound, launcher);
    } else {
      if (segment.graph == nullptr) {
        capture(segment, bound);
      } else {
        update(segment, bound);
      }
      segment.graph->start();
    }
    tools.passed[i % 2]->record(Stream::runs);
  }
}

void CudaExecutable::capture(Segment& segment, const std::vector<char*>& bound) {
  auto graph = device_.driver().createGraph();
  Adder adder(*graph);
  for (size_t at = segment.begin; at < segment.end; ++at) launch(at, bound, adder);
  segment.graph = std::move(graph);
  segment.bound = bound;
}

void CudaExecutable::update(Segment& segment, const std::vector<char*>& bound) {
  for (size_t at = segment.begin; at < segment.end; ++at) {
    const Instruction& instruction = program().instructions[at];
    const auto moved = [&](int32_t buffer) {
      return buffer >= 0 && bound[static_cast<size_t>(buffer)] != segment.bound[static_cast<size_t>(buffer)];
    };
    if (std::none_of(instruction.buffer, instruction.buffer + instruction.call.views, moved)) continue;
    Updater updater(*segment.graph, firstLaunch_[at]);
    launch(at, bound, updater);
  }
  segment.bound = bound;
}

}  // namespace saccade::cuda
