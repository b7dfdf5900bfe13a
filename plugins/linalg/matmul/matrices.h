// What matmul, linear and gemm share: the labels of a matrix product.
#pragma once

#include "plugins/linalg/contraction/contraction.h"

namespace tenon::linalg {

enum : int { kRows = 0, kDepth = 1, kColumns = 2 };

// The labels of a matrix with a batch before it; batch dimensions are labelled from the right, so that they meet as NumPy aligns them.
inline Labels matrix_labels(std::int64_t rank, int first, int second) {
  Labels labels;
  for (std::int64_t i = rank - 2; i > 0; --i) labels.push_back(kBroadcast + static_cast<int>(i) - 1);
  labels.push_back(first);
  labels.push_back(second);
  return labels;
}

// The sizes that are summed over.
inline void check_depth(const plugin::Node& node, const plugin::Type& a, std::int64_t a_axis, const plugin::Type& b, std::int64_t b_axis) {
  const std::int64_t left = a.dims[static_cast<std::size_t>(a_axis)], right = b.dims[static_cast<std::size_t>(b_axis)];
  if (!plugin::compatible(left, right))
    node.fail(TENON_INVALID_ARGUMENT, plugin::cat("dimension ", a_axis, " of a ", plugin::text(a.dims), " must equal dimension ", b_axis,
                                                  " of b ", plugin::text(b.dims), ", got ", left, " and ", right));
}

}  // namespace tenon::linalg
