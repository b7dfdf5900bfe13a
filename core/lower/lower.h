// From a graph to a module. Every node becomes a stablehlo.composite "<namespace>.<op>" whose decomposition its plugin wrote;
// decompositions use other operators in the same way (nested composites). One private function per distinct signature: operator, operand
// types, attributes.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/graph/graph.h"
#include "core/op/call.h"
#include "core/stablehlo/module.h"

namespace tenon {

// What a composite of ours says, recovered from the module: which operator, with which operands present.
struct CompositeInfo {
  const OpDef* op = nullptr;
  tenon_node node;  // types and attributes as the plugin sees them; operand_is_constant is left empty
};

// The module of a graph, verified. Inputs are @main's arguments, in order; every declared parameter is an External constant at its head, in
// order, followed by the constants that are used; results are the outputs in order. Nodes that no output needs are left out. Each
// operation's location is its node's name. An error names node and operator.
Result<stablehlo::Module> lower_graph(const Graph& graph, const Registry& registry, const Environment& environment);

// Writes decompositions into a module, one function per signature. Functions that are in the module already are found again. After an error
// the module may hold an unfinished private function that nothing uses. Not thread-safe.
class Lowering {
 public:
  Lowering(stablehlo::Module& module, const Registry& registry, const Environment& environment);

  // The function that holds the meaning of `node` as an instance of `op`: "<op>.impl", "<op>.impl_1", .. Its arguments are the operands
  // that are present, its results the results that are present. A use that needs
  // itself, directly or around, is an error that names the chain.
  Result<std::string> decomposition(const OpDef& op, const tenon_node& node);

  // Runs the operator's lower_as for a target: a function of the same signature that holds exactly one carrier composite, marked
  // "tenon.carrier" in its discardable attributes, and what belongs around it. The plugin's reason as an error if it declines;
  // UNIMPLEMENTED if it has no lower_as.
  Result<std::string> carrier(const OpDef& op, const tenon_node& node, std::string_view target);

 private:
  friend class LoweringBuilder;
  Result<std::string> build(const OpDef& op, const tenon_node& node, std::string name, std::string_view target, bool carrier);
  std::string unused_name(const std::string& base);

  stablehlo::Module& module_;
  const Registry& registry_;
  const Environment& environment_;
  std::unordered_map<std::string, std::string> functions_;  // signature -> name
  std::vector<std::pair<std::string, std::string>> chain_;  // operators whose lowering is running, with signatures, outermost first
};

// The composite that stands for `node` in a module: name, attributes, version, and the decomposition's name.
Dict composite_op_attributes(const OpSchema& schema, const tenon_node& node, const std::string& decomposition);
// The mark of a carrier, in discardable attributes.
inline constexpr std::string_view kCarrierMark = "tenon.carrier";

// Attributes of a carrier that keeps all of ours: sorted by name, lists as rank-1 dense, dtypes as strings, and `operands` when the
// operator has optional ones ("input,residual").
Dict carrier_attributes(const OpSchema& schema, const tenon_node& node);

// The operator behind a composite of our own making, or NOT_FOUND if the name is no operator's. INVALID_ARGUMENT if operands, attributes or
// results do not fit the operator.
Result<CompositeInfo> read_composite(const stablehlo::Module& module, const stablehlo::Func& func, const stablehlo::Op& op,
                                     const Registry& registry);

}  // namespace tenon
