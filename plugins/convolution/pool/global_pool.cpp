// global_max_pool and global_avg_pool: reductions over the spatial dimensions. Sizes may be dynamic.
#include "plugins/convolution/window/window.h"

namespace tenon::convolution {
namespace {

using namespace plugin;

Dims spatial_axes(const Node& node, const Type& input) {
  if (input.rank() < 3)
    node.fail(TENON_INVALID_ARGUMENT,
              cat("input must have a batch, channels and at least one spatial dimension, got shape ", text(input.dims)));
  Dims axes;
  const std::int64_t first = node.string("layout") == "nhwc" ? 1 : 2;
  for (std::int64_t i = 0; i < input.rank() - 2; ++i) axes.push_back(first + i);
  return axes;
}

Type reduced(const Node& node) {
  Type type = node.operand(0);
  for (std::int64_t axis : spatial_axes(node, type)) type.dims[static_cast<std::size_t>(axis)] = 1;
  return type;
}

void infer_max(const Node& node) { node.set_result(0, reduced(node)); }

void infer_avg(const Node& node) {
  const Type input = node.operand(0);
  for (std::int64_t axis : spatial_axes(node, input))
    if (input.dims[static_cast<std::size_t>(axis)] == 0)
      node.fail(TENON_INVALID_ARGUMENT, cat("the mean of nothing: dimension ", axis, " of input ", text(input.dims), " is empty"));
  node.set_result(0, reduced(node));
}

void lower_max(Builder& b) {
  const Node& node = b.node();
  const Type input = node.operand(0);
  const Value x = b.operand(0), lowest = b.lowest(input.dtype);
  b.finish({b.reduce(x, lowest, spatial_axes(node, input), true, [&](Value left, Value right) { return b.maximum(left, right); })});
}

void lower_avg(Builder& b) {
  const Node& node = b.node();
  b.finish({b.use1("reduce_mean", {b.operand(0)}, {{"axes", spatial_axes(node, node.operand(0))}, {"keepdims", true}})});
}

}  // namespace
}  // namespace tenon::convolution

using namespace tenon::plugin;
using namespace tenon::convolution;
TENON_OPERATOR(global_max_pool) = Operator("global_max_pool").infer<infer_max>().lower<lower_max>();
TENON_OPERATOR(global_avg_pool) = Operator("global_avg_pool").infer<infer_avg>().lower<lower_avg>();
