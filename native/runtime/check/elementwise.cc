// copy, fill, unary, binary, where.
#include "rules.h"

namespace saccade {
namespace {

bool isLogical(Binary kind) {
  return kind == Binary::logicalAnd || kind == Binary::logicalOr;
}
bool isComparison(Binary kind) {
  return kind >= Binary::equal && kind <= Binary::greaterEqual;
}

bool takes(Binary kind, DType dtype, const Formats& formats) {
  if (isLogical(kind)) return dtype == DType::bool_;
  if (dtype == DType::int32) return kind != Binary::divide && kind != Binary::power;
  return isComputed(dtype, Op::binary, formats);
}

}  // namespace

const char* check_copy(const Call& call, const Formats&) {
  const View &out = call.view[0], &in = call.view[1];
  if (!sameDims(out, in)) return "dims must be equal";
  if (out.dtype != in.dtype && (out.dtype == DType::packed || in.dtype == DType::packed))
    return "packed matrices cannot be converted";
  return nullptr;
}

const char* check_fill(const Call& call, const Formats&) {
  return call.view[0].dtype == DType::packed ? "packed matrices cannot be filled" : nullptr;
}

const char* check_unary(const Call& call, const Formats& formats) {
  const View &out = call.view[0], &in = call.view[1];
  if (!isComputed(out.dtype, Op::unary, formats) || in.dtype != out.dtype)
    return "views must have one float dtype that the device computes in";
  if (!sameDims(out, in)) return "dims must be equal";
  return isKind<Unary>(call.attribute[0]) ? nullptr : "unknown kind";
}

const char* check_binary(const Call& call, const Formats& formats) {
  if (!isKind<Binary>(call.attribute[0])) return "unknown kind";
  const auto kind = kindOf<Binary>(call.attribute[0]);
  const View &out = call.view[0], &a = call.view[1], &b = call.view[2];
  if (!sameDims(out, a) || !sameDims(out, b)) return "dims must be equal";
  if (a.dtype != b.dtype) return "operands must have one dtype";
  if (!takes(kind, a.dtype, formats)) return "the kind does not take operands of this dtype";
  const bool truth = isLogical(kind) || isComparison(kind);
  if (out.dtype != (truth ? DType::bool_ : a.dtype))
    return "the output must be bool for comparisons and logical kinds, else of the operands' dtype";
  return nullptr;
}

const char* check_where(const Call& call, const Formats&) {
  const View &out = call.view[0], &condition = call.view[1], &a = call.view[2], &b = call.view[3];
  if (condition.dtype != DType::bool_) return "the condition must be bool";
  if (a.dtype != out.dtype || b.dtype != out.dtype) return "output, a and b must have one dtype";
  if (!sameDims(out, condition) || !sameDims(out, a) || !sameDims(out, b)) return "dims must be equal";
  return nullptr;
}

}  // namespace saccade
