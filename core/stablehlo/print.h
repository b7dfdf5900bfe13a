// The module as StableHLO text: deterministic to the byte, one spelling per operation, the subset that every reader takes.
#pragma once

#include <string>

#include "core/stablehlo/module.h"

namespace tenon::stablehlo {

// Error (FAILED_PRECONDITION) if an external constant is left: a target must first say what becomes of parameters.
Result<std::string> print(const Module& module);
// For people and logs: one operation or a module with external constants shown as a comment; not valid text.
std::string dump(const Module& module);
std::string dump(const Func& func, const Op& op);

// A number as MLIR reads it back exactly: "9.99999997e-07", "1.0"; hexadecimal for inf and NaN.
std::string float_literal(DType dtype, double value);
// dense<..> of a constant, by the portable rules (splat, short list, hex blob; i1 never as hex).
std::string dense_text(const TensorType& type, const Constant& constant);

}  // namespace tenon::stablehlo
