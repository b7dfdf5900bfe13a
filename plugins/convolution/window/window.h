// What convolutions and pools share: where channels and spatial dimensions stand, and the windows along them.
#pragma once

#include "tenon/plugin.hpp"

namespace tenon::convolution {

// The dimensions of [N, C, ..] or, with layout nhwc, [N, .., C].
struct Layout {
  std::int64_t spatial = 0;  // how many spatial dimensions
  std::int64_t channel = 1, first = 2;

  std::int64_t axis(std::size_t i) const { return first + static_cast<std::int64_t>(i); }
};

// spatial 0: whatever the rank says, 1 to 3.
Layout layout_of(const plugin::Node& node, const plugin::Type& input, std::int64_t spatial);
std::int64_t channels(const plugin::Type& input, const Layout& layout);
void check_static(const plugin::Node& node, const char* operand, const plugin::Type& type);
void check_static_but_batch(const plugin::Node& node, const plugin::Type& input);

// A window along one spatial dimension.
struct Axis {
  std::int64_t size = 0, kernel = 1, stride = 1, dilation = 1;
  std::int64_t low = 0, high = 0;  // padding
  std::int64_t positions = 0;      // of the window: the result's size

  std::int64_t reach() const { return (kernel - 1) * dilation + 1; }
};
using Axes = std::vector<Axis>;

// An attribute with one entry per spatial dimension, or one for all.
plugin::Dims per_axis(const plugin::Node& node, const char* name, std::int64_t spatial);

// Sizes, strides, dilations and, without auto_pad, padding; positions are not known yet.
Axes read_axes(const plugin::Node& node, const plugin::Type& input, const Layout& layout, const plugin::Dims& kernel);
// Padding by auto_pad, and the positions. Throws where no position is left. ceil: a last window may reach over the padding, unless it
// starts behind the input.
void place_windows(const plugin::Node& node, Axes& axes, bool ceil);

// Padding that makes `total` zeros in all, the larger half at the end or (same_lower) at the start.
void split_padding(const plugin::Node& node, std::int64_t total, Axis& axis);
bool has_auto_pad(const plugin::Node& node);

// low, high of each axis in turn, for convolution and reduce_window.
plugin::Dims collect(const Axes& axes, std::int64_t Axis::*member);

// The result's sizes: the input's with other channels and positions.
plugin::Dims result_dims(const plugin::Type& input, const Layout& layout, std::int64_t channels, const Axes& axes);

}  // namespace tenon::convolution
