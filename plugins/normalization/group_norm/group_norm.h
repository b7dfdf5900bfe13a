// What the parts of group_norm share.
#pragma once

#include "tenon/plugin.hpp"
#include "tenon_simd_levels.h"

namespace tenon::normalization {

struct Groups {
  plugin::Type input;
  std::int64_t channel_axis = 1, groups = 1;
  std::int64_t channels() const { return input.dims[static_cast<std::size_t>(channel_axis)]; }
};

// From num_groups and channel_axis; throws on what does not fit the input.
Groups read_groups(const plugin::Node& node);

extern const tenon_kernel* const kGroupNormKernels[TENON_SIMD_LEVEL_COUNT + 1];

}  // namespace tenon::normalization
