// Numbers given as attributes, for tensors of any dtype.
#pragma once

#include <cmath>

#include "plugins/elementwise/elementwise.h"

namespace tenon::elementwise {

// An integer tensor takes whole numbers within its range; anything else would be another number in silence. As would be a finite number
// that is infinite in the type of computation.
inline void check_exact(const Node& node, const char* attribute, tenon_dtype dtype) {
  const double value = node.real(attribute);
  if (is_float(dtype)) {
    if (dtype != TENON_F64 && std::isfinite(value) && std::isinf(static_cast<float>(value)))
      node.fail(TENON_OUT_OF_RANGE, cat(attribute, " ", value, " is infinite in f32, in which ", dtype_name(dtype), " is computed"));
    return;
  }
  const int bits = dtype == TENON_I1 ? 1 : 8 << (dtype - (is_unsigned(dtype) ? TENON_UI8 : TENON_I8));
  const double end = std::ldexp(1.0, is_unsigned(dtype) ? bits : bits - 1);
  const double low = is_unsigned(dtype) ? 0 : -end;
  if (!(value >= low && value < end) || std::trunc(value) != value)
    node.fail(TENON_INVALID_ARGUMENT, cat(attribute, " ", value, " is not exact in ", dtype_name(dtype)),
              cat("give a whole number of ", dtype_name(dtype), ", or cast the operand"));
}

}  // namespace tenon::elementwise
