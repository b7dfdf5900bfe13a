#include "core/pipeline/tolerance.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/op/add_node.h"
#include "core/type/convert.h"

namespace tenon {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double largest_magnitude(const Tensor& tensor) {
  double largest = 0;
  for (std::int64_t i = 0; is_float(tensor.type().dtype) && i < tensor.type().elements(); ++i)
    if (const double value = std::abs(tensor.f64(i)); std::isfinite(value)) largest = std::max(largest, value);
  return largest;
}

bool all_finite(const std::vector<Tensor>& tensors) {
  for (const Tensor& tensor : tensors)
    for (std::int64_t i = 0; is_float(tensor.type().dtype) && i < tensor.type().elements(); ++i)
      if (!std::isfinite(tensor.f64(i))) return false;
  return true;
}

// The node of a graph alone, with the absolute values of its real attributes: factors of what is added.
Result<Graph> with_absolute_attributes(Context& context, const Graph& graph) {
  Graph out(graph.name());
  const Node& node = graph.nodes().front();
  NodeRequest request{.name = node.name, .op = node.op};
  std::vector<GraphValueId> values;
  for (const GraphInput& input : graph.inputs()) {
    TENON_ASSIGN(values.emplace_back(), out.add_input(input.name, graph.value(input.value).type));
  }
  for (const GraphValueId operand : node.operands) {
    request.operands.push_back(kAbsent);
    for (std::size_t i = 0; i < values.size(); ++i)
      if (graph.inputs()[i].value == operand) request.operands.back() = values[i];
  }
  for (NamedAttr attr : node.attributes) {
    if (attr.defaulted) continue;
    if (auto* real = std::get_if<FloatAttr>(&attr.value)) real->value = std::abs(real->value);
    request.attributes.push_back(std::move(attr));
  }
  TENON_ASSIGN(const std::uint32_t added, add_node(out, context.registry(), context.environment(), request));
  for (std::size_t i = 0; i < node.results.size(); ++i)
    for (const GraphOutput& output : graph.outputs())
      if (output.value == node.results[i]) TENON_TRY(out.add_output(output.name, out.nodes()[added].results[i]));
  return out;
}

// The lowering, interpreted, of the absolute values of its operands: for sums of products, the sum of the magnitudes that were added.
Result<std::vector<std::vector<double>>> magnitudes(Context& context, const Graph& graph, const std::vector<Tensor>& inputs) {
  std::vector<Tensor> absolute;
  std::vector<TensorView> in, out;
  for (const Tensor& input : inputs) {
    Tensor copy = input.clone();
    const DType dtype = copy.type().dtype;
    for (std::int64_t i = 0; is_float(dtype) && i < copy.type().elements(); ++i)
      store_f64(dtype, copy.data() + static_cast<std::size_t>(i) * storage_size(dtype), std::abs(copy.f64(i)));
    absolute.push_back(std::move(copy));
  }
  TENON_ASSIGN(const Graph positive, with_absolute_attributes(context, graph));
  TENON_ASSIGN(std::unique_ptr<Program> program, compile(positive, context, nullptr, {.reference = true}));
  std::vector<Tensor> results;
  for (const NamedType& output : program->plan().outputs) {
    TENON_ASSIGN(results.emplace_back(), Tensor::zeros(output.type));
  }
  for (const Tensor& tensor : absolute) in.push_back(tensor.view());
  for (Tensor& tensor : results) out.push_back(tensor.view());
  TENON_TRY(program->run(in, out));
  const bool finite = all_finite(inputs);
  std::vector<std::vector<double>> scales;
  for (const Tensor& result : results) {
    std::vector<double>& scale = scales.emplace_back(static_cast<std::size_t>(result.type().elements()));
    for (std::size_t i = 0; i < scale.size(); ++i) {
      const double value = is_float(result.type().dtype) ? result.f64(static_cast<std::int64_t>(i)) : 0;
      scale[i] = std::isfinite(value) ? value : finite ? kInfinity : 0;
    }
  }
  return scales;
}

}  // namespace

Tolerance Tolerance::of(const Numerics& numerics) {
  const double ulp = numerics.max_ulp.value_or(0);
  return {ulp, numerics.max_ulp_16.value_or(ulp), numerics.max_error.value_or(0), numerics.scale};
}

double Tolerance::ulp_for(DType dtype) const { return is_float(dtype) && info(dtype).bits < 32 ? ulp_16 : ulp; }

Result<std::vector<std::vector<double>>> slack_of(Context& context, const Graph& graph, const OpSchema& schema,
                                                  const std::vector<Tensor>& inputs, const std::vector<Tensor>& results,
                                                  const Tolerance& tolerance) {
  std::vector<std::vector<double>> slack;
  if (tolerance.error == 0) return slack;
  if (tolerance.scale == "magnitudes") {
    TENON_ASSIGN(slack, magnitudes(context, graph, inputs));
  } else if (tolerance.scale == "result") {
    for (const Tensor& result : results) slack.emplace_back(static_cast<std::size_t>(result.type().elements()), largest_magnitude(result));
  } else {
    double largest = 0;
    const Node& node = graph.nodes().front();
    for (std::size_t slot = 0; slot < schema.operands.size() && slot < node.operands.size(); ++slot)
      if (schema.operands[slot].name == tolerance.scale)
        for (std::size_t i = 0; i < inputs.size(); ++i)
          if (graph.inputs()[i].value == node.operands[slot]) largest = largest_magnitude(inputs[i]);
    for (const GraphOutput& output : graph.outputs())
      slack.emplace_back(static_cast<std::size_t>(graph.value(output.value).type.elements()), largest);
  }
  for (std::vector<double>& result : slack)
    for (double& value : result) value *= tolerance.error;
  return slack;
}

}  // namespace tenon
