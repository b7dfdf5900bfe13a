// Story two: a graph becomes a program that runs here. Each line is one stage.
#include "core/pipeline/pipeline.h"

namespace tenon {
namespace {

// The archive's tensors for the plan's parameters: by name, and nothing is converted.
Result<std::vector<TensorView>> bind_parameters(const Plan& plan, const ParamArchive* params, std::vector<Dims>& strides) {
  std::vector<TensorView> views;
  strides.reserve(plan.parameters.size());
  for (const NamedType& parameter : plan.parameters) {
    TENON_ASSIGN(const ParamEntry* entry, require_param(params, parameter.name, parameter.type));
    strides.push_back(compact_strides(parameter.type.dims));
    views.push_back({const_cast<std::byte*>(entry->bytes.data()), parameter.type.dtype, parameter.type.dims, strides.back()});
  }
  return views;
}

}  // namespace

Result<const ParamEntry*> require_param(const ParamArchive* params, const std::string& name, const TensorType& type) {
  if (params == nullptr)
    return fail(Code::FailedPrecondition, "the graph needs parameter ", name, " ", to_string(type), ", and no parameter file was given")
        .operand(name)
        .advise("give one: --params FILE.safetensors");
  return params->require(name, type);
}

Result<std::unique_ptr<Program>> compile(const Graph& graph, Context& context, const ParamArchive* params, const PlanOptions& options) {
  TENON_ASSIGN(stablehlo::Module meaning, lower_graph(graph, context.registry(), context.environment()));
  std::vector<std::string> inputs, outputs;
  for (const GraphInput& input : graph.inputs()) inputs.push_back(input.name);
  for (const GraphOutput& output : graph.outputs()) outputs.push_back(output.name);
  TENON_ASSIGN(std::unique_ptr<Plan> plan,
               make_plan(std::move(meaning), std::move(inputs), std::move(outputs), context.registry(), context.environment(), options));
  std::vector<Dims> strides;
  TENON_ASSIGN(std::vector<TensorView> parameters, bind_parameters(*plan, params, strides));
  return Program::create(std::move(plan), parameters, context.environment(), options.timeline);
}

}  // namespace tenon
