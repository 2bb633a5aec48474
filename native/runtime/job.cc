#include "job.h"

#include <algorithm>
#include <utility>

#include "executor.h"

namespace saccade {
namespace {

void checkInputs(const Program& program, const std::vector<std::shared_ptr<Memory>>& inputs) {
  if (static_cast<int64_t>(inputs.size()) != program.inputs) {
    fail("SHAPE_MISMATCH", "the program takes ", program.inputs, " inputs, got ", inputs.size());
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    checkDevice(*inputs[i], program.device, "input ", i);
  }
  for (const Buffer& buffer : program.buffers) {
    if (buffer.kind != BufferKind::input && buffer.kind != BufferKind::inout) continue;
    const Memory& memory = *inputs[static_cast<size_t>(buffer.at)];
    if (memory.bytes() != buffer.bytes) {
      fail("SHAPE_MISMATCH", "input ", buffer.at, " has ", memory.bytes(), " bytes, expected ", buffer.bytes);
    }
    if (buffer.kind == BufferKind::inout && memory.mapped()) {
      fail("INPUT_INVALID", "input ", buffer.at, " is written by the program, but is part of a mapped file");
    }
  }
}

}  // namespace

Job::Job(Executor& executor, Run run, uint64_t order)
    : executor_(executor), run_(std::move(run)), order_(order) {}

const Frame& Job::open() {
  const Program& program = run_.executable->program();
  checkInputs(program, run_.inputs);
  frame_ = {run_.inputs, {}};
  for (const int32_t index : program.outputs) {
    const Buffer& buffer = program.buffers[static_cast<size_t>(index)];
    const bool inPlace = buffer.kind == BufferKind::inout;
    frame_.outputs.push_back(inPlace ? run_.inputs[static_cast<size_t>(buffer.at)]
                                     : executor_.device().allocate(buffer.bytes));
  }
  return frame_;
}

void Job::end(std::unique_ptr<Job> job, std::optional<Error> error) {
  job->executor_.finish(*job, std::move(error));
}

void Job::postpone(std::unique_ptr<Job> job, Error error) {
  Executor& executor = job->executor_;
  executor.postpone(std::move(job), std::move(error));
}

void Job::settle(std::optional<Error> error) {
  Outcome outcome;
  if (error) {
    outcome.error = std::move(error);
  } else {
    outcome.outputs = std::move(frame_.outputs);
  }
  frame_ = {};
  const auto settle = std::move(run_.settle);
  run_ = {};
  settle(std::move(outcome));
}

bool Job::uses(const Memory* memory) const {
  const auto same = [memory](const std::shared_ptr<Memory>& held) { return held.get() == memory; };
  const auto& constants = run_.executable->program().constants;
  return std::any_of(run_.inputs.begin(), run_.inputs.end(), same) ||
         std::any_of(constants.begin(), constants.end(), same);
}

bool Job::conflictsWith(const Job& other) const {
  const auto writesInto = [](const Job& writer, const Job& user) {
    return std::any_of(writer.written().begin(), writer.written().end(), [&](int64_t index) {
      const auto at = static_cast<size_t>(index);
      return at < writer.run_.inputs.size() && user.uses(writer.run_.inputs[at].get());
    });
  };
  return writesInto(*this, other) || writesInto(other, *this);
}

}  // namespace saccade
