#include "check.h"

#include "rules.h"

namespace saccade {
namespace {

struct Rule {
  int32_t views;
  int32_t attributes;
  Check check;
};

constexpr Rule kRules[] = {
#define SACCADE_RULE(name, views, attributes) {views, attributes, check_##name},
    SACCADE_OPS(SACCADE_RULE)
#undef SACCADE_RULE
};

}  // namespace

std::string operandFault(Op op, const Call& call, const Formats& formats) {
  const Rule& rule = kRules[static_cast<int32_t>(op)];
  if (call.views != rule.views) {
    return "takes " + std::to_string(rule.views) + " views, got " + std::to_string(call.views);
  }
  if (call.attributes != rule.attributes) {
    return "takes " + std::to_string(rule.attributes) + " attributes, got " + std::to_string(call.attributes);
  }
  const char* fault = rule.check(call, formats);
  return fault == nullptr ? "" : fault;
}

int64_t operandAlignment(Op op, const Call& call, int32_t view) {
  const DType dtype = call.view[view].dtype;
  if (dtype == DType::packed) return 64;
  const bool holdsRows = (op == Op::quantize && view == 0) || (op == Op::gemm && view == 1);
  return dtype == DType::uint8 && holdsRows ? 4 : kDTypeBytes[static_cast<int32_t>(dtype)];
}

}  // namespace saccade
