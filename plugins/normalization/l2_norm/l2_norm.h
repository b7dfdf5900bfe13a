// What the parts of l2_norm share.
#pragma once

#include "tenon/plugin.hpp"
#include "tenon_simd_levels.h"

namespace tenon::normalization {

extern const tenon_kernel* const kL2NormKernels[TENON_SIMD_LEVEL_COUNT + 1];

}  // namespace tenon::normalization
