// fill: sets every element of out to the attribute `value`, converted as copy does.
#include "../runtime/convert.h"
#include "isa.h"
#include "strided.h"

namespace saccade {
namespace {

int64_t tiles(const Call& call) {
  return ceilDivide(elementsOf(call.view[0]), kTileElements);
}

int64_t scratch(const Call&) {
  return 0;
}

Status run(const Call& call, int64_t tile, char*) {
  const Walk<1> walk = walkOver<1>(call);
  const int64_t begin = tile * kTileElements, all = elementsOf(call.view[0]);
  const int64_t end = min(begin + kTileElements, all);
  withType(call.view[0].dtype, [&](auto type) {
    using T = typename decltype(type)::type;
    const T value = Convert<T>::from(call.attribute[0]);
    forRuns(walk, begin, end, [&](char* const* run, int64_t n) {
      copyRun(run[0], walk.innerStride(0), reinterpret_cast<const char*>(&value), 0, sizeof(T), n);
    });
  });
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(fill);
constexpr Kernel SACCADE_KERNEL(fill){tiles, scratch, run};

}  // namespace saccade
