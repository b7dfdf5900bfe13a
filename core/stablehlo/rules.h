// The type rules that the table (op_table.cpp) names, and what they share. For this folder only.
//
// A rule returns the result types, or refuses with "[stablehlo.op] what was expected, what came". Where results follow from the operands
// the declared types may be absent; where they are given, they must be compatible, and they are what the operation has.
#pragma once

#include <string>
#include <vector>

#include "core/stablehlo/op_table.h"

namespace tenon::stablehlo::rules {

using Types = Result<std::vector<TensorType>>;

template <class... Parts>
Error refuse(const RuleInput& in, const Parts&... parts) {
  return fail(Code::InvalidArgument, cat("[", in.info.name, "] ", parts...));
}

// For what StableHLO allows and this rule cannot do: a dynamic dimension where it needs a size.
template <class... Parts>
Error not_for_dynamic(const RuleInput& in, const Parts&... parts) {
  return fail(Code::Unimplemented, cat("[", in.info.name, "] ", parts...)).advise("give the operation static types");
}

// Classes of element types, to be combined.
enum Kinds : unsigned { kBool = 1, kSigned = 2, kUnsigned = 4, kFloat = 8 };
inline constexpr unsigned kInteger = kSigned | kUnsigned;
inline constexpr unsigned kNumber = kInteger | kFloat;
inline constexpr unsigned kAny = kNumber | kBool;
inline constexpr unsigned kBits = kInteger | kBool;
bool is_kind(DType dtype, unsigned kinds);
std::string kinds_text(unsigned kinds);

Status expect_kind(const RuleInput& in, std::size_t operand, unsigned kinds);
Status expect_scalar(const RuleInput& in, std::size_t operand, DType dtype);
Status expect_static(const RuleInput& in, const TensorType& type, std::string_view what);
Status expect_declared(const RuleInput& in, std::size_t count);
// The list has `count` entries.
Status expect_count(const RuleInput& in, std::string_view attribute, std::size_t count);
// Every entry is in [0, bound), none twice; sorted: rising.
Status expect_axes(const RuleInput& in, std::string_view attribute, std::int64_t bound, bool sorted = false);
Status expect_least(const RuleInput& in, std::string_view attribute, std::int64_t least);
// Region `index` takes exactly `arguments` and returns exactly `results`.
Status expect_region(const RuleInput& in, std::size_t index, const std::vector<TensorType>& arguments,
                     const std::vector<TensorType>& results);
Result<std::vector<TensorType>> region_results(const RuleInput& in, std::size_t index);

// The operands' shapes as one: a static size beats a dynamic one; an error if two differ.
Result<TensorType> merge(const RuleInput& in, std::size_t first, std::size_t last);
// The declared types if they are compatible with the inferred ones, or the inferred ones if nothing is declared.
Types settle(const RuleInput& in, std::vector<TensorType> inferred);
// As settle, for an operation whose result may have a wider element type of the same class (dot_general, convolution).
Types settle_wider(const RuleInput& in, TensorType inferred);
bool contains(const std::vector<std::int64_t>& list, std::int64_t value);

// One dimension of a window over a padded, dilated base (reduce_window, convolution).
struct Window {
  std::int64_t size = 1, stride = 1, low = 0, high = 0, base_dilation = 1, dilation = 1;
};
// The number of window positions; an error text if it does not fit 64 bits or the padded base is negative.
Result<std::int64_t> window_positions(std::int64_t base, const Window& window);

// rules_elementwise.cpp
Types same_type(const RuleInput& in, unsigned kinds);
template <unsigned kinds>
Types elementwise(const RuleInput& in) {
  return same_type(in, kinds);
}
Types is_finite(const RuleInput& in);
Types convert(const RuleInput& in);
Types bitcast_convert(const RuleInput& in);
Types reduce_precision(const RuleInput& in);
Types optimization_barrier(const RuleInput& in);
Types compare(const RuleInput& in);
Types select(const RuleInput& in);
Types clamp(const RuleInput& in);

// rules_shape.cpp
Types constant(const RuleInput& in);
Types iota(const RuleInput& in);
Types broadcast_in_dim(const RuleInput& in);
Types concatenate(const RuleInput& in);
Types dynamic_slice(const RuleInput& in);
Types dynamic_update_slice(const RuleInput& in);
Types pad(const RuleInput& in);
Types reshape(const RuleInput& in);
Types reverse(const RuleInput& in);
Types slice(const RuleInput& in);
Types transpose(const RuleInput& in);

// rules_index.cpp
Types gather(const RuleInput& in);
Types scatter(const RuleInput& in);

// rules_contract.cpp
Types convolution(const RuleInput& in);
Types dot_general(const RuleInput& in);
Types reduce(const RuleInput& in);
Types reduce_window(const RuleInput& in);
Types sort(const RuleInput& in);

// rules_control.cpp
Types call(const RuleInput& in);
Types composite(const RuleInput& in);
Types custom_call(const RuleInput& in);
Types case_of(const RuleInput& in);
Types if_else(const RuleInput& in);
Types while_loop(const RuleInput& in);
Types return_values(const RuleInput& in);
Types global_load(const RuleInput& in);

// rules_dynamic.cpp
Types dynamic_broadcast_in_dim(const RuleInput& in);
Types dynamic_iota(const RuleInput& in);
Types dynamic_reshape(const RuleInput& in);
Types get_dimension_size(const RuleInput& in);
Types set_dimension_size(const RuleInput& in);

}  // namespace tenon::stablehlo::rules

namespace tenon::stablehlo {

// What builder and verifier both do to an operation: operand and region counts, attributes by name and kind, then the type rule.
Result<std::vector<TensorType>> check_op(const RuleInput& in, const Dict& discardable);
// Writes out the attributes that may be left away, so that readers of a built module find them all.
void fill_defaults(OpCode code, std::span<const TensorType> operands, Dict& attributes);

}  // namespace tenon::stablehlo
