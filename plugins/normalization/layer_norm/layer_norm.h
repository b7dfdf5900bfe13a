// What the parts of layer_norm share.
#pragma once

#include "tenon/plugin.hpp"
#include "tenon_simd_levels.h"

namespace tenon::normalization {

// The first of the dimensions that are normalized together; throws on what does not fit the input.
std::int64_t first_axis(const plugin::Node& node, const plugin::Type& input);

extern const tenon_kernel* const kLayerNormKernels[TENON_SIMD_LEVEL_COUNT + 1];

}  // namespace tenon::normalization
