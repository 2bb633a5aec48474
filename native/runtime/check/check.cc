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

}  // namespace saccade
