// Constants, and the compositions that everyone needs.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/stablehlo/builder.h"
#include "core/type/convert.h"

namespace tenon::stablehlo {

// ---- constants

void Builder::remember(ValueId id, std::shared_ptr<const Constant> constant) {
  if (known_.size() <= id) known_.resize(id + 1);
  known_[id] = std::move(constant);
}

Result<ValueId> Builder::constant(const TensorType& type, std::span<const std::byte> bytes) {
  TENON_ASSIGN(const std::int64_t elements, checked_elements(type));
  if (bytes.size() != type.bytes()) {
    return located(fail(Code::InvalidArgument, "[stablehlo.constant] the value of ", to_string(type), " must have ", type.bytes(),
                        " bytes, got ", bytes.size()));
  }
  const std::size_t size = storage_size(type.dtype);
  bool equal = elements > 0;
  for (std::size_t at = size; equal && at < bytes.size(); at += size) equal = std::memcmp(bytes.data(), bytes.data() + at, size) == 0;
  const std::span<const std::byte> kept = equal ? bytes.first(size) : bytes;
  if (kept.size() > limits_.constant_bytes - constant_bytes_) {
    return located(fail(Code::ResourceExhausted, "[stablehlo.constant] the function's constants would have more than ",
                        limits_.constant_bytes, " bytes"))
        .advise("make it a parameter");
  }
  auto constant = std::make_shared<Constant>();
  constant->kind = equal ? Constant::Kind::Splat : Constant::Kind::Inline;
  constant->bytes = std::make_shared<const std::vector<std::byte>>(kept.begin(), kept.end());
  TENON_ASSIGN(const std::vector<ValueId> results, append(Call{OpCode::Constant, {}, {}, {type}, {}}, constant));
  constant_bytes_ += kept.size();
  remember(results[0], constant);
  return results[0];
}

// One element everywhere; a tensor without elements holds none.
Result<ValueId> Builder::repeat(const TensorType& type, const std::byte* element) {
  TENON_ASSIGN(const std::int64_t elements, checked_elements(type));
  auto constant = std::make_shared<Constant>();
  constant->kind = elements == 0 ? Constant::Kind::Inline : Constant::Kind::Splat;
  constant->bytes = std::make_shared<const std::vector<std::byte>>(element, element + (elements == 0 ? 0 : storage_size(type.dtype)));
  TENON_ASSIGN(const std::vector<ValueId> results, append(Call{OpCode::Constant, {}, {}, {type}, {}}, constant));
  remember(results[0], constant);
  return results[0];
}

Result<ValueId> Builder::filled(const TensorType& type, std::int64_t value) {
  std::byte element[8] = {};
  store_i64(type.dtype, element, value);
  return repeat(type, element);
}

Result<ValueId> Builder::splat_i64(const TensorType& type, std::int64_t value) {
  TENON_TRY(check_type(type));
  if (!is_float(type.dtype) && !fits(type.dtype, value)) {
    return located(fail(Code::InvalidArgument, "[stablehlo.constant] ", value, " is not a value of ", name(type.dtype)));
  }
  if (!is_float(type.dtype)) return filled(type, value);
  std::byte element[8] = {};
  store_f64(type.dtype, element, static_cast<double>(value));
  return repeat(type, element);
}

Result<ValueId> Builder::splat(const TensorType& type, double value) {
  TENON_TRY(check_type(type));
  std::byte element[8] = {};
  if (is_float(type.dtype)) {
    store_f64(type.dtype, element, value);
    return repeat(type, element);
  }
  // 2^63 and more are values of ui64 alone, where they travel as a bit pattern.
  constexpr double kTwo63 = 9223372036854775808.0;
  const bool whole = std::isfinite(value) && value == std::trunc(value);
  if (whole && value >= -kTwo63 && value < kTwo63) return splat_i64(type, static_cast<std::int64_t>(value));
  if (whole && type.dtype == DType::UI64 && value >= kTwo63 && value < 2 * kTwo63) {
    return filled(type, static_cast<std::int64_t>(static_cast<std::uint64_t>(value)));
  }
  return located(fail(Code::InvalidArgument, "[stablehlo.constant] ", value, " is not a value of ", name(type.dtype)));
}

Result<ValueId> Builder::filled_like(ValueId like, std::int64_t value) {
  const TensorType type = this->type(like);
  if (type.is_static()) return filled(type, value);
  TENON_ASSIGN(const ValueId scalar, filled({type.dtype, {}}, value));
  return spread(scalar, like);
}

Result<ValueId> Builder::splat_like(ValueId like, double value) {
  const TensorType type = this->type(like);
  if (type.is_static()) return splat(type, value);
  TENON_ASSIGN(const ValueId scalar, splat({type.dtype, {}}, value));
  return spread(scalar, like);
}

Result<ValueId> Builder::spread(ValueId value, ValueId like, std::vector<std::int64_t> where) {
  const TensorType type{this->type(value).dtype, this->type(like).dims};
  if (type.is_static()) return broadcast(value, type.dims, where);
  std::vector<ValueId> sizes;
  for (std::int64_t i = 0; i < type.rank(); ++i) {
    TENON_ASSIGN(const ValueId size, plain(OpCode::GetDimensionSize, {like}, {{"dimension", IntAttr{i}}}));
    TENON_ASSIGN(sizes.emplace_back(), plain(OpCode::Reshape, {size}, {}, {TensorType{DType::I32, {1}}}));
  }
  TENON_ASSIGN(const ValueId shape, plain(OpCode::Concatenate, std::move(sizes), {{"dimension", IntAttr{0}}}));
  return plain(OpCode::DynamicBroadcastInDim, {value, shape}, {{"broadcast_dimensions", IntsAttr{std::move(where), ListStyle::Array}}},
               {type});
}

Result<ValueId> Builder::parameter(const TensorType& type, std::string name) {
  if (name.size() > limits_.name_bytes) {
    return located(fail(Code::ResourceExhausted, "[stablehlo.constant] a parameter's name has ", name.size(), " bytes, at most ",
                        limits_.name_bytes, " are allowed"));
  }
  auto constant = std::make_shared<Constant>();
  constant->kind = Constant::Kind::External;
  constant->parameter = std::move(name);
  TENON_ASSIGN(const std::vector<ValueId> results, append(Call{OpCode::Constant, {}, {}, {type}, {}}, std::move(constant)));
  return results[0];
}

// ---- compositions

Result<ValueId> Builder::convert(ValueId value, DType to) {
  if (valid(value) && type(value).dtype == to) return value;
  return op1(OpCode::Convert, {value}, {}, {TensorType{to, {}}});
}

Result<ValueId> Builder::broadcast(ValueId value, const Dims& dims, std::span<const std::int64_t> at) {
  const TensorType from = type(value);
  bool same = valid(value) && from.dims == dims && at.size() == dims.size();
  for (std::size_t i = 0; same && i < at.size(); ++i) same = at[i] == static_cast<std::int64_t>(i);
  if (same) return value;
  return op1(OpCode::BroadcastInDim, {value}, {{"broadcast_dimensions", IntsAttr{{at.begin(), at.end()}, ListStyle::Array}}},
             {TensorType{from.dtype, dims}});
}

Result<ValueId> Builder::reshape(ValueId value, Dims dims) {
  const TensorType from = type(value);
  if (valid(value) && from.dims == dims) return value;
  return op1(OpCode::Reshape, {value}, {}, {TensorType{from.dtype, std::move(dims)}});
}

Result<ValueId> Builder::compare(std::string_view direction, ValueId a, ValueId b) {
  return op1(OpCode::Compare, {a, b}, {{"comparison_direction", std::string(direction)}});
}

Result<ValueId> Builder::reduce(OpCode reducer, ValueId value, double init, std::vector<std::int64_t> dimensions, bool keep_dimensions) {
  const OpInfo& row = info(OpCode::Reduce);
  if (!info(reducer).commutative_reducer) {
    return located(fail(Code::InvalidArgument, "[", row.name, "] ", info(reducer).name, " is not a commutative operation on two values"));
  }
  TENON_TRY(check_values(row, std::span(&value, 1)));
  const TensorType from = type(value);
  const TensorType scalar{from.dtype, {}};
  Result<ValueId> start = 0;
  if (!is_float(from.dtype) && std::isinf(init)) {
    start = filled(scalar, init < 0 ? lowest_i64(from.dtype) : highest_i64(from.dtype));
  } else {
    start = splat(scalar, init);
  }
  if (!start.ok()) return start;
  const std::size_t depth = open_.size();
  const auto body = [&]() -> Status {
    const TensorType types[] = {scalar, scalar};
    TENON_ASSIGN(const std::vector<ValueId> pair, begin_region(types));
    TENON_ASSIGN(const std::vector<ValueId> combined, op(reducer, pair));
    TENON_ASSIGN(const std::vector<ValueId> none, op(OpCode::Return, combined));
    return end_region();
  };
  if (Status status = body(); !status.ok()) {
    drop_regions(depth);
    return status.take_error();
  }
  Dims kept = from.dims;
  for (const std::int64_t axis : dimensions) {
    if (axis >= 0 && axis < from.rank()) kept[static_cast<std::size_t>(axis)] = 1;  // the type rule refuses the others
  }
  TENON_ASSIGN(const ValueId reduced,
               op1(OpCode::Reduce, {value, *start}, {{"dimensions", IntsAttr{std::move(dimensions), ListStyle::Array}}}));
  return keep_dimensions ? reshape(reduced, std::move(kept)) : Result<ValueId>(reduced);
}

}  // namespace tenon::stablehlo
