// OpenBLAS: sgemm, or sgemv for a single row, as its users would. It packs b at every call. Which of its
// kernels it uses is its own choice, or OPENBLAS_CORETYPE's.
#include <cblas.h>

#include "../sequence.h"
#include "peers.h"

namespace saccade::bench {

Contender openblasGemm(const GemmRace& race) {
  std::vector<std::shared_ptr<Memory>> copies;
  while (static_cast<int64_t>(copies.size()) < race.copies) copies.push_back(copyOf(race.b));
  return {"OpenBLAS", [race, copies](int64_t round) {
            openblas_set_num_threads(race.threads);
            const auto m = static_cast<blasint>(race.m), k = static_cast<blasint>(race.k),
                       n = static_cast<blasint>(race.n);
            for (int64_t call = 0; call < race.calls; ++call) {
              const size_t turn = race.activationOfCall(call);
              const float* a = floatsOf(race.a[turn]);
              const float* b = floatsOf(copies[race.copyOfCall(round, call)]);
              float* out = floatsOf(race.out[turn]);
              if (m == 1) {
                cblas_sgemv(CblasRowMajor, CblasTrans, k, n, 1, b, n, a, 1, 0, out, 1);
              } else {
                cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, k, b, n, 0, out, n);
              }
            }
          }};
}

std::string openblasVersion() {
  return std::string(openblas_get_config()) + ", " + openblas_get_corename() + " kernels";
}

}  // namespace saccade::bench
