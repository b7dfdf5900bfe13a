// For tests: an operation, how to build it, and its text as StableHLO's grammar has it.
#pragma once

#include <functional>

#include "core/stablehlo/one_function_test.h"

namespace tenon::stablehlo {

using Values = std::vector<ValueId>;

struct Form {
  std::string name;
  std::vector<OpCode> shows;  // the operations that this form is the test of
  std::vector<TensorType> arguments;
  std::function<Result<Values>(Builder&, const Values&)> build;
  std::string expected;  // the lines of the body
};

inline Result<Values> op(Builder& b, OpCode code, Values operands, Dict attributes = {}, std::vector<TensorType> declared = {},
                         Dict own = {}) {
  return b.op(code, operands, std::move(attributes), declared, std::move(own));
}

// A form that is one operation on all arguments.
inline Form simple(OpCode code, std::vector<TensorType> arguments, std::string expected, Dict attributes = {},
                   std::vector<TensorType> declared = {}) {
  return {std::string(info(code).name),
          {code},
          std::move(arguments),
          [=](Builder& b, const Values& a) { return op(b, code, a, attributes, declared); },
          std::move(expected)};
}

// The same without the rules of the builder.
inline Form raw(OpCode code, std::vector<TensorType> arguments, std::string expected, Dict attributes = {},
                std::vector<TensorType> declared = {}) {
  return {std::string(info(code).name),
          {code},
          std::move(arguments),
          [=](Builder& b, const Values& a) { return b.append_raw(code, a, attributes, declared); },
          std::move(expected)};
}

// A region that combines its arguments' pairs (i, count + i) with one operation.
inline Status binary_region(Builder& b, OpCode code, const std::vector<TensorType>& scalars) {
  std::vector<TensorType> types = scalars;
  types.insert(types.end(), scalars.begin(), scalars.end());
  TENON_ASSIGN(const Values arguments, b.begin_region(types));
  Values results;
  for (std::size_t i = 0; i < scalars.size(); ++i) {
    TENON_ASSIGN(const ValueId value, b.op1(code, {arguments[i], arguments[scalars.size() + i]}));
    results.push_back(value);
  }
  TENON_ASSIGN(const Values none, b.op(OpCode::Return, results));
  return b.end_region();
}

inline Status returning_region(Builder& b, const Values& values) {
  TENON_ASSIGN(const Values arguments, b.begin_region({}));
  TENON_ASSIGN(const Values none, b.op(OpCode::Return, values));
  return b.end_region();
}

// Contractions, reductions, control flow and calls (op_forms_region_test.cpp).
std::vector<Form> contract_forms();
std::vector<Form> control_forms();

}  // namespace tenon::stablehlo
