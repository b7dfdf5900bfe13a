// What the parts of rms_norm share. operator.cpp: the table. infer.cpp, lower.cpp: type and meaning. kernel.cpp, kernel.simd.cpp: speed.
#pragma once

#include <cstdint>

#include "tenon/plugin.hpp"

namespace tenon::rms_norm {

// Operands and results, in the schema's order.
enum : std::size_t { kInput = 0, kScale = 1, kResidual = 2, kMultiplicand = 3, kOperands = 4 };
enum : std::size_t { kOutput = 0, kSum = 1 };

// The dimensions that are normalized together: [first, first + count) of the input.
struct Axes {
  std::int64_t first = 0, count = 0;
};

// From `axis` or `normalized_shape`; throws on what does not fit the input.
Axes normalized_axes(const plugin::Node& node, const plugin::Type& input);

void infer(const plugin::Node& node);
void lower(plugin::Builder& b);
void lower_as(plugin::Builder& b, std::string_view target);

}  // namespace tenon::rms_norm
