// Nodes into a graph, and names of values out of it.
#include "core/op/add_node.h"

#include <algorithm>

namespace tenon {
namespace {

Error unknown_operand(const OpSchema& schema, const std::string& given) {
  std::vector<std::string> names;
  for (const OperandSchema& operand : schema.operands) names.push_back(operand.name);
  const std::string nearest = nearest_name(given, names);
  return fail(Code::InvalidArgument, "[", schema.name, "] has no operand \"", given, "\"")
      .operand(given)
      .advise(!nearest.empty() ? cat("did you mean ", nearest, "?")
              : names.empty()  ? "it has no operands"
                               : cat("its operands are ", join(names, ", ")));
}

// Operands by name into the schema's order. A variadic one may be named several times: its parts, in order.
Result<std::vector<GraphValueId>> ordered_operands(const OpSchema& schema, const NodeRequest& request) {
  if (request.named_operands.empty()) return request.operands;
  if (!request.operands.empty())
    return fail(Code::InvalidArgument, "[", schema.name, "] operands are given by position and by name").advise("give all of them one way");
  std::vector<GraphValueId> ordered(schema.operands.size(), kAbsent);
  std::vector<bool> given(schema.operands.size(), false);
  for (const auto& [name, value] : request.named_operands) {
    std::size_t index = 0;
    if (schema.operand(name, &index) == nullptr) return unknown_operand(schema, name);
    if (!given[index]) {
      ordered[index] = value;
    } else if (schema.operands[index].variadic) {
      ordered.push_back(value);
    } else {
      return fail(Code::InvalidArgument, "[", schema.name, "] operand ", name, " is given twice").operand(name);
    }
    given[index] = true;
  }
  return ordered;
}

Result<std::vector<OperandType>> operand_types(const Graph& graph, const OpSchema& schema, std::span<const GraphValueId> operands) {
  std::vector<OperandType> types;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (operands[i] == kAbsent) {
      types.emplace_back();
      continue;
    }
    if (!graph.has_value(operands[i])) {
      const std::string name = i < schema.operands.size() ? schema.operands[i].name : cat("number ", i);
      return fail(Code::NotFound, "[", schema.name, "] operand ", name, ": the graph has no value number ", operands[i])
          .operand(name)
          .advise("use a value that this graph gave out");
    }
    const GraphValue& value = graph.value(operands[i]);
    types.push_back({value.type, value.source == GraphValue::Source::Param || value.source == GraphValue::Source::Constant});
  }
  return types;
}

Result<std::uint32_t> added(Graph& graph, const Registry& registry, const Environment& environment, const NodeRequest& request) {
  TENON_ASSIGN(const OpDef* op, registry.require(request.op));
  TENON_TRY(graph.check_name(request.name, "node"));  // before the operator's library is opened
  TENON_ASSIGN(std::vector<GraphValueId> operands, ordered_operands(op->schema, request));
  TENON_ASSIGN(const std::vector<OperandType> types, operand_types(graph, op->schema, operands));
  TENON_ASSIGN(tenon_node node, check_node(*op, request.name, types, request.attributes, environment));
  operands.resize(node.operands.size(), kAbsent);
  return graph.add_node({request.name, op->schema.full_name(), std::move(operands), std::move(node.attributes), {}}, node.results);
}

// The result of a node by its schema's name.
Result<GraphValueId> named_result(const Node& node, const Registry& registry, std::string_view result) {
  const OpDef* op = registry.find(node.op);
  std::vector<std::string> names;
  for (std::size_t i = 0; op != nullptr && i < node.results.size(); ++i) {
    const ResultSchema& schema = op->schema.result_at(i);
    const std::string name = op->schema.result_name(i);
    if (node.results[i] != kAbsent) names.push_back(name);
    if (name != result) continue;
    if (node.results[i] != kAbsent) return node.results[i];
    return fail(Code::NotFound, "[", op->schema.name, "] result ", result, " of node \"", node.name, "\" does not exist here")
        .node(node.name)
        .advise(schema.when.empty() ? cat("its results are ", join(names, ", ")) : cat("it exists only with ", schema.when));
  }
  return fail(Code::NotFound, "node \"", node.name, "\" has no result \"", result, "\"")
      .node(node.name)
      .advise(cat("its results are ", join(names, ", "), "; numbers count from 0"));
}

std::string nearest_value(const Graph& graph, std::string_view name) {
  std::vector<std::string> names;
  for (const GraphInput& input : graph.inputs()) names.push_back(input.name);
  for (const GraphParam& param : graph.params()) names.push_back(param.alias);
  for (const GraphConstant& constant : graph.constants()) names.push_back(constant.name);
  for (const Node& node : graph.nodes()) names.push_back(node.name);
  return nearest_name(name, names);
}

}  // namespace

Result<std::uint32_t> add_node(Graph& graph, const Registry& registry, const Environment& environment, const NodeRequest& request) {
  Result<std::uint32_t> index = added(graph, registry, environment, request);
  if (index.ok() || !index.error().where.node.empty()) return index;
  return Error(index.error()).node(request.name);
}

Result<GraphValueId> resolve_value(const Graph& graph, const Registry& registry, std::string_view text) {
  if (const GraphValueId id = graph.find(text); id != kAbsent) return id;
  const std::size_t colon = text.find(':');
  const std::string_view base = text.substr(0, colon);
  const GraphValueId first = graph.find(base);
  if (first == kAbsent) {
    if (graph.name_taken(base)) return fail(Code::NotFound, "node \"", base, "\" has no results").node(std::string(base));
    const std::string nearest = nearest_value(graph, base);
    return fail(Code::NotFound, "unknown value \"", text, "\"")
        .operand(std::string(text))
        .advise(nearest.empty() ? "it names no input, parameter, constant or node" : cat("did you mean ", nearest, "?"));
  }
  const GraphValue& value = graph.value(first);
  const std::string_view result = text.substr(colon + 1);  // find(base) succeeded and find(text) did not: there is a colon
  if (value.source == GraphValue::Source::Node) return named_result(graph.nodes()[value.index], registry, result);
  return fail(Code::NotFound, "\"", base, "\" is one value: it has no result \"", result, "\"")
      .operand(std::string(text))
      .advise(cat("write ", base, " alone"));
}

}  // namespace tenon
