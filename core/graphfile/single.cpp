// One operator as a graph, without a file: `op:rms_norm --dtype bf16 --shape 4x640,640`.
#include <algorithm>

#include "core/graphfile/graphfile.h"

namespace tenon {
namespace {

// The asked dtype where the operand takes it, else the only one that it takes, else that of the operand it is `like`.
DType dtype_of(const OperandSchema& operand, DType asked) {
  const auto& allowed = operand.dtypes;
  if (allowed.empty() || std::find(allowed.begin(), allowed.end(), asked) != allowed.end() || !operand.like.empty()) return asked;
  return allowed.front();
}

}  // namespace

Result<Graph> single_operator_graph(const std::string& name, DType dtype, const std::vector<std::string>& shapes,
                                    const std::vector<std::pair<std::string, std::string>>& attributes, const Registry& registry,
                                    const Environment& environment) {
  TENON_ASSIGN(const OpDef* op, registry.require(name));
  const OpSchema& schema = op->schema;
  const bool variadic = !schema.operands.empty() && schema.operands.back().variadic;
  const bool none = shapes.size() == 1 && shapes.front().empty() && schema.operands.empty();
  if (!none && shapes.size() > schema.operands.size() && !variadic) {
    std::vector<std::string> names;
    for (const OperandSchema& operand : schema.operands) names.push_back(operand.name);
    return fail(Code::InvalidArgument, "[", schema.name, "] ", shapes.size(), " shapes for ", schema.operands.size(), " operands")
        .advise(cat("shapes stand in the operands' order: ", join(names, ", ")));
  }
  Graph graph(schema.name);
  NodeRequest request{.name = "node", .op = schema.full_name()};
  for (std::size_t i = 0; !none && i < shapes.size(); ++i) {
    if (shapes[i].empty()) {
      request.operands.push_back(kAbsent);
      continue;
    }
    const OperandSchema& operand = schema.operands[std::min(i, schema.operands.size() - 1)];
    const std::string input = i < schema.operands.size() && !operand.variadic ? operand.name : cat(operand.name, "_", i);
    // "scalar" is rank 0, which a list of sizes cannot spell.
    Dims dims;
    if (shapes[i] != "scalar") {
      TENON_ASSIGN(dims, parse_dims(shapes[i]));
    }
    TENON_ASSIGN(const GraphValueId value, graph.add_input(input, {dtype_of(operand, dtype), std::move(dims)}));
    request.operands.push_back(value);
  }
  for (const auto& [key, text] : attributes) request.attributes.push_back({key, text});
  TENON_ASSIGN(const std::uint32_t index, add_node(graph, registry, environment, request));
  const Node& node = graph.nodes()[index];
  for (std::size_t i = 0; i < node.results.size(); ++i)
    if (node.results[i] != kAbsent)
      TENON_TRY(graph.add_output(i < schema.results.size() ? schema.results[i].name : cat("result_", i), node.results[i]));
  return graph;
}

}  // namespace tenon
