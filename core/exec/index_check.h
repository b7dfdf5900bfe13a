#pragma once

#include "core/base/status.h"
#include "core/plan/index_check.h"
#include "core/type/tensor.h"

namespace tenon {

// OUT_OF_RANGE for the first index that is not in [-size, size). Allocates only then.
Status check_indices(const IndexCheck& check, std::string_view op, const TensorView& indices);

}  // namespace tenon
