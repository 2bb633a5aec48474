// where: out = condition ? a : b, element by element; out, a and b of any one type.
#include "elements.h"
#include "isa.h"

namespace saccade {
namespace {

template <class T>
void loop(char* out, const char* const* in, int64_t n, float) {
  T* to = reinterpret_cast<T*>(out);
  const uint8_t* condition = reinterpret_cast<const uint8_t*>(in[0]);
  const T *a = reinterpret_cast<const T*>(in[1]), *b = reinterpret_cast<const T*>(in[2]);
  for (int64_t i = 0; i < n; i++) to[i] = condition[i] ? a[i] : b[i];
}

int64_t scratch(const Call&) {
  return 0;
}

Status run(const Call& call, int64_t tile, char*) {
  const int64_t size = bytesOf(call.view[0].dtype);
  forElements<3>(call, tile,
                 size == 4   ? loop<uint32_t>
                 : size == 8 ? loop<uint64_t>
                 : size == 2 ? loop<uint16_t>
                             : loop<uint8_t>);
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(where);
constexpr Kernel SACCADE_KERNEL(where){elementTiles<3>, scratch, run};

}  // namespace saccade
