// conv_transpose: a convolution of the input with strides between its elements, by the reversed kernel.
#include <algorithm>

#include "plugins/convolution/conv/conv.h"

namespace tenon::convolution {
namespace {

using namespace plugin;

// Padding as it is cut off the full result, output_padding already taken off the high side; positions: the result's sizes.
Axes place(const Node& node, const Type& input, const Layout& layout) {
  Axes axes = read_axes(node, input, layout, kernel_sizes(node.operand(kWeight)));
  const Dims extra = per_axis(node, "output_padding", layout.spatial);
  const bool same = has_auto_pad(node) && node.string("auto_pad") != "valid";
  for (std::size_t i = 0; i < axes.size(); ++i) {
    Axis& axis = axes[i];
    if (extra[i] >= std::max(axis.stride, axis.dilation) && extra[i] > 0)
      node.fail(TENON_OUT_OF_RANGE,
                cat("output_padding must be below the stride or the dilation, ", std::max(axis.stride, axis.dilation), ", got ", extra[i]));
    if (axis.size == 0) node.fail(TENON_INVALID_ARGUMENT, cat("input must not have an empty spatial dimension, got ", text(input.dims)));
    const std::int64_t full = (axis.size - 1) * axis.stride + axis.reach();
    if (same) split_padding(node, full + extra[i] - axis.size * axis.stride, axis);
    axis.high -= extra[i];
    axis.positions = full - axis.low - axis.high;
    if (axis.positions < 1)
      node.fail(TENON_INVALID_ARGUMENT, cat("padding cuts off the whole of spatial dimension ", i, ": ", full, " elements, ", axis.low,
                                            " and ", axis.high, " of them padding"));
  }
  return axes;
}

void infer(const Node& node) {
  const Type input = node.operand(kInput);
  const Layout layout = layout_of(node, input, 0);
  const std::int64_t out = check_operands(node, layout, true);
  node.set_result(0, {input.dtype, result_dims(input, layout, out, place(node, input, layout))});
}

// [C, O / groups, ..] as [C / groups, O, ..]: the input channels of a group, and all output channels, group by group.
Value regroup(Builder& b, Value weight, std::int64_t groups) {
  if (groups == 1) return weight;
  const Dims dims = b.type(weight).dims;
  const std::int64_t in = dims[0] / groups, out = dims[1];
  const Dims sizes = kernel_sizes(b.type(weight));
  Dims split{groups, in, out}, order{1, 0, 2}, joined{in, groups * out};
  for (std::int64_t size : sizes) {
    order.push_back(static_cast<std::int64_t>(split.size()));
    split.push_back(size);
    joined.push_back(size);
  }
  return b.reshape(b.transpose(b.reshape(weight, split), order), joined);
}

void lower(Builder& b) {
  const Node& node = b.node();
  const Type input = node.operand(kInput);
  const Layout layout = layout_of(node, input, 0);
  const Axes wanted = place(node, input, layout);
  Axes axes = wanted;
  // The window's zeros around the input. Where more is cut off than the kernel adds, the result is cut afterwards: not every engine takes
  // negative padding.
  Dims starts(input.dims.size(), 0), limits = result_dims(input, layout, 0, wanted), kernel_axes;
  bool cut = false;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const Axis& want = wanted[i];
    const std::int64_t room = want.reach() - 1;
    Axis& axis = axes[i];
    const std::int64_t before = std::max<std::int64_t>(0, want.low - room), after = std::max<std::int64_t>(0, want.high - room);
    axis.low = std::max<std::int64_t>(0, room - want.low);
    axis.high = std::max<std::int64_t>(0, room - want.high);
    axis.positions = want.positions + before + after;
    const auto at = static_cast<std::size_t>(layout.axis(i));
    starts[at] = before;
    limits[at] = before + want.positions;
    cut = cut || before > 0 || after > 0;
    kernel_axes.push_back(static_cast<std::int64_t>(i) + 2);
  }
  Numbers numbers;
  numbers.groups = node.integer("groups");
  numbers.kernel_in = 0;
  numbers.kernel_out = 1;
  numbers.transposed = true;
  const Value x = b.convert(b.operand(kInput), wide(input.dtype)), w = b.convert(b.operand(kWeight), wide(input.dtype));
  Value y = convolve(b, x, b.reverse(regroup(b, w, numbers.groups), kernel_axes), layout, axes, numbers);
  if (cut) {
    limits[static_cast<std::size_t>(layout.channel)] = channels(b.type(y), layout);
    if (limits[0] == TENON_DYNAMIC) {  // a slice names every size
      for (std::size_t i = 1; i < limits.size(); ++i)
        y = b.use1("narrow", {y}, {{"axis", static_cast<std::int64_t>(i)}, {"start", starts[i]}, {"length", limits[i] - starts[i]}});
    } else {
      y = b.slice(y, starts, limits, Dims(limits.size(), 1));
    }
  }
  finish_with_bias(b, y, layout);
}

}  // namespace
}  // namespace tenon::convolution

using namespace tenon::plugin;
TENON_OPERATOR(conv_transpose) = Operator("conv_transpose").infer<tenon::convolution::infer>().lower<tenon::convolution::lower>();
