#include "peers.h"

#include "../../../native/cpu/device/isa.h"

namespace saccade::bench {
namespace {

constexpr const char* kNotFound = "skipped: not found when the benchmarks were built";
// They have nothing as plain as the generic kernels.
constexpr const char* kNotGeneric = "skipped: no race on the generic kernels";

bool racing() {
  return std::string(kernels().isa) != "generic";
}

}  // namespace

std::vector<Contender> gemmPeers(const GemmRace& race) {
  std::vector<Contender> peers;
  if (!racing()) return peers;
#ifdef SACCADE_OPENBLAS
  peers.push_back(openblasGemm(race));
#endif
#ifdef SACCADE_ONEDNN
  peers.push_back(onednnGemm(race));
#endif
  (void)race;
  return peers;
}

std::vector<std::pair<std::string, std::string>> describePeers() {
  std::string openblas = kNotFound, onednn = kNotFound;
#ifdef SACCADE_OPENBLAS
  openblas = racing() ? openblasVersion() : kNotGeneric;
#endif
#ifdef SACCADE_ONEDNN
  onednn = racing() ? onednnVersion() : kNotGeneric;
#endif
  return {{"OpenBLAS", openblas}, {"oneDNN", onednn}};
}

}  // namespace saccade::bench
