// From a graph to a module. Every node becomes a stablehlo.composite "tenon.<op>" whose decomposition its plugin wrote; decompositions use
// other operators in the same way (nested composites). One private function per distinct signature: operator, operand types, attributes.
#pragma once

#include <string>
#include <unordered_map>

#include "core/graph/graph.h"
#include "core/op/call.h"
#include "core/stablehlo/module.h"

namespace tenon {

// What a composite of ours says, recovered from the module: which operator, with which operands present.
struct CompositeInfo {
  const OpDef* op = nullptr;
  tenon_node node;  // types and attributes as the plugin sees them
};

// The module of a graph, verified. Inputs are @main's arguments, in order, with {tenon.name = ".."}; params are External constants; results
// are the outputs in order. Nodes that no output needs are left out. Each operation's location is its node's name.
Result<stablehlo::Module> lower_graph(const Graph& graph, const Registry& registry, const Environment& environment);

// The function (index into module.funcs) that holds the decomposition of `node` as an instance of `op`, added if it is not there yet.
// Used by lower_graph, by nested operators, and by targets whose carrier is another use of an operator.
class Lowering {
 public:
  Lowering(stablehlo::Module& module, const Registry& registry, const Environment& environment)
      : module_(module), registry_(registry), environment_(environment) {}
  Result<std::string> decomposition(const OpDef& op, const tenon_node& node);  // the function's name

  // The same for the operator's lower_as at a target: a function of one composite marked "tenon.carrier" in its discardable attributes, and
  // what belongs around it. UNIMPLEMENTED or the plugin's own code, with the reason, if it declines or has none.
  Result<std::string> carrier(const OpDef& op, const tenon_node& node, std::string_view target);

 private:
  stablehlo::Module& module_;
  const Registry& registry_;
  const Environment& environment_;
  std::unordered_map<std::string, std::string> functions_;  // signature -> name
  std::unordered_map<std::string, int> used_;
  int depth_ = 0;
  Result<std::string> function_for(const OpDef& op, const tenon_node& node, std::string_view target);
};

// Attributes of a carrier that keeps all of ours: sorted by name, lists as rank-1 dense, dtypes as strings, and `operands` when the
// operator has optional ones ("input,residual").
Dict carrier_attributes(const OpSchema& schema, const tenon_node& node);

// The operator behind a composite "tenon.rms_norm" of our own making, or NOT_FOUND.
Result<CompositeInfo> read_composite(const stablehlo::Module& module, const stablehlo::Func& func, const stablehlo::Op& op,
                                     const Registry& registry);

}  // namespace tenon
