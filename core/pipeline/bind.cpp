#include "core/pipeline/bind.h"

#include <algorithm>
#include <map>

#include "core/op/add_node.h"

namespace tenon {
namespace {

Status check_bound(const GraphValue& declared, const std::string& name, const TensorType& given,
                   std::map<std::string, std::pair<std::int64_t, std::string>>& sizes) {
  const TensorType& type = declared.type;
  const auto wrong = [&](auto&&... why) {
    return fail(Code::InvalidArgument, "input ", name, ": expected ", to_string(type), ", got ", to_string(given), why...).operand(name);
  };
  if (given.dtype != type.dtype || given.rank() != type.rank()) return wrong();
  for (std::size_t i = 0; i < type.dims.size(); ++i) {
    if (given.dims[i] < 0) return wrong(": dimension ", i, " has no size");
    if (type.dims[i] != kDynamic && type.dims[i] != given.dims[i]) return wrong();
    if (type.dims[i] != kDynamic || i >= declared.symbols.size() || declared.symbols[i].empty()) continue;
    const auto [known, added] = sizes.emplace(declared.symbols[i], std::pair(given.dims[i], name));
    if (!added && known->second.first != given.dims[i])
      return wrong(": ?", declared.symbols[i], " is ", given.dims[i], " here and ", known->second.first, " in ", known->second.second);
  }
  return {};
}

}  // namespace

Result<Graph> bind_sizes(const Graph& graph, std::span<const TensorType> inputs, Context& context) {
  if (inputs.size() != graph.inputs().size())
    return fail(Code::InvalidArgument, "the graph has ", graph.inputs().size(), " inputs, ", inputs.size(), " types are given");
  Graph out(graph.name());
  std::vector<GraphValueId> mapped(graph.values().size(), kAbsent);
  std::map<std::string, std::pair<std::int64_t, std::string>> sizes;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const GraphInput& input = graph.inputs()[i];
    TENON_TRY(check_bound(graph.value(input.value), input.name, inputs[i], sizes));
    TENON_ASSIGN(mapped[input.value], out.add_input(input.name, inputs[i]));
  }
  for (const GraphParam& param : graph.params()) {
    TENON_ASSIGN(mapped[param.value], out.add_param(param.name, param.alias, graph.value(param.value).type));
  }
  for (const GraphConstant& constant : graph.constants()) {
    TENON_ASSIGN(mapped[constant.value], out.add_constant(constant.name, graph.value(constant.value).type, constant.data, constant.splat));
  }
  for (const Node& node : graph.nodes()) {
    NodeRequest request{.name = node.name, .op = node.op};
    for (GraphValueId id : node.operands) request.operands.push_back(id == kAbsent ? kAbsent : mapped[id]);
    for (const NamedAttr& attr : node.attributes)
      if (!attr.defaulted) request.attributes.push_back(attr);
    TENON_ASSIGN(const std::uint32_t index, add_node(out, context.registry(), context.environment(), request));
    const std::vector<GraphValueId>& results = out.nodes()[index].results;
    for (std::size_t i = 0; i < node.results.size() && i < results.size(); ++i)
      if (node.results[i] != kAbsent) mapped[node.results[i]] = results[i];
  }
  for (const GraphOutput& output : graph.outputs()) TENON_TRY(out.add_output(output.name, mapped[output.value]));
  return out;
}

CompiledGraph::CompiledGraph(const Graph& graph, Context& context, const ParamArchive* params, const PlanOptions& options)
    : graph_(graph), context_(context), params_(params), options_(options) {
  for (const GraphInput& input : graph_.inputs()) inputs_.push_back({input.name, graph_.value(input.value).type});
  for (const GraphOutput& output : graph_.outputs()) outputs_.push_back({output.name, graph_.value(output.value).type});
}

Result<std::unique_ptr<CompiledGraph>> CompiledGraph::create(const Graph& graph, Context& context, const ParamArchive* params,
                                                             const PlanOptions& options) {
  std::unique_ptr<CompiledGraph> out(new CompiledGraph(graph, context, params, options));
  if (std::all_of(out->inputs_.begin(), out->inputs_.end(), [](const NamedType& input) { return input.type.is_static(); })) {
    TENON_ASSIGN(out->only_, compile(graph, context, params, options));
  }
  return out;
}

Result<std::shared_ptr<const Program>> CompiledGraph::bind(std::span<const TensorType> inputs) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = std::find_if(bound_.begin(), bound_.end(), [&](const Bound& bound) {
    return std::equal(bound.inputs.begin(), bound.inputs.end(), inputs.begin(), inputs.end());
  });
  if (found != bound_.end()) {
    bound_.splice(bound_.begin(), bound_, found);
    return bound_.front().program;
  }
  TENON_ASSIGN(const Graph bound, bind_sizes(graph_, inputs, context_));
  TENON_ASSIGN(std::shared_ptr<const Program> program, compile(bound, context_, params_, options_));
  if (bound_.size() >= kKept) bound_.pop_back();
  bound_.push_front({{inputs.begin(), inputs.end()}, program});
  return program;
}

}  // namespace tenon
