#include "core/plan/plan.h"

namespace tenon {
namespace {

std::string place(const Plan& plan, std::uint32_t v) {
  if (v == kAbsentValue) return "-";
  const PlannedValue& value = plan.values[v];
  const Location& at = value.location;
  std::string where;
  switch (at.kind) {
    case Location::Kind::Input:
      where = plan.inputs[at.index].name;
      break;
    case Location::Kind::Output:
      where = cat("-> ", plan.outputs[at.index].name);
      break;
    case Location::Kind::Parameter:
      where = plan.parameters[at.index].name;
      break;
    case Location::Kind::Constant:
      where = "constant";
      break;
    case Location::Kind::Workspace:
      where = cat("@", at.offset);
      break;
    case Location::Kind::None:
      where = "?";
      break;
  }
  return cat(to_string(value.type), " ", where);
}

std::string places(const Plan& plan, const std::vector<std::uint32_t>& values) {
  std::string text;
  for (std::uint32_t v : values) text += cat(text.empty() ? "" : ", ", place(plan, v));
  return text;
}

}  // namespace

std::string to_text(const Plan& plan) {
  std::string text =
      cat("plan of ", plan.module.name, ": ", plan.steps.size(), " steps, level ", plan.level.empty() ? "none" : plan.level, "\n");
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    std::string who = "interpreter";
    if (step.kind == Step::Kind::Copy) who = "copy";
    if (step.kind == Step::Kind::Check) who = cat("check of ", step.check.operand);
    if (step.kernel != nullptr) {
      const tenon_kernel& kernel = step.kernel->kernel();
      who = cat(step.kernel->provider().plugin_name(), "/", std::string_view(kernel.name, kernel.name_length));
      if (kernel.level != nullptr) who += cat(" ", std::string_view(kernel.level, kernel.level_length));
    }
    text += cat("  ", i, "  ", step.op, "  [", who, "]  (", places(plan, step.operands), ") -> (", places(plan, step.results), ")");
    if (!step.node.empty()) text += cat("  node \"", step.node, "\"");
    if (step.kernel != nullptr && step.kernel->plan().note != nullptr)
      text += cat("  ", std::string_view(step.kernel->plan().note, step.kernel->plan().note_length));
    text += "\n";
  }
  text += cat("workspace ", plan.workspace_bytes, " bytes (", plan.unshared_bytes, " without reuse)\n");
  return text;
}

}  // namespace tenon
