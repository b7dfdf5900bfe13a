// What quantize and dequantize share: which element of a scale or zero point belongs to which element of the input.
#pragma once

#include "tenon/plugin.hpp"

namespace tenon::quantization {

enum : std::size_t { kInput = 0, kScale = 1, kZeroPoint = 2 };

// Refuses a scale or zero point that does not fit the input.
void check_scales(const plugin::Node& node);

// The scale or zero point, spread to the input's shape. `like`: the input, or what was made of it.
plugin::Value spread(plugin::Builder& b, plugin::Value scale, plugin::Value like);

// Integers of 4 bits are converted by way of 8: no engine does arithmetic in 4 bits reliably.
plugin::Value to_float(plugin::Builder& b, plugin::Value value, tenon_dtype to);

}  // namespace tenon::quantization
