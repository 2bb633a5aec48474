#include "steps.h"

#include <future>
#include <memory>
#include <optional>
#include <utility>

#include "../../native/cpu/device/scheduler.h"
#include "../../native/runtime/machine.h"

namespace saccade::bench {
namespace {

class Work final : public Task {
 public:
  Work(const Steps& steps, int32_t threads, std::promise<void>& ended)
      : Task(threads, std::make_shared<Usage>()), steps_(steps), ended_(ended) {}

  bool begin(Block&) override { return true; }
  int64_t next() override { return steps_.next(); }
  void runTile(int64_t tile, Block& scratch) override { steps_.runTile(tile, scratch); }
  bool stopped() const override { return false; }
  void end() override { ended_.set_value(); }

 private:
  const Steps& steps_;
  std::promise<void>& ended_;
};

}  // namespace

void run(const Steps& steps, int32_t threads) {
  if (threads == 1) {
    static Block scratch;
    while (const int64_t tiles = steps.next()) {
      for (int64_t tile = 0; tile < tiles; ++tile) steps.runTile(tile, scratch);
    }
    return;
  }
  // Its threads live as long as the process, as those of the library do.
  static auto* const scheduler =
      new Scheduler(usableCores(), []() -> std::optional<int64_t> { return std::nullopt; });
  std::promise<void> ended;
  scheduler->start(std::make_unique<Work>(steps, threads, ended));
  ended.get_future().wait();
}

}  // namespace saccade::bench
