// The kernels of softmax and log_softmax, which are the same ones.
#pragma once

#include "tenon/plugin.hpp"
#include "tenon_simd_levels.h"

namespace tenon::softmax {

constexpr std::size_t kKernelCount = TENON_SIMD_LEVEL_COUNT + 1;  // the levels and f64
extern const tenon_kernel* const kSoftmaxKernels[kKernelCount];
extern const tenon_kernel* const kLogSoftmaxKernels[kKernelCount];

}  // namespace tenon::softmax
