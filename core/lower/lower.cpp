#include "core/lower/lower.h"

#include <limits>
#include <memory>

#include "core/lower/lowering_builder.h"
#include "core/stablehlo/verify.h"

namespace tenon {
namespace {

using stablehlo::Builder;
using stablehlo::OpCode;
using stablehlo::ValueId;

// @main is the user's: only what a plugin writes is bounded.
constexpr stablehlo::BuilderLimits kMainLimits{std::numeric_limits<std::size_t>::max(), 32, std::numeric_limits<std::size_t>::max(), 4096};

class GraphLowerer {
 public:
  GraphLowerer(const Graph& graph, const Registry& registry, const Environment& environment, stablehlo::Module& module)
      : graph_(graph),
        registry_(registry),
        lowering_(module, registry, environment),
        main_(module, 0, kMainLimits),
        values_(graph.values().size(), stablehlo::kNoValue) {}

  Status lower() {
    const std::vector<std::uint32_t> nodes = graph_.needed_nodes();
    for (std::size_t i = 0; i < graph_.inputs().size(); ++i) values_[graph_.inputs()[i].value] = main_.arguments()[i];
    TENON_TRY(add_params());
    TENON_TRY(add_constants(nodes));
    for (const std::uint32_t index : nodes) TENON_TRY(add_node(graph_.nodes()[index]));
    std::vector<ValueId> results;
    for (const GraphOutput& output : graph_.outputs()) results.push_back(values_[output.value]);
    return main_.finish(results);
  }

 private:
  void locate(const std::string& name) { main_.set_location(std::make_shared<const std::string>(name)); }

  // All of them, used or not: they are part of the signature that the user declared.
  Status add_params() {
    for (const GraphParam& param : graph_.params()) {
      locate(param.alias);
      TENON_ASSIGN(values_[param.value], main_.parameter(graph_.value(param.value).type, param.name));
    }
    return {};
  }

  Status add_constants(const std::vector<std::uint32_t>& nodes) {
    std::vector<bool> used(graph_.values().size(), false);
    for (const std::uint32_t index : nodes)
      for (const GraphValueId id : graph_.nodes()[index].operands)
        if (id != kAbsent) used[id] = true;
    for (const GraphOutput& output : graph_.outputs()) used[output.value] = true;
    for (const GraphConstant& constant : graph_.constants()) {
      if (!used[constant.value]) continue;
      locate(constant.name);
      TENON_ASSIGN(values_[constant.value], constant_of(main_, graph_.value(constant.value).type, constant.data->bytes()));
    }
    return {};
  }

  Status add_node(const Node& node) {
    TENON_ASSIGN(const OpDef* op, registry_.require(node.op));
    tenon_node use;
    use.schema = &op->schema;
    use.name = node.name;
    use.attributes = node.attributes;
    std::vector<ValueId> operands;
    for (const GraphValueId id : node.operands) {
      if (id == kAbsent) {
        use.operands.emplace_back();
        use.operand_is_constant.push_back(false);
        continue;
      }
      const GraphValue& value = graph_.value(id);
      use.operands.emplace_back(value.type);
      use.operand_is_constant.push_back(value.source == GraphValue::Source::Param || value.source == GraphValue::Source::Constant);
      operands.push_back(values_[id]);
    }
    for (const GraphValueId id : node.results)
      use.results.push_back(id == kAbsent ? std::nullopt : std::optional<TensorType>(graph_.value(id).type));

    TENON_ASSIGN(const std::string body, lowering_.decomposition(*op, use));
    locate(node.name);
    TENON_ASSIGN(const std::vector<ValueId> results, main_.op(OpCode::Composite, operands, composite_op_attributes(op->schema, use, body)));
    std::size_t next = 0;
    for (const GraphValueId id : node.results)
      if (id != kAbsent) values_[id] = results[next++];
    return {};
  }

  const Graph& graph_;
  const Registry& registry_;
  Lowering lowering_;
  Builder main_;
  std::vector<ValueId> values_;  // by graph value
};

}  // namespace

Result<stablehlo::Module> lower_graph(const Graph& graph, const Registry& registry, const Environment& environment) {
  if (graph.outputs().empty())
    return fail(Code::FailedPrecondition, "graph ", graph.name(), " has no outputs")
        .advise("add an output: only what outputs need is lowered");
  stablehlo::Module module;
  module.name = graph.name();
  stablehlo::Func& main = module.funcs.emplace_back();
  main.name = "main";
  for (const GraphInput& input : graph.inputs()) main.body.arguments.push_back(main.new_value(graph.value(input.value).type));
  TENON_TRY(GraphLowerer(graph, registry, environment, module).lower());
  TENON_TRY(stablehlo::verify(module));
  return module;
}

}  // namespace tenon
