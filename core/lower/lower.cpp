#include "core/lower/lower.h"

#include <algorithm>

#include "core/lower/lowering_builder.h"
#include "core/stablehlo/verify.h"

namespace tenon {
namespace {

using stablehlo::Builder;
using stablehlo::BuilderLimits;
using stablehlo::Func;
using stablehlo::Module;
using stablehlo::OpCode;
using stablehlo::ValueId;

// One text per distinct signature: operator, operand types, attributes.
std::string signature(const OpDef& op, const tenon_node& node, std::string_view target) {
  std::string key = cat(op.schema.full_name(), " ", target);
  for (const auto& operand : node.operands) key += operand ? cat(" ", to_string(*operand)) : " -";
  for (const NamedAttr& attr : node.attributes) {
    key += cat(" ", attr.name, "=", to_string(attr.value));
    // to_string is for people; floats go in exactly.
    if (const auto* number = std::get_if<FloatAttr>(&attr.value)) key += cat("#", number->value);
    if (const auto* list = std::get_if<FloatsAttr>(&attr.value))
      for (double item : list->values) key += cat("#", item);
  }
  return key;
}

// The node as a plugin sees it.
Result<tenon_node> node_of(const Graph& graph, const Node& node, const OpDef& op) {
  tenon_node out;
  out.schema = &op.schema;
  out.name = node.name;
  out.attributes = node.attributes;
  const auto type_of = [&](GraphValueId id) { return id == kAbsent ? std::optional<TensorType>() : graph.value(id).type; };
  for (GraphValueId id : node.operands) {
    out.operands.push_back(type_of(id));
    out.operand_is_constant.push_back(id != kAbsent && graph.value(id).source != GraphValue::Source::Input &&
                                      graph.value(id).source != GraphValue::Source::Node);
  }
  for (GraphValueId id : node.results) out.results.push_back(type_of(id));
  return out;
}

Status lower_node(const Graph& graph, const Node& node, const Registry& registry, Lowering& lowering, Builder& main,
                  std::vector<ValueId>& values) {
  TENON_ASSIGN(const OpDef* op, registry.require(node.op));
  TENON_ASSIGN(tenon_node instance, node_of(graph, node, *op));
  TENON_ASSIGN(std::string function, lowering.decomposition(*op, instance));
  std::vector<ValueId> operands;
  for (GraphValueId id : node.operands)
    if (id != kAbsent) operands.push_back(values[id]);
  std::vector<TensorType> types;
  for (const auto& result : instance.results)
    if (result) types.push_back(*result);
  main.set_location(std::make_shared<const std::string>(node.name));
  TENON_ASSIGN(std::vector<ValueId> results, main.op(OpCode::Composite, operands, composite_attributes(*op, instance, function), types));
  std::size_t next = 0;
  for (GraphValueId id : node.results)
    if (id != kAbsent) values[id] = results[next++];
  return {};
}

}  // namespace

Result<std::string> Lowering::decomposition(const OpDef& op, const tenon_node& node) { return function_for(op, node, {}); }

Result<std::string> Lowering::carrier(const OpDef& op, const tenon_node& node, std::string_view target) {
  return function_for(op, node, target);
}

Result<std::string> Lowering::function_for(const OpDef& op, const tenon_node& node, std::string_view target) {
  const std::string key = signature(op, node, target);
  if (const auto found = functions_.find(key); found != functions_.end()) {
    if (!found->second.empty()) return found->second;
    return fail(Code::PluginRejected, "[", op.schema.name, "] its lowering uses itself with the same operands and attributes")
        .plugin(op.provider->plugin_name())
        .node(node.name);
  }
  if (depth_ >= 32) return fail(Code::ResourceExhausted, "[", op.schema.name, "] operators use one another deeper than 32").node(node.name);
  const std::string base = target.empty() ? cat(op.schema.name, ".impl") : cat(op.schema.name, ".as_", target);
  std::string name;
  do {
    const int number = used_[base]++;
    name = number == 0 ? base : cat(base, "_", number);
  } while (module_.find(name) != nullptr);
  functions_[key] = "";  // in progress
  ++depth_;
  Result<std::string> function = lower_into_function(module_, op, node, name, target, *this, registry_, environment_);
  --depth_;
  if (!function.ok()) {
    functions_.erase(key);
    return function.take_error();
  }
  functions_[key] = *function;
  return function;
}

Result<Module> lower_graph(const Graph& graph, const Registry& registry, const Environment& environment) {
  if (graph.outputs().empty())
    return fail(Code::InvalidArgument, "graph \"", graph.name(), "\" has no outputs").advise("name at least one value as an output");
  Module module;
  module.name = graph.name();
  Func main;
  main.name = "main";
  std::vector<ValueId> values(graph.values().size(), stablehlo::kNoValue);
  for (const GraphInput& input : graph.inputs()) {
    values[input.value] = main.new_value(graph.value(input.value).type);
    main.body.arguments.push_back(values[input.value]);
  }
  module.funcs.push_back(std::move(main));

  BuilderLimits unlimited;
  unlimited.operations = SIZE_MAX;
  unlimited.constant_bytes = SIZE_MAX;
  Builder builder(module, 0, unlimited);
  for (const GraphParam& param : graph.params()) {
    TENON_ASSIGN(values[param.value], builder.parameter(graph.value(param.value).type, param.name));
  }
  const std::vector<std::uint32_t> needed = graph.needed_nodes();
  std::vector<bool> read(graph.values().size(), false);
  for (std::uint32_t index : needed)
    for (GraphValueId id : graph.nodes()[index].operands)
      if (id != kAbsent) read[id] = true;
  for (const GraphOutput& output : graph.outputs()) read[output.value] = true;
  for (const GraphConstant& constant : graph.constants()) {
    if (!read[constant.value]) continue;
    TENON_ASSIGN(values[constant.value], builder.constant(graph.value(constant.value).type, constant.data->bytes()));
  }

  Lowering lowering(module, registry, environment);
  for (std::uint32_t index : needed) {
    Status done = lower_node(graph, graph.nodes()[index], registry, lowering, builder, values);
    if (done.ok()) continue;
    Error error = done.take_error();
    if (error.where.node.empty()) error.where.node = graph.nodes()[index].name;
    return error;
  }
  std::vector<ValueId> results;
  for (const GraphOutput& output : graph.outputs()) results.push_back(values[output.value]);
  builder.set_location(nullptr);
  TENON_TRY(builder.finish(results));
  TENON_TRY(stablehlo::verify(module));
  return module;
}

}  // namespace tenon
