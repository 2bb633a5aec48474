// Runs whose outcome a test waits for.
#pragma once
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../../native/runtime/executor.h"

namespace saccade::testing {

inline std::shared_ptr<Cancelled> flag() {
  return std::make_shared<Cancelled>(false);
}

inline std::future<Outcome> submit(Executor& executor, const std::shared_ptr<Executable>& executable,
                                   std::vector<std::shared_ptr<Memory>> inputs = {}, int32_t threads = 2,
                                   std::shared_ptr<Cancelled> cancelled = flag()) {
  auto promise = std::make_shared<std::promise<Outcome>>();
  auto future = promise->get_future();
  executor.submit({executable, std::move(inputs), threads, std::move(cancelled),
                   [promise](Outcome outcome) { promise->set_value(std::move(outcome)); }});
  return future;
}

// "ok", or the code of the error.
inline std::string codeOf(const Outcome& outcome) {
  return outcome.error ? outcome.error->code() : "ok";
}

}  // namespace saccade::testing
