// Sums of products of two operands, by labels: what all operators of this pack are lowered to.
//
// Every dimension of an operand has a label. A label of both operands that the result has too is a batch dimension, one that it has not is
// summed over; a label of one operand is kept, or summed away before the product. The result's dimensions stand in the order of its labels.
#pragma once

#include "tenon/plugin.hpp"

namespace tenon::linalg {

// From kBroadcast on, a dimension of size 1 on one side goes with any size on the other; below, both sides have one size.
constexpr int kBroadcast = 1000;
using Labels = std::vector<int>;

// What an operator contracts, and what it gives.
struct Product {
  Labels a, b, result;
};

// What products of that dtype are added up in: f32 for f16 and bf16, i32 and ui32 for shorter integers, else the dtype itself. A wider
// dtype that the result is asked for in is taken instead.
tenon_dtype accumulator(tenon_dtype operands, tenon_dtype result);

// The dtype of attribute `result_dtype`: the operands', or a wider one of the same kind.
tenon_dtype result_dtype(const plugin::Node& node, tenon_dtype operands);

// The result's sizes. The sizes behind a label must be compatible; broadcast_size says so, or finds the common size.
plugin::Dims result_dims(const Product& product, const plugin::Type& a, const plugin::Type& b);
bool broadcast_size(std::int64_t a, std::int64_t b, std::int64_t& joined);

// The product in dtype accumulator(..): what follows (a bias, a factor) is computed there too, and rounded once.
plugin::Value contract(plugin::Builder& b, plugin::Value left, plugin::Value right, const Product& product, tenon_dtype result);

// The whole lowering of an operator that is a product of its two operands, in the dtype of attribute `result_dtype`.
void finish_product(plugin::Builder& b, const Product& product);

}  // namespace tenon::linalg
