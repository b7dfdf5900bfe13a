#include "plugins/convolution/window/window.h"

#include <algorithm>

namespace tenon::convolution {

using namespace plugin;

namespace {

// Sizes, strides, dilations and padding stay below this, so that their products fit 64 bits.
constexpr std::int64_t kMost = std::int64_t{1} << 30;

void check_range(const Node& node, const char* name, std::int64_t value) {
  if (value > kMost) node.fail(TENON_OUT_OF_RANGE, cat(name, " must be at most ", kMost, ", got ", value));
}

}  // namespace

void check_static(const Node& node, const char* operand, const Type& type) {
  if (!type.is_static())
    node.fail(TENON_UNIMPLEMENTED, cat("operand ", operand, " has a dynamic shape ", text(type.dims)), "give every dimension a size");
}

void check_static_but_batch(const Node& node, const Type& input) {
  for (std::size_t i = 1; i < input.dims.size(); ++i)
    if (input.dims[i] == TENON_DYNAMIC)
      node.fail(TENON_UNIMPLEMENTED, cat("dimension ", i, " of operand input ", text(input.dims), " is dynamic, only the batch may be"),
                "give that dimension a size");
}

Layout layout_of(const Node& node, const Type& input, std::int64_t spatial) {
  const std::int64_t have = input.rank() - 2;
  if (spatial == 0 ? have < 1 || have > 3 : have != spatial)
    node.fail(TENON_INVALID_ARGUMENT, cat("input must have a batch, channels and ", spatial == 0 ? "1 to 3" : std::to_string(spatial),
                                          " spatial dimensions, got shape ", text(input.dims)));
  Layout layout;
  layout.spatial = have;
  if (node.string("layout") == "nhwc") {
    layout.channel = input.rank() - 1;
    layout.first = 1;
  }
  return layout;
}

std::int64_t channels(const Type& input, const Layout& layout) { return input.dims[static_cast<std::size_t>(layout.channel)]; }

Dims per_axis(const Node& node, const char* name, std::int64_t spatial) {
  Dims values = node.ints(name);
  if (values.size() != 1 && static_cast<std::int64_t>(values.size()) != spatial)
    node.fail(TENON_INVALID_ARGUMENT,
              cat(name, " must have one entry, or one for each of the ", spatial, " spatial dimensions, got ", text(values)));
  for (std::int64_t value : values) check_range(node, name, value);
  values.resize(static_cast<std::size_t>(spatial), values.front());
  return values;
}

bool has_auto_pad(const Node& node) { return node.string("auto_pad") != "none"; }

Axes read_axes(const Node& node, const Type& input, const Layout& layout, const Dims& kernel) {
  const Dims strides = per_axis(node, "strides", layout.spatial), dilations = per_axis(node, "dilations", layout.spatial);
  Dims padding = node.ints("padding");
  if (padding.size() != 1 && static_cast<std::int64_t>(padding.size()) != 2 * layout.spatial)
    node.fail(TENON_INVALID_ARGUMENT,
              cat("padding must have one entry, or two for each of the ", layout.spatial, " spatial dimensions, got ", text(padding)),
              "it lists the low and the high padding of each spatial dimension in turn");
  for (std::int64_t value : padding) {
    check_range(node, "padding", value);
    if (value != 0 && has_auto_pad(node))
      node.fail(TENON_INVALID_ARGUMENT, cat("auto_pad ", node.string("auto_pad"), " and padding ", text(padding), " exclude each other"));
  }
  padding.resize(2 * kernel.size(), padding.front());
  Axes axes;
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    Axis axis;
    axis.size = input.dims[static_cast<std::size_t>(layout.axis(i))];
    axis.kernel = kernel[i];
    axis.stride = strides[i];
    axis.dilation = dilations[i];
    axis.low = padding[2 * i];
    axis.high = padding[2 * i + 1];
    check_range(node, "a size of the input", axis.size);
    check_range(node, "a size of the kernel", axis.kernel);
    axes.push_back(axis);
  }
  return axes;
}

void split_padding(const Node& node, std::int64_t total, Axis& axis) {
  const std::int64_t part = std::max<std::int64_t>(total, 0);
  axis.low = node.string("auto_pad") == "same_lower" ? part - part / 2 : part / 2;
  axis.high = total - axis.low;
}

void place_windows(const Node& node, Axes& axes, bool ceil) {
  for (std::size_t i = 0; i < axes.size(); ++i) {
    Axis& axis = axes[i];
    if (has_auto_pad(node) && node.string("auto_pad") != "valid") {
      const std::int64_t positions = (axis.size + axis.stride - 1) / axis.stride;
      split_padding(node, std::max<std::int64_t>(0, (positions - 1) * axis.stride + axis.reach() - axis.size), axis);
    }
    const std::int64_t room = axis.size + axis.low + axis.high - axis.reach();
    if (axis.size == 0 || room < 0)
      node.fail(TENON_INVALID_ARGUMENT, cat("the kernel reaches over ", axis.reach(), " elements of spatial dimension ", i,
                                            ", the input has ", axis.size, " and padding of ", axis.low, " and ", axis.high));
    axis.positions = room / axis.stride + 1;
    if (!ceil || room % axis.stride == 0) continue;
    if (axis.positions * axis.stride >= axis.size + axis.low) continue;  // would start behind the input
    axis.high += axis.stride - room % axis.stride;
    ++axis.positions;
  }
}

Dims collect(const Axes& axes, std::int64_t Axis::*member) {
  Dims values;
  for (const Axis& axis : axes) values.push_back(axis.*member);
  return values;
}

Dims result_dims(const Type& input, const Layout& layout, std::int64_t channels, const Axes& axes) {
  Dims dims = input.dims;
  dims[static_cast<std::size_t>(layout.channel)] = channels;
  for (std::size_t i = 0; i < axes.size(); ++i) dims[static_cast<std::size_t>(layout.axis(i))] = axes[i].positions;
  return dims;
}

}  // namespace tenon::convolution
