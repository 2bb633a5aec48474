// gather, update, resample: ops on [outer, length, inner].
#include "rules.h"

namespace saccade {

const char* check_gather(const Call& call, const Formats&) {
  const View &out = call.view[0], &table = call.view[1], &index = call.view[2];
  if (out.rank != 3 || table.rank != 3 || out.dtype != table.dtype)
    return "output and table must have rank 3 and one dtype";
  if (index.rank != 1 || index.dtype != DType::int32) return "the index must be int32 of rank 1";
  if (out.dim[0] != table.dim[0] || out.dim[1] != index.dim[0] || out.dim[2] != table.dim[2])
    return "for a table [outer, V, inner] and an index [I], the output must be [outer, I, inner]";
  return nullptr;
}

const char* check_update(const Call& call, const Formats&) {
  const View &out = call.view[0], &in = call.view[1], &at = call.view[2];
  if (out.rank != 3 || in.rank != 3 || out.dtype != in.dtype)
    return "output and input must have rank 3 and one dtype";
  if (at.rank != 1 || at.dtype != DType::int32) return "the positions must be int32 of rank 1";
  if (at.dim[0] < 1 || out.dim[0] % at.dim[0] != 0)
    return "the number of positions must divide the outer size";
  if (out.dim[0] != in.dim[0] || out.dim[2] != in.dim[2] || in.dim[1] > out.dim[1])
    return "the input [outer, n, inner] must fit into [outer, capacity, inner]";
  return nullptr;
}

const char* check_resample(const Call& call, const Formats&) {
  const View &out = call.view[0], &in = call.view[1];
  if (out.rank != 3 || in.rank != 3 || out.dtype != DType::uint8 || in.dtype != DType::uint8)
    return "views must be uint8 [outer, length, inner]";
  if (out.dim[0] != in.dim[0] || out.dim[2] != in.dim[2]) return "outer and inner dims must be equal";
  if (!isKind<Filter>(call.attribute[0])) return "unknown filter";
  if (repeatsTooOften(in, 1, 2)) return kRepeats;
  const double length = call.attribute[1], offset = call.attribute[2];
  const double size = call.attribute[3], first = call.attribute[4];
  // Pillow keeps the length in float32, which does not hold larger integers exactly.
  if (!isInteger(length, 1, 0x1p24)) return "an axis must be 1 to 2^24 long";
  if (!isInteger(size, 1, 0x1p28)) return "an axis can be resized to 1 to 2^28";
  if (in.dim[1] < 1 || !isInteger(offset, 0, length - static_cast<double>(in.dim[1])))
    return "the input must be part of the axis";
  if (!isInteger(first, 0, size - static_cast<double>(out.dim[1])))
    return "the output must be part of the resized axis";
  return nullptr;
}

}  // namespace saccade
