// From what a user asked for to a checked node: the one place where operators' rules are applied, for graphs (C API, graph file) and for
// operators used inside a lowering.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/graph/graph.h"
#include "core/op/call.h"

namespace tenon {

struct OperandType {
  std::optional<TensorType> type;  // nullopt: absent
  bool is_constant = false;
};

// Attributes by canonical name, in the schema's types, defaults filled in, sorted. Aliases are resolved; unknown ones, doubles, wrong
// types and values out of range are errors that name operator and attribute. Text is parsed where a number is asked for ("1e-5").
Result<Dict> resolve_attributes(const OpSchema& schema, const Dict& given);

// Operand counts, dtypes, `like`, shape symbols, attributes; then inference. `name` is for messages.
Result<tenon_node> check_node(const OpDef& op, std::string name, std::span<const OperandType> operands, const Dict& attributes,
                              const Environment& environment);

struct NodeRequest {
  std::string name;
  std::string op;                                                    // any spelling that Registry::find takes
  std::vector<GraphValueId> operands;                                // by position; kAbsent for absent ones, trailing ones left out
  std::vector<std::pair<std::string, GraphValueId>> named_operands;  // or by name
  Dict attributes;
};

// Adds a node, or fails and leaves the graph as it was. Returns its index in graph.nodes().
Result<std::uint32_t> add_node(Graph& graph, const Registry& registry, const Environment& environment, const NodeRequest& request);

// "norm", "norm:1" or "norm:sum" (by the schema's result name).
Result<GraphValueId> resolve_value(const Graph& graph, const Registry& registry, std::string_view text);

}  // namespace tenon
