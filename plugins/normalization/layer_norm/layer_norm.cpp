#include "plugins/normalization/layer_norm/layer_norm.h"

#include "plugins/normalization/norms.h"

namespace tenon::normalization {

using namespace plugin;

std::int64_t first_axis(const Node& node, const Type& input) {
  if (input.rank() == 0) node.fail(TENON_INVALID_ARGUMENT, "input must have at least one dimension, got a scalar");
  if (!node.has_attribute("normalized_shape")) return node.axis("axis", input.rank());
  const Dims shape = node.ints("normalized_shape");
  const std::int64_t first = input.rank() - static_cast<std::int64_t>(shape.size());
  bool fits = first >= 0 && !shape.empty();
  for (std::size_t i = 0; fits && i < shape.size(); ++i) fits = compatible(input.dims[at(first) + i], shape[i]);
  if (!fits)
    node.fail(TENON_INVALID_ARGUMENT,
              cat("normalized_shape must be the sizes of the input's last dimensions, got ", text(shape), " for input ", text(input.dims)),
              "it holds sizes, not axes; to normalize from one dimension on, give axis");
  return first;
}

namespace {

enum : std::size_t { kInput, kScale, kBias };

void infer(const Node& node) {
  const Type input = node.operand(kInput);
  const Dims sizes(input.dims.begin() + first_axis(node, input), input.dims.end());
  for (std::int64_t size : sizes)
    if (size == 0) node.fail(TENON_INVALID_ARGUMENT, cat("a normalized dimension must not be empty, got input ", text(input.dims)));
  check_epsilon(node, input.dtype);
  check_parameter(node, "scale", node.operand(kScale), input, sizes);
  check_parameter(node, "bias", node.operand(kBias), input, sizes);
  node.set_result(0, input);
}

void lower(Builder& b) {
  const Node& node = b.node();
  const Type input = node.operand(kInput);
  Dims axes;
  for (std::int64_t i = first_axis(node, input); i < input.rank(); ++i) axes.push_back(i);
  const Value x = normalized(b, b.convert(b.operand(kInput), wide(input.dtype)), axes, node.real("epsilon"));
  b.finish({b.convert(scaled(b, x, b.operand(kScale), b.operand(kBias), axes), input.dtype)});
}

// Outside, it is (x, scale, bias) over the last dimension.
void lower_as(Builder& b, std::string_view) {
  const Node& node = b.node();
  const Type input = node.operand(kInput);
  if (first_axis(node, input) != input.rank() - 1) node.decline("normalizes more than the last dimension");
  if (!node.has(kScale) || !node.has(kBias)) node.decline("the form has a scale and a bias");
  b.finish(
      b.carrier("layer_norm", {b.operand(kInput), b.operand(kScale), b.operand(kBias)}, {{"epsilon", node.real("epsilon")}, {"axis", -1}}));
}

}  // namespace
}  // namespace tenon::normalization

using namespace tenon::plugin;
using namespace tenon::normalization;
TENON_OPERATOR(layer_norm) = Operator("layer_norm").infer<infer>().lower<lower>().lower_as<lower_as>().kernels(kLayerNormKernels);
