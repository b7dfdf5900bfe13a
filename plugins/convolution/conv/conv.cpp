// conv1d, conv2d, conv3d.
#include "plugins/convolution/conv/conv.h"

namespace tenon::convolution {

using namespace plugin;

Dims kernel_sizes(const Type& weight) { return Dims(weight.dims.begin() + 2, weight.dims.end()); }

std::int64_t check_operands(const Node& node, const Layout& layout, bool transposed) {
  const Type input = node.operand(kInput), weight = node.operand(kWeight), bias = node.operand(kBias);
  check_static_but_batch(node, input);
  check_static(node, "weight", weight);
  if (bias) check_static(node, "bias", bias);
  if (weight.rank() != input.rank())
    node.fail(TENON_INVALID_ARGUMENT,
              cat("weight must have ", input.rank(), " dimensions, as the input ", text(input.dims), ", got ", text(weight.dims)));
  for (std::int64_t size : weight.dims)
    if (size == 0) node.fail(TENON_INVALID_ARGUMENT, cat("weight must not be empty, got shape ", text(weight.dims)));
  const std::int64_t in = channels(input, layout), groups = node.integer("groups"), whole = weight.dims[0], part = weight.dims[1];
  if (in == 0 || in % groups != 0)
    node.fail(TENON_INVALID_ARGUMENT,
              cat("groups ", groups, " must divide the input's channels, got ", in, " in shape ", text(input.dims)));
  if (transposed ? whole != in : part != in / groups)
    node.fail(TENON_INVALID_ARGUMENT, cat("weight must have shape ", transposed ? cat("[", in, ", O / ", groups) : cat("[O, ", in / groups),
                                          ", ..] for ", in, " channels in ", groups, " groups, got ", text(weight.dims)));
  if (!transposed && whole % groups != 0)
    node.fail(TENON_INVALID_ARGUMENT, cat("groups ", groups, " must divide the weight's ", whole, " output channels"));
  const std::int64_t out = transposed ? part * groups : whole;
  if (bias && bias.dims != Dims{out}) node.fail(TENON_INVALID_ARGUMENT, cat("bias must have shape [", out, "], got ", text(bias.dims)));
  return out;
}

Value convolve(Builder& b, Value x, Value weight, const Layout& layout, const Axes& axes, const Numbers& n) {
  const Type input = b.type(x);
  Dims spatial, kernel_spatial, padding;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    spatial.push_back(layout.axis(i));
    kernel_spatial.push_back(n.kernel_first + static_cast<std::int64_t>(i));
    padding.push_back(axes[i].low);
    padding.push_back(axes[i].high);
  }
  const Dims strides = collect(axes, &Axis::stride), ones(axes.size(), 1);
  const std::int64_t out = b.type(weight).dims[static_cast<std::size_t>(n.kernel_out)];
  return b.op1("convolution", {x, weight},
               {{"input_batch_dimension", 0},
                {"input_feature_dimension", layout.channel},
                {"input_spatial_dimensions", spatial},
                {"kernel_output_feature_dimension", n.kernel_out},
                {"kernel_input_feature_dimension", n.kernel_in},
                {"kernel_spatial_dimensions", kernel_spatial},
                {"output_batch_dimension", 0},
                {"output_feature_dimension", layout.channel},
                {"output_spatial_dimensions", spatial},
                {"window_strides", n.transposed ? ones : strides},
                {"padding", padding},
                {"lhs_dilation", n.transposed ? strides : ones},
                {"rhs_dilation", collect(axes, &Axis::dilation)},
                {"batch_group_count", 1},
                {"feature_group_count", n.groups}},
               {{input.dtype, result_dims(input, layout, out, axes)}});
}

void finish_with_bias(Builder& b, Value y, const Layout& layout) {
  const Node& node = b.node();
  if (node.has(kBias)) y = b.add(y, b.broadcast_like(b.convert(b.operand(kBias), b.type(y).dtype), y, {layout.channel}));
  b.finish({b.convert(y, node.operand(kInput).dtype)});
}

namespace {

template <int kSpatial>
void infer(const Node& node) {
  const Type input = node.operand(kInput), weight = node.operand(kWeight);
  const Layout layout = layout_of(node, input, kSpatial);
  const std::int64_t out = check_operands(node, layout, false);
  Axes axes = read_axes(node, input, layout, kernel_sizes(weight));
  place_windows(node, axes, false);
  node.set_result(0, {input.dtype, result_dims(input, layout, out, axes)});
}

// IREE takes a convolution of widened numbers for a widening one, and does not compile that with one input channel per group. It does
// not see the widening behind a transpose, so the window's dimensions are brought to the front.
Value spatial_first(Builder& b, Value weight, Numbers& numbers) {
  const std::int64_t spatial = b.type(weight).rank() - 2;
  Dims order;
  for (std::int64_t i = 0; i < spatial; ++i) order.push_back(i + 2);
  order.insert(order.end(), {1, 0});
  numbers.kernel_first = 0;
  numbers.kernel_in = spatial;
  numbers.kernel_out = spatial + 1;
  return b.transpose(weight, order);
}

void lower(Builder& b) {
  const Node& node = b.node();
  const Type input = node.operand(kInput);
  const Layout layout = layout_of(node, input, 0);
  Axes axes = read_axes(node, input, layout, kernel_sizes(node.operand(kWeight)));
  place_windows(node, axes, false);
  Numbers numbers;
  numbers.groups = node.integer("groups");
  const Value x = b.convert(b.operand(kInput), wide(input.dtype));
  Value w = b.convert(b.operand(kWeight), wide(input.dtype));
  if (numbers.groups > 1 && node.operand(kWeight).dims[1] == 1 && wide(input.dtype) != input.dtype) w = spatial_first(b, w, numbers);
  finish_with_bias(b, convolve(b, x, w, layout, axes, numbers), layout);
}

}  // namespace
}  // namespace tenon::convolution

using namespace tenon::plugin;
using namespace tenon::convolution;
TENON_OPERATOR(conv1d) = Operator("conv1d").infer<infer<1>>().lower<lower>();
TENON_OPERATOR(conv2d) = Operator("conv2d").infer<infer<2>>().lower<lower>();
TENON_OPERATOR(conv3d) = Operator("conv3d").infer<infer<3>>().lower<lower>();
