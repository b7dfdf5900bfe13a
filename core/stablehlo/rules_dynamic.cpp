// Type rules of operations whose result shape is an operand.
#include <algorithm>

#include "core/stablehlo/rules.h"

namespace tenon::stablehlo::rules {
namespace {

Status expect_axis(const RuleInput& in, std::string_view attribute, int rank) {
  const std::int64_t axis = get_int(in.attributes, attribute);
  if (axis >= 0 && axis < rank) return {};
  return refuse(in, attribute, " must be from 0 to below the rank ", rank, ", got ", axis);
}

// Operand `index` holds one size per dimension of the declared result.
Status expect_shape_operand(const RuleInput& in, std::size_t index) {
  TENON_TRY(expect_declared(in, 1));
  TENON_TRY(expect_kind(in, index, kInteger));
  const TensorType& shape = in.operands[index];
  if (shape.rank() == 1 && compatible(shape.dims[0], in.declared[0].rank())) return {};
  return refuse(in, "operand ", index, " must hold the ", in.declared[0].rank(), " sizes of the result ", to_string(in.declared[0]),
                ", got ", to_string(shape));
}

}  // namespace

Types dynamic_broadcast_in_dim(const RuleInput& in) {
  TENON_TRY(expect_shape_operand(in, 1));
  const TensorType& from = in.operands[0];
  const TensorType& to = in.declared[0];
  if (to.dtype != from.dtype) return refuse(in, "the result must have element type ", name(from.dtype), ", got ", to_string(to));
  TENON_TRY(expect_count(in, "broadcast_dimensions", from.dims.size()));
  TENON_TRY(expect_axes(in, "broadcast_dimensions", to.rank()));
  const auto& at = get_ints(in.attributes, "broadcast_dimensions");
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (from.dims[i] != 1 && !compatible(from.dims[i], to.dims[static_cast<std::size_t>(at[i])])) {
      return refuse(in, "dimension ", i, " of ", to_string(from), " must be 1 or equal dimension ", at[i], " of ", to_string(to));
    }
  }
  TENON_TRY(expect_axes(in, "known_expanding_dimensions", from.rank()));
  TENON_TRY(expect_axes(in, "known_nonexpanding_dimensions", from.rank()));
  for (const std::int64_t axis : get_ints(in.attributes, "known_expanding_dimensions")) {
    if (contains(get_ints(in.attributes, "known_nonexpanding_dimensions"), axis)) {
      return refuse(in, "dimension ", axis, " is named as expanding and as not expanding");
    }
  }
  return std::vector<TensorType>{to};
}

Types dynamic_iota(const RuleInput& in) {
  TENON_TRY(expect_shape_operand(in, 0));
  if (!is_kind(in.declared[0].dtype, kNumber)) {
    return refuse(in, "the result must be an integer or a float, got ", to_string(in.declared[0]));
  }
  TENON_TRY(expect_axis(in, "iota_dimension", in.declared[0].rank()));
  return std::vector<TensorType>{in.declared[0]};
}

Types dynamic_reshape(const RuleInput& in) {
  TENON_TRY(expect_shape_operand(in, 1));
  const TensorType& from = in.operands[0];
  const TensorType& to = in.declared[0];
  if (to.dtype != from.dtype || (from.is_static() && to.is_static() && from.elements() != to.elements())) {
    return refuse(in, "the result must have the element type and as many elements as ", to_string(from), ", got ", to_string(to));
  }
  return std::vector<TensorType>{to};
}

Types get_dimension_size(const RuleInput& in) {
  TENON_TRY(expect_axis(in, "dimension", in.operands[0].rank()));
  return settle(in, {TensorType{DType::I32, {}}});
}

Types set_dimension_size(const RuleInput& in) {
  TENON_TRY(expect_scalar(in, 1, DType::I32));
  TENON_TRY(expect_axis(in, "dimension", in.operands[0].rank()));
  TensorType type = in.operands[0];
  type.dims[static_cast<std::size_t>(get_int(in.attributes, "dimension"))] = kDynamic;
  return settle(in, {std::move(type)});
}

}  // namespace tenon::stablehlo::rules
