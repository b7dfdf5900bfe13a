// What convolutions and their transpose share: operands, checks, and the operation that is written.
#pragma once

#include "plugins/convolution/window/window.h"

namespace tenon::convolution {

enum : std::size_t { kInput = 0, kWeight = 1, kBias = 2 };

// The sizes of the kernel's window: the weight's, without its first two.
plugin::Dims kernel_sizes(const plugin::Type& weight);

// Operands static but for the batch, the weight of the input's rank and not empty, channels and groups fit. `transposed`: weight [C, O /
// groups, ..], else [O, C / groups, ..]. Returns O.
std::int64_t check_operands(const plugin::Node& node, const Layout& layout, bool transposed);

inline tenon_dtype wide(tenon_dtype dtype) { return dtype == TENON_F64 ? TENON_F64 : TENON_F32; }

// stablehlo.convolution with its numbers: where the weight has its dimensions, and how the window moves.
struct Numbers {
  std::int64_t kernel_out = 0, kernel_in = 1, kernel_first = 2, groups = 1;
  bool transposed = false;  // strides lie between the input's elements, the window moves by 1
};
plugin::Value convolve(plugin::Builder& b, plugin::Value x, plugin::Value weight, const Layout& layout, const Axes& axes, const Numbers& n);

// Adds the bias, rounds, and ends the lowering.
void finish_with_bias(plugin::Builder& b, plugin::Value y, const Layout& layout);

}  // namespace tenon::convolution
