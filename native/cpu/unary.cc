// unary: out = function(in), float32, element by element. Attributes: kind, parameter.
#include "elements.h"
#include "isa.h"
#include "math.h"

namespace saccade {
namespace {

// How far ahead of the loop memory is fetched where all of it is larger than the cache.
constexpr int64_t kFetchAhead = 4096 / sizeof(float);

template <Unary kind, bool kPast>
void loop(char* out, const char* const* in, int64_t n, float parameter) {
  float* to = reinterpret_cast<float*>(out);
  const float* from = reinterpret_cast<const float*>(in[0]);
  const F p = broadcast(parameter);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    if constexpr (kPast) {
      __builtin_prefetch(from + i + kFetchAhead);
      stream(to + i, activate<kind>(load(from + i), p));
    } else {
      store(to + i, activate<kind>(load(from + i), p));
    }
  }
  if (i < n) store(to + i, activate<kind>(load(from + i, n - i), p), n - i);
  if constexpr (kPast) endStream();
}

constexpr Loop kLoops[][2] = {
#define SACCADE_LOOP(name) {loop<Unary::name, false>, loop<Unary::name, true>},
    SACCADE_UNARY(SACCADE_LOOP)
#undef SACCADE_LOOP
};

int64_t scratch(const Call&) {
  return 0;
}

Status run(const Call& call, int64_t tile, char*) {
  const auto& [near, past] = kLoops[static_cast<int32_t>(call.attribute[0])];
  forElements<1>(call, tile, near, static_cast<float>(call.attribute[1]), past);
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(unary);
constexpr Kernel SACCADE_KERNEL(unary){elementTiles<1>, scratch, run};

}  // namespace saccade
