// gemm of rows in 8 bits (formats.h) and int8 weights: sums are exact in int32, and multiplied by the scales
// of row and column. A thread computes an element.
#include "device/integer.h"
#include "gemm.h"
#include "types.h"
#include "walk.h"

namespace saccade::cuda {
namespace {

template <class T>
SACCADE_GLOBAL(kElementThreads)
void gemmQuantized(const GemmArguments arguments) {
  const View &out = arguments.epilogue.out, &residual = arguments.epilogue.residual, &from = arguments.a;
  const int64_t m = out.dim[1], n = out.dim[2], words = roundUp(arguments.shape.k, 4) / 4;
  forElements(out.dim[0] * m * n, [&](int64_t element) {
    const int64_t batch = element / n / m, row = element / n % m, column = element % n;
    const Global<const char> a = globalOf<const char>(from) + (batch * from.stride[0] + row * from.stride[1]);
    const PackedMatrix b(arguments.b, arguments.shape, arguments.shared ? 0 : batch);
    int32_t sum = 0;
    for (int64_t word = 0; word < words; ++word)
      sum = dot4((a + kQuantizedHead).as<const int32_t>().read(word), b.readWord(column, word), sum);
    const float scaled = static_cast<float>(sum) * b.scale(column) * a.as<const float>().read(0);
    arguments.epilogue.write<T>(scaled, column, batch * out.stride[0] + row * out.stride[1] + column,
                                batch * residual.stride[0] + row * residual.stride[1] + column);
  });
}

}  // namespace

void launchQuantized(const GemmArguments& arguments, Launcher& launcher) {
  const View& out = arguments.epilogue.out;
  withFloat(out.dtype, [&](auto type) {
    launcher.launch(gemmQuantized<typename decltype(type)::type>,
                    gridOfElements(out.dim[0] * out.dim[1] * out.dim[2]), kElementThreads, 0, arguments);
  });
}

}  // namespace saccade::cuda
