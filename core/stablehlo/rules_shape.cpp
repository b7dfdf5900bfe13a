// Type rules of constants and of operations that move elements.
#include <limits>

#include "core/stablehlo/rules.h"

namespace tenon::stablehlo::rules {
namespace {

Status expect_axis(const RuleInput& in, std::string_view attribute, int rank) {
  const std::int64_t axis = get_int(in.attributes, attribute);
  if (axis >= 0 && axis < rank) return {};
  return refuse(in, attribute, " must be from 0 to below the rank ", rank, ", got ", axis);
}

// The start indices of dynamic slices: one scalar integer per dimension, all of one type.
Status expect_start_indices(const RuleInput& in, std::size_t first, int rank) {
  if (in.operands.size() - first != static_cast<std::size_t>(rank)) {
    return refuse(in, "needs ", rank, " start indices, one per dimension of ", to_string(in.operands[0]), ", got ",
                  in.operands.size() - first);
  }
  for (std::size_t i = first; i < in.operands.size(); ++i) {
    TENON_TRY(expect_kind(in, i, kInteger));
    TENON_TRY(expect_scalar(in, i, in.operands[first].dtype));
  }
  return {};
}

bool valid_bytes(DType dtype, std::span<const std::byte> bytes) {
  const int bits = info(dtype).bits;
  for (const std::byte byte : bytes) {
    const int value = std::to_integer<int>(byte);
    if (bits == 1 && value > 1) return false;
    if (bits == 4 && dtype == DType::UI4 && value > 15) return false;
    if (bits == 4 && dtype == DType::I4 && value > 7 && value < 248) return false;
  }
  return true;
}

}  // namespace

Types constant(const RuleInput& in) {
  TENON_TRY(expect_declared(in, 1));
  const TensorType& type = in.declared[0];
  TENON_TRY(expect_static(in, type, "a constant"));
  if (in.constant == nullptr) return refuse(in, "has no value").advise("make constants with Builder::constant, splat or parameter");
  if (in.constant->kind == Constant::Kind::External) {
    if (in.constant->parameter.empty()) return refuse(in, "an external constant must name its parameter");
    return std::vector<TensorType>{type};
  }
  const std::size_t want = in.constant->kind == Constant::Kind::Splat ? storage_size(type.dtype) : type.bytes();
  if (in.constant->data().size() != want) {
    return refuse(in, "the value of ", to_string(type), " must have ", want, " bytes, got ", in.constant->data().size());
  }
  if (info(type.dtype).bits < 8 && !valid_bytes(type.dtype, in.constant->data())) {
    return refuse(in, "a byte of the value is out of the range of ", name(type.dtype));
  }
  return std::vector<TensorType>{type};
}

Types iota(const RuleInput& in) {
  TENON_TRY(expect_declared(in, 1));
  const TensorType& type = in.declared[0];
  if (!type.is_static()) {
    return not_for_dynamic(in, "the result must have static dimensions, got ", to_string(type)).advise("use dynamic_iota");
  }
  if (!is_kind(type.dtype, kNumber)) return refuse(in, "the result must be an integer or a float, got ", to_string(type));
  TENON_TRY(expect_axis(in, "iota_dimension", type.rank()));
  return std::vector<TensorType>{type};
}

Types broadcast_in_dim(const RuleInput& in) {
  TENON_TRY(expect_declared(in, 1));
  const TensorType& from = in.operands[0];
  const TensorType& to = in.declared[0];
  if (!from.is_static() || !to.is_static()) {
    return not_for_dynamic(in, "needs static dimensions, got ", to_string(from), " to ", to_string(to))
        .advise("use dynamic_broadcast_in_dim");
  }
  if (to.dtype != from.dtype) return refuse(in, "the result must have element type ", name(from.dtype), ", got ", to_string(to));
  TENON_TRY(expect_count(in, "broadcast_dimensions", from.dims.size()));
  TENON_TRY(expect_axes(in, "broadcast_dimensions", to.rank()));
  const std::vector<std::int64_t>& at = get_ints(in.attributes, "broadcast_dimensions");
  for (std::size_t i = 0; i < at.size(); ++i) {
    const std::int64_t size = to.dims[static_cast<std::size_t>(at[i])];
    if (from.dims[i] != 1 && from.dims[i] != size) {
      return refuse(in, "dimension ", i, " of ", to_string(from), " must be 1 or equal dimension ", at[i], " of ", to_string(to));
    }
  }
  return std::vector<TensorType>{to};
}

Types concatenate(const RuleInput& in) {
  TensorType type = in.operands[0];
  TENON_TRY(expect_axis(in, "dimension", type.rank()));
  const auto axis = static_cast<std::size_t>(get_int(in.attributes, "dimension"));
  for (std::size_t i = 1; i < in.operands.size(); ++i) {
    const TensorType& next = in.operands[i];
    TensorType like = next;
    if (like.rank() == type.rank()) like.dims[axis] = type.dims[axis];
    if (!compatible(like, type)) {
      return refuse(in, "operand ", i, " must be like operand 0, ", to_string(in.operands[0]), ", but for dimension ", axis, ", got ",
                    to_string(next));
    }
    for (std::size_t d = 0; d < type.dims.size(); ++d) {
      if (d != axis && type.dims[d] == kDynamic) type.dims[d] = next.dims[d];
    }
    if (type.dims[axis] == kDynamic || next.dims[axis] == kDynamic) {
      type.dims[axis] = kDynamic;
    } else if (type.dims[axis] > std::numeric_limits<std::int64_t>::max() - next.dims[axis]) {
      return refuse(in, "the sizes along dimension ", axis, " do not fit 64 bits together");
    } else {
      type.dims[axis] += next.dims[axis];
    }
  }
  return settle(in, {std::move(type)});
}

Types dynamic_slice(const RuleInput& in) {
  const TensorType& from = in.operands[0];
  TENON_TRY(expect_start_indices(in, 1, from.rank()));
  TENON_TRY(expect_count(in, "slice_sizes", from.dims.size()));
  const std::vector<std::int64_t>& sizes = get_ints(in.attributes, "slice_sizes");
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < 0 || (from.dims[i] != kDynamic && sizes[i] > from.dims[i])) {
      return refuse(in, "slice_sizes must be within ", to_string(from), ", got ", dims_text(sizes));
    }
  }
  return settle(in, {TensorType{from.dtype, sizes}});
}

Types dynamic_update_slice(const RuleInput& in) {
  const TensorType& into = in.operands[0];
  const TensorType& update = in.operands[1];
  TENON_TRY(expect_start_indices(in, 2, into.rank()));
  bool fits = update.dtype == into.dtype && update.rank() == into.rank();
  for (std::size_t i = 0; fits && i < into.dims.size(); ++i) {
    fits = update.dims[i] == kDynamic || into.dims[i] == kDynamic || update.dims[i] <= into.dims[i];
  }
  if (!fits) return refuse(in, "the update must fit into ", to_string(into), ", got ", to_string(update));
  return settle(in, {into});
}

Types pad(const RuleInput& in) {
  const TensorType& from = in.operands[0];
  TENON_TRY(expect_scalar(in, 1, from.dtype));
  for (const std::string_view name : {"edge_padding_low", "edge_padding_high", "interior_padding"}) {
    TENON_TRY(expect_count(in, name, from.dims.size()));
  }
  TENON_TRY(expect_least(in, "interior_padding", 0));
  TensorType type = from;
  for (std::size_t i = 0; i < type.dims.size(); ++i) {
    if (from.dims[i] == kDynamic) continue;
    const __int128 low = get_ints(in.attributes, "edge_padding_low")[i], high = get_ints(in.attributes, "edge_padding_high")[i];
    const __int128 inside = from.dims[i] == 0 ? 0 : (__int128(from.dims[i]) - 1) * get_ints(in.attributes, "interior_padding")[i];
    const __int128 size = low + from.dims[i] + inside + high;
    if (size < 0 || size > std::numeric_limits<std::int64_t>::max()) {
      return refuse(in, "dimension ", i, " of ", to_string(from), " is padded to a size below 0 or above 64 bits");
    }
    type.dims[i] = static_cast<std::int64_t>(size);
  }
  return settle(in, {std::move(type)});
}

Types reshape(const RuleInput& in) {
  TENON_TRY(expect_declared(in, 1));
  const TensorType& from = in.operands[0];
  const TensorType& to = in.declared[0];
  if (!from.is_static() || !to.is_static()) {
    return not_for_dynamic(in, "needs static dimensions, got ", to_string(from), " to ", to_string(to)).advise("use dynamic_reshape");
  }
  TENON_ASSIGN(const std::int64_t elements, checked_elements(to));
  if (to.dtype != from.dtype || elements != from.elements()) {
    return refuse(in, "the result must have element type ", name(from.dtype), " and ", from.elements(), " elements, got ", to_string(to));
  }
  return std::vector<TensorType>{to};
}

Types reverse(const RuleInput& in) {
  TENON_TRY(expect_axes(in, "dimensions", in.operands[0].rank()));
  return settle(in, {in.operands[0]});
}

Types slice(const RuleInput& in) {
  TensorType type = in.operands[0];
  TENON_TRY(expect_static(in, type, "the operand"));
  TENON_TRY(expect_count(in, "start_indices", type.dims.size()));
  TENON_TRY(expect_count(in, "limit_indices", type.dims.size()));
  if (find(in.attributes, "strides") != nullptr) TENON_TRY(expect_count(in, "strides", type.dims.size()));
  TENON_TRY(expect_least(in, "strides", 1));
  const auto& start = get_ints(in.attributes, "start_indices");
  const auto& limit = get_ints(in.attributes, "limit_indices");
  const auto& strides = get_ints(in.attributes, "strides");
  for (std::size_t i = 0; i < type.dims.size(); ++i) {
    if (start[i] < 0 || start[i] > limit[i] || limit[i] > type.dims[i]) {
      return refuse(in, "dimension ", i, ": needs 0 <= start <= limit <= ", type.dims[i], ", got ", start[i], ":", limit[i]);
    }
    const std::int64_t length = limit[i] - start[i];
    const std::int64_t stride = strides.empty() ? 1 : strides[i];
    type.dims[i] = length == 0 ? 0 : (length - 1) / stride + 1;
  }
  return settle(in, {std::move(type)});
}

Types transpose(const RuleInput& in) {
  const TensorType& from = in.operands[0];
  TENON_TRY(expect_count(in, "permutation", from.dims.size()));
  TENON_TRY(expect_axes(in, "permutation", from.rank()));
  TensorType type{from.dtype, {}};
  for (const std::int64_t axis : get_ints(in.attributes, "permutation")) type.dims.push_back(from.dims[static_cast<std::size_t>(axis)]);
  return settle(in, {std::move(type)});
}

}  // namespace tenon::stablehlo::rules
