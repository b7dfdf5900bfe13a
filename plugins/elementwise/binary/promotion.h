// Which dtype two operands have together, with `promote`. op.yaml says it in words.
#pragma once

#include "plugins/elementwise/elementwise.h"

namespace tenon::elementwise {

inline tenon_dtype promoted(const Node& node, tenon_dtype a, tenon_dtype b) {
  if (a == b) return a;
  if (a > b) std::swap(a, b);  // the list of dtypes has i1, signed, unsigned and float ones in this order, narrow before wide
  if (a == TENON_I1) return b;
  if (a == TENON_F16 && b == TENON_BF16) return TENON_F32;
  if (is_float(b)) return b;
  if (is_unsigned(a) || !is_unsigned(b)) return b;
  // Signed with unsigned: the narrowest signed type that holds both.
  if (b == TENON_UI64)
    node.fail(TENON_INVALID_ARGUMENT, cat("no integer dtype holds both ", dtype_name(a), " and ui64"), "cast one of the operands");
  const auto wider = static_cast<tenon_dtype>(TENON_I16 + (b - TENON_UI8));
  return wider > a ? wider : a;
}

// The dtype in which a and b meet: one for both, or the promoted one.
inline tenon_dtype common_dtype(const Node& node) {
  const tenon_dtype a = node.operand(0).dtype, b = node.operand(1).dtype;
  if (a == b || node.flag("promote")) return promoted(node, a, b);
  node.fail(TENON_INVALID_ARGUMENT, cat("the operands have the dtypes ", dtype_name(a), " and ", dtype_name(b)),
            "cast one of them, or give promote: true");
}

}  // namespace tenon::elementwise
