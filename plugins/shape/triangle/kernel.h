// The kernel of tril and triu.
#pragma once

#include "tenon/plugin.hpp"

namespace tenon::shape {

extern const tenon_kernel triangle_kernel;
constexpr const tenon_kernel* kTriangleKernels[] = {&triangle_kernel};

}  // namespace tenon::shape
