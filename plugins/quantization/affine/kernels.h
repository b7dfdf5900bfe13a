// The kernels of quantize and dequantize, for their tables.
#pragma once

#include "plugins/quantization/affine/job.h"
#include "tenon/plugin.hpp"
#include "tenon_simd_levels.h"

namespace tenon::quantization::affine {

#define TENON_AFFINE_LEVEL(space, level) \
  namespace space {                      \
  extern const Table table;              \
  extern const tenon_kernel quantize;    \
  extern const tenon_kernel dequantize;  \
  }
TENON_SIMD_FOR_EACH_LEVEL(TENON_AFFINE_LEVEL)
#undef TENON_AFFINE_LEVEL

#define TENON_AFFINE_QUANTIZE(space, level) &space::quantize,
constexpr const tenon_kernel* kQuantize[] = {TENON_SIMD_FOR_EACH_LEVEL(TENON_AFFINE_QUANTIZE)};
#undef TENON_AFFINE_QUANTIZE
#define TENON_AFFINE_DEQUANTIZE(space, level) &space::dequantize,
constexpr const tenon_kernel* kDequantize[] = {TENON_SIMD_FOR_EACH_LEVEL(TENON_AFFINE_DEQUANTIZE)};
#undef TENON_AFFINE_DEQUANTIZE

}  // namespace tenon::quantization::affine
