// One private function per signature: the cache, the guard against recursion, and the call into the plugin.
#include <algorithm>

#include "core/lower/lowering_builder.h"

namespace tenon {
namespace {

constexpr std::size_t kDeepest = 32;  // operators inside operators: what the stack must stand

// Everything that a lowering may depend on. The node's name is not part of it: it is for messages.
std::string signature(const OpDef& op, const tenon_node& node, std::string_view target) {
  std::string text = cat(op.schema.full_name(), "|", target);
  for (const auto& operand : node.operands) text += operand ? cat("|", mlir_text(*operand)) : "|~";
  for (const NamedAttr& attr : node.attributes) text += cat("|", attr.name, "=", kind_name(attr.value), " ", to_string(attr.value));
  return text;
}

}  // namespace

Lowering::Lowering(stablehlo::Module& module, const Registry& registry, const Environment& environment)
    : module_(module), registry_(registry), environment_(environment) {
  for (const stablehlo::Func& func : module.funcs) {
    for (const stablehlo::Op& op : func.body.ops) {
      if (op.code != stablehlo::OpCode::Composite) continue;
      const Result<CompositeInfo> info = read_composite(module, func, op, registry);
      if (info.ok()) functions_.emplace(signature(*info->op, info->node, {}), get_string(op.attributes, "decomposition"));
    }
  }
}

std::string Lowering::unused_name(const std::string& base) {
  std::string name = base;
  for (int n = 1; module_.find(name) != nullptr; ++n) name = cat(base, "_", n);
  return name;
}

Result<std::string> Lowering::decomposition(const OpDef& op, const tenon_node& node) {
  const std::string key = signature(op, node, {});
  if (const auto found = functions_.find(key); found != functions_.end()) return found->second;
  // Another use of the same operator may be a step on the way (fewer operands, a default spelled out); the same use never ends.
  const bool again = std::any_of(chain_.begin(), chain_.end(), [&](const auto& link) { return link.second == key; });
  if (again || chain_.size() >= kDeepest) {
    std::string chain;
    for (const auto& [name, use] : chain_) chain += cat(name, " -> ");
    return fail(again ? Code::FailedPrecondition : Code::ResourceExhausted, "[", op.schema.name, "] the lowering ",
                again ? "uses itself" : cat("nests deeper than ", kDeepest), ": ", chain, op.schema.full_name())
        .node(node.name)
        .plugin(op.provider->plugin_name())
        .advise("a meaning must end in StableHLO operations: report it to the plugin's author");
  }
  chain_.emplace_back(op.schema.full_name(), key);
  Result<std::string> name = build(op, node, unused_name(cat(op.schema.name, ".impl")), {}, false);
  chain_.pop_back();
  if (name.ok()) functions_.emplace(key, *name);
  return name;
}

Result<std::string> Lowering::carrier(const OpDef& op, const tenon_node& node, std::string_view target) {
  const std::string key = signature(op, node, target);
  if (const auto found = functions_.find(key); found != functions_.end()) return found->second;
  TENON_ASSIGN(const tenon_operator* table, op.table());
  if (table->lower_as == nullptr) return fail(Code::Unimplemented, "[", op.schema.name, "] has no lower_as");
  Result<std::string> name = build(op, node, unused_name(cat(op.schema.name, ".as")), target, true);
  if (name.ok()) functions_.emplace(key, *name);
  return name;
}

Result<std::string> Lowering::build(const OpDef& op, const tenon_node& node, std::string name, std::string_view target, bool carrier) {
  TENON_ASSIGN(const tenon_operator* table, op.table());
  if (!carrier && table->lower == nullptr)
    return fail(Code::PluginRejected, "[", op.schema.name, "] has no lower").plugin(op.provider->plugin_name()).node(node.name);
  // The function has its place before its body is written: nested operators' functions come after it, in order of first use.
  const std::size_t index = module_.funcs.size();
  stablehlo::Func& func = module_.funcs.emplace_back();
  func.name = name;
  func.is_private = true;
  for (const auto& operand : node.operands)
    if (operand) func.body.arguments.push_back(func.new_value(*operand));

  LoweringBuilder builder(*this, index, op, node, carrier);
  tenon_call frame;
  Status status =
      invoke(*op.provider, environment_, cat("[", op.schema.name, "] ", carrier ? "lower_as" : "lower"), frame, [&](tenon_call* call) {
        return carrier ? table->lower_as(call, table, &node, target.data(), target.size(), &builder)
                       : table->lower(call, table, &node, &builder);
      });
  if (status.ok() && !builder.finished)
    status = fail(Code::PluginRejected, "[", op.schema.name, "] ", carrier ? "lower_as" : "lower", " ended without build_return")
                 .plugin(op.provider->plugin_name())
                 .advise("report it to the plugin's author");
  if (status.ok() && carrier && builder.carriers() != 1)
    status = fail(Code::PluginRejected, "[", op.schema.name, "] lower_as wrote no carrier").plugin(op.provider->plugin_name());
  if (!status.ok()) {
    Error error = status.take_error();
    if (error.where.node.empty()) error.where.node = node.name;
    return error;
  }
  return name;
}

}  // namespace tenon
