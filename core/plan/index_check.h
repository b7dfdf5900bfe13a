// The check that indices are in range, which the executor makes before an operator runs, by kernel or by its lowering.
#pragma once

#include <string>
#include <vector>

#include "core/op/call.h"

namespace tenon {

struct IndexCheck {
  std::size_t slot = 0;             // the operand that holds the indices
  std::string operand, data;        // its name, and that of the operand that it points into
  std::int64_t axis = 0;            // the dimension of `data`, the first one if there are several sizes
  std::vector<std::int64_t> sizes;  // an index is in [-size, size). Several: coordinates, one size per element of the last dimension
};

// One per operand whose schema has `values`, unless the operator's attribute `mode` is there and not "error".
std::vector<IndexCheck> index_checks(const OpSchema& schema, const tenon_node& node);

}  // namespace tenon
