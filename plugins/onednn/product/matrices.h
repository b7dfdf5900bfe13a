// The operators' products as oneDNN sees them: a batch of products of two matrices.
#pragma once

#include <cstdint>
#include <vector>

#include "tenon/plugin.hpp"

namespace tenon::onednn {

enum Side : int { kLeft, kRight, kBias, kOutput, kSides };

// A dimension: its size, and how many elements lie between two of its indices in each tensor. 0: the tensor has not the dimension, or is
// broadcast along it.
struct Axis {
  std::int64_t size;
  std::int64_t step[kSides];
};

// output[b, r, c] = sum over d of left[b, r, d] * right[b, d, c], + bias[c]; the output's matrices are compact.
struct Matrices {
  std::vector<Axis> batch;
  Axis rows, columns, depth;
  std::int64_t batch_count = 1;
  int bias = -1;  // the operand; -1: none
};

// What the node multiplies, for operands and results as the host hands them to kernels that take no strides: compact ones. Declines what is
// no such product.
using Describe = Matrices (*)(const plugin::Node& node);
Matrices matmul(const plugin::Node& node);
Matrices linear(const plugin::Node& node);
Matrices gemm(const plugin::Node& node);
Matrices dot_general(const plugin::Node& node);

}  // namespace tenon::onednn
