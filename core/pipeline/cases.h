// The cases of an operator: the file NAME.cases.yaml beside its manifest, and random ones drawn from its schema.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/op/add_node.h"
#include "core/pipeline/random.h"
#include "core/yaml/document.h"

namespace tenon {

struct CaseOperand {
  std::string name;
  TensorType type;  // dtype Invalid: the row's
};

// How the inputs lie in memory.
enum class CaseLayout : std::uint8_t { Compact, Strided, Misaligned, InPlace };

struct OperatorCase {
  std::string op, name;
  std::vector<DType> dtypes;  // a row per dtype; empty: the operator's
  std::vector<CaseOperand> operands;
  Dict attributes;
  ValueClass values = ValueClass::Normal;
  CaseLayout layout = CaseLayout::Compact;
  bool text = false;                                     // its module is a golden
  std::string error;                                     // a code ("OUT_OF_RANGE") or a part of the message; empty: must succeed
  std::optional<double> max_ulp;                         // instead of the operator's
  std::vector<std::pair<std::string, Tensor>> data;      // given input values, as f64, by operand
  std::vector<std::pair<std::string, Tensor>> expected;  // expected results, as f64, by result name
};

// A sequence of mappings: op, name, dtypes, operands {name: [sizes] | {shape, dtype, data} | a list of these: variadic}, attributes,
// values, layout, text, error, max_ulp, expected {result: [flat numbers]}.
Result<std::vector<OperatorCase>> parse_cases(std::string text, const std::string& file);

// One random case for a dtype: shapes with empty, one, odd and prime sizes, optional operands in or out, attributes at and inside the edges
// of their ranges. What the schema cannot say may be refused by infer: the caller draws again.
OperatorCase draw_case(const OpSchema& schema, DType dtype, Random& random);

// A named case with other sizes (equal ones stay equal, in attributes too), values and layout; expected results are left away.
OperatorCase vary_case(const OperatorCase& named, Random& random);

}  // namespace tenon
