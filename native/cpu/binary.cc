// binary: out = function(a, b), element by element. Attribute: kind. Arithmetic on float32 or, but for divide
// and power, on int32, which wraps; comparisons of either write bool; logical kinds read and write bool.
#include "elements.h"
#include "isa.h"
#include "math.h"

namespace saccade {
namespace {

template <Binary kind>
F apply(F a, F b) {
  if constexpr (kind == Binary::add) return a + b;
  if constexpr (kind == Binary::subtract) return a - b;
  if constexpr (kind == Binary::multiply) return a * b;
  if constexpr (kind == Binary::divide) return a / b;
  if constexpr (kind == Binary::maximum) return maximum(a, b);
  if constexpr (kind == Binary::minimum) return minimum(a, b);
  if constexpr (kind == Binary::power) return power(a, b);
}

// Unsigned, so that wrapping is defined.
template <Binary kind>
uint32_t apply(uint32_t a, uint32_t b) {
  if constexpr (kind == Binary::add) return a + b;
  if constexpr (kind == Binary::subtract) return a - b;
  if constexpr (kind == Binary::multiply) return a * b;
  const bool less = static_cast<int32_t>(a) < static_cast<int32_t>(b);
  if constexpr (kind == Binary::maximum) return less ? b : a;
  if constexpr (kind == Binary::minimum) return less ? a : b;
}

template <Binary kind, class T>
bool holds(T a, T b) {
  if constexpr (kind == Binary::equal) return a == b;
  if constexpr (kind == Binary::notEqual) return a != b;
  if constexpr (kind == Binary::less) return a < b;
  if constexpr (kind == Binary::lessEqual) return a <= b;
  if constexpr (kind == Binary::greater) return a > b;
  if constexpr (kind == Binary::greaterEqual) return a >= b;
  if constexpr (kind == Binary::logicalAnd) return a != 0 && b != 0;
  if constexpr (kind == Binary::logicalOr) return a != 0 || b != 0;
}

template <Binary kind>
void floats(char* out, const char* const* in, int64_t n, float) {
  float* to = reinterpret_cast<float*>(out);
  const float *a = reinterpret_cast<const float*>(in[0]), *b = reinterpret_cast<const float*>(in[1]);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(to + i, apply<kind>(load(a + i), load(b + i)));
  if (i < n) store(to + i, apply<kind>(load(a + i, n - i), load(b + i, n - i)), n - i);
}

template <Binary kind>
void integers(char* out, const char* const* in, int64_t n, float) {
  uint32_t* to = reinterpret_cast<uint32_t*>(out);
  const uint32_t *a = reinterpret_cast<const uint32_t*>(in[0]), *b = reinterpret_cast<const uint32_t*>(in[1]);
  for (int64_t i = 0; i < n; i++) to[i] = apply<kind>(a[i], b[i]);
}

template <Binary kind, class T>
void truths(char* out, const char* const* in, int64_t n, float) {
  uint8_t* to = reinterpret_cast<uint8_t*>(out);
  const T *a = reinterpret_cast<const T*>(in[0]), *b = reinterpret_cast<const T*>(in[1]);
  for (int64_t i = 0; i < n; i++) to[i] = holds<kind>(a[i], b[i]);
}

constexpr bool isLogical(Binary kind) {
  return kind == Binary::logicalAnd || kind == Binary::logicalOr;
}
constexpr bool isComparison(Binary kind) {
  return kind >= Binary::equal && kind <= Binary::greaterEqual;
}

// Null where the kind is not for the type.
template <Binary kind>
constexpr Loop loopFor(DType dtype) {
  if constexpr (isLogical(kind)) {
    return dtype == DType::bool_ ? truths<kind, uint8_t> : nullptr;
  } else if constexpr (isComparison(kind)) {
    return dtype == DType::float32 ? truths<kind, float>
           : dtype == DType::int32 ? truths<kind, int32_t>
                                   : nullptr;
  } else if constexpr (kind == Binary::divide || kind == Binary::power) {
    return dtype == DType::float32 ? floats<kind> : nullptr;
  } else {
    return dtype == DType::float32 ? floats<kind> : dtype == DType::int32 ? integers<kind> : nullptr;
  }
}

Loop loopOf(Binary kind, DType dtype) {
  switch (kind) {
#define SACCADE_CASE(name) \
  case Binary::name:       \
    return loopFor<Binary::name>(dtype);
    SACCADE_BINARY(SACCADE_CASE)
#undef SACCADE_CASE
    case Binary::count:
      break;
  }
  return nullptr;
}

Binary kindOf(const Call& call) {
  return static_cast<Binary>(static_cast<int32_t>(call.attribute[0]));
}

int64_t scratch(const Call&) {
  return 0;
}

Status run(const Call& call, int64_t tile, char*) {
  forElements<2>(call, tile, loopOf(kindOf(call), call.view[1].dtype));
  return Status::ok;
}

}  // namespace

extern const Kernel SACCADE_KERNEL(binary);
constexpr Kernel SACCADE_KERNEL(binary){elementTiles<2>, scratch, run};

}  // namespace saccade
