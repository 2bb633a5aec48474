// Libraries that this one is measured against, where they were found when this was built.
#pragma once
#include <stdint.h>

#include <memory>
#include <string>
#include <vector>

#include "../../../native/runtime/memory.h"
#include "../line.h"

namespace saccade::bench {

// A product out = a @ b of float32 matrices, rows dense: the same memory for all, but for b, of which each
// makes `copies` of its own, in the order it likes best.
struct GemmRace {
  int64_t m, k, n;
  int32_t threads;
  int64_t calls, copies;
  std::vector<std::shared_ptr<Memory>> a, out;  // taken in turns
  std::shared_ptr<Memory> b;

  size_t copyOfCall(int64_t round, int64_t call) const {
    return static_cast<size_t>((round * calls + call) % copies);
  }
  size_t activationOfCall(int64_t call) const { return static_cast<size_t>(call) % a.size(); }
};

std::vector<Contender> gemmPeers(const GemmRace& race);
// Of each peer there could be: its name, and its version or why it is missing.
std::vector<std::pair<std::string, std::string>> describePeers();

Contender openblasGemm(const GemmRace& race);
std::string openblasVersion();
Contender onednnGemm(const GemmRace& race);
std::string onednnVersion();

}  // namespace saccade::bench
