// What the builder adds to validity: the texts that engines are known to get wrong are refused or written another way.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/stablehlo/builder.h"
#include "core/stablehlo/rules.h"
#include "core/type/convert.h"

namespace tenon::stablehlo {
namespace {

// Operations that compute with elements, as opposed to moving, comparing or converting them.
bool is_arithmetic(OpCode code) {
  switch (code) {
    case OpCode::Convert:
    case OpCode::BitcastConvert:
    case OpCode::OptimizationBarrier:
    case OpCode::Compare:
    case OpCode::Select:
      return false;
    case OpCode::DotGeneral:
    case OpCode::Convolution:
      return true;
    default:
      return code <= OpCode::Clamp;  // the elementwise operations come first in op_code.h
  }
}

bool is_narrow(DType dtype) { return dtype == DType::I4 || dtype == DType::UI4 || dtype == DType::F8E4M3FN || dtype == DType::F8E5M2; }

// The floats next to the ends of an integer type's range: the largest not above its highest value, the smallest not below its lowest.
struct Range {
  double low = 0, high = 0;
  bool low_exact = true, high_exact = true;  // the float is the integer itself
};

Range range_in(DType from, DType to) {
  struct Format {
    int precision;
    double largest;
  };
  const Format format = from == DType::F16    ? Format{11, 65504.0}
                        : from == DType::BF16 ? Format{8, std::ldexp(255.0, 120)}
                        : from == DType::F32  ? Format{24, static_cast<double>(std::numeric_limits<float>::max())}
                                              : Format{53, std::numeric_limits<double>::max()};
  const int bits = is_signed(to) ? info(to).bits - 1 : info(to).bits;  // the highest value is 2^bits - 1
  const double power = std::ldexp(1.0, bits);
  Range range;
  range.high_exact = bits <= format.precision;
  range.high = range.high_exact ? power - 1 : power - std::ldexp(1.0, bits - format.precision);
  if (range.high > format.largest) {
    range.high = format.largest;
    range.high_exact = false;
  }
  if (is_signed(to)) {
    range.low = std::max(-power, -format.largest);
    range.low_exact = -power >= -format.largest;
  }
  return range;
}

std::int64_t product_after(const Dims& dims, std::size_t axis) {
  std::int64_t product = 1;
  for (std::size_t i = axis + 1; i < dims.size(); ++i) product *= dims[i];
  return product;
}

}  // namespace

Builder::Values Builder::run(Call call) {
  TENON_TRY(refuse_unportable(call));
  switch (call.code) {
    case OpCode::Compare:
      complete_compare(call);
      break;
    case OpCode::Divide:
    case OpCode::Remainder:
      if (call.operands.size() == 2 && is_integer(type(call.operands[0]).dtype)) return divide(std::move(call));
      break;
    case OpCode::Convert:
      if (call.operands.size() == 1 && call.declared.size() == 1 && is_valid(call.declared[0].dtype) &&
          is_float(type(call.operands[0]).dtype) && is_integer(call.declared[0].dtype)) {
        return convert_float_to_integer(std::move(call));
      }
      break;
    case OpCode::Gather:
    case OpCode::Scatter:
      return index_safely(std::move(call));
    default:
      break;
  }
  // A broadcast or reshape of a splat is as well known as the splat.
  std::shared_ptr<const Constant> splat;
  if ((call.code == OpCode::BroadcastInDim || call.code == OpCode::Reshape) && call.operands.size() == 1) {
    if (const Constant* constant = known(call.operands[0]); constant != nullptr && constant->kind == Constant::Kind::Splat) {
      splat = known_[call.operands[0]];
    }
  }
  Values results = append(std::move(call));
  if (results.ok() && splat != nullptr && func().types[(*results)[0]].elements() > 0) remember((*results)[0], splat);
  return results;
}

Status Builder::refuse_unportable(const Call& call) const {
  const bool computes_elements =
      call.code == OpCode::Reduce || call.code == OpCode::ReduceWindow || call.code == OpCode::Scatter || call.code == OpCode::Sort;
  if (computes_elements && !captures(closed_).empty()) {
    return located(fail(Code::InvalidArgument, "[", info(call.code).name, "] its region uses a value from outside, which XLA refuses")
                       .advise("define constants inside the region"));
  }
  if (call.operands.empty() || !is_arithmetic(call.code)) return {};
  const DType dtype = type(call.operands[call.code == OpCode::Clamp && call.operands.size() > 1 ? 1 : 0]).dtype;
  const std::string_view op = info(call.code).name;
  if (dtype == DType::I1 && (call.code == OpCode::Add || call.code == OpCode::DotGeneral)) {
    return located(fail(Code::InvalidArgument, "[", op, "] i1 is not added: engines differ between OR and XOR").advise("use stablehlo.or"));
  }
  if (is_narrow(dtype)) {
    return located(fail(Code::InvalidArgument, "[", op, "] no arithmetic in ", name(dtype), ": engines differ in it")
                       .advise(is_float(dtype) ? "convert to f32 first" : "convert to i8 or wider first"));
  }
  return {};
}

void Builder::complete_compare(Call& call) const {
  if (call.operands.empty() || find(call.attributes, "compare_type") != nullptr) return;
  const DType dtype = type(call.operands[0]).dtype;
  set(call.attributes, "compare_type", std::string(is_float(dtype) ? "FLOAT" : is_signed(dtype) ? "SIGNED" : "UNSIGNED"));
}

// x / 0 = -1, x rem 0 = x, lowest / -1 = lowest, lowest rem -1 = 0: the divisor is replaced by 1 where it would trap.
Builder::Values Builder::divide(Call call) {
  TENON_ASSIGN(const std::vector<TensorType> types, infer(call));
  const ValueId a = call.operands[0], b = call.operands[1];
  const DType dtype = types[0].dtype;
  if (const Constant* divisor = known(b)) {
    bool harmless = true;
    for (std::size_t at = 0; at < divisor->data().size(); at += storage_size(dtype)) {
      const std::int64_t value = load_i64(dtype, divisor->data().data() + at);
      harmless = harmless && value != 0 && !(is_signed(dtype) && value == -1);
    }
    if (harmless) return append(std::move(call));
  }
  TENON_ASSIGN(const ValueId zero, filled_like(b, 0));
  TENON_ASSIGN(const ValueId is_zero, compare("EQ", b, zero));
  ValueId unsafe = is_zero;
  if (is_signed(dtype)) {
    TENON_ASSIGN(const ValueId minus_one, filled_like(b, -1));
    TENON_ASSIGN(const ValueId lowest, filled_like(a, lowest_i64(dtype)));
    TENON_ASSIGN(const ValueId at_lowest, compare("EQ", a, lowest));
    TENON_ASSIGN(const ValueId negates, compare("EQ", b, minus_one));
    TENON_ASSIGN(const ValueId overflows, plain(OpCode::And, {at_lowest, negates}));
    TENON_ASSIGN(unsafe, plain(OpCode::Or, {is_zero, overflows}));
  }
  TENON_ASSIGN(const ValueId one, filled_like(b, 1));
  TENON_ASSIGN(const ValueId divisor, plain(OpCode::Select, {unsafe, one, b}));
  const bool quotient = call.code == OpCode::Divide;
  call.operands[1] = divisor;
  TENON_ASSIGN(const std::vector<ValueId> result, append(std::move(call)));
  ValueId at_zero = a;
  if (quotient) {
    TENON_ASSIGN(at_zero, filled_like(result[0], -1));  // all bits set: the highest value of an unsigned type
  }
  TENON_ASSIGN(const ValueId guarded, plain(OpCode::Select, {is_zero, at_zero, result[0]}));
  return std::vector<ValueId>{guarded};
}

// Saturates, and NaN gives 0, whatever the engine's own conversion does out of range.
Builder::Values Builder::convert_float_to_integer(Call call) {
  TENON_ASSIGN(const std::vector<TensorType> types, infer(call));
  ValueId value = call.operands[0];
  const DType to = types[0].dtype;
  if (is_narrow(type(value).dtype)) {
    TENON_ASSIGN(value, plain(OpCode::Convert, {value}, {}, {TensorType{DType::F32, {}}}));
  }
  const TensorType from = type(value);
  const Range range = range_in(from.dtype, to);
  const TensorType scalar{from.dtype, {}};
  TENON_ASSIGN(const ValueId is_nan, compare("NE", value, value));
  TENON_ASSIGN(const ValueId zero, splat_like(value, 0));
  TENON_ASSIGN(const ValueId number, plain(OpCode::Select, {is_nan, zero, value}));
  TENON_ASSIGN(const ValueId low, splat(scalar, range.low));
  TENON_ASSIGN(const ValueId high, splat(scalar, range.high));
  TENON_ASSIGN(const ValueId inside, plain(OpCode::Clamp, {low, number, high}));
  // i4 is only stored: the arithmetic of the conversion happens in i8, and the values already fit.
  const DType step = to == DType::I4 ? DType::I8 : to == DType::UI4 ? DType::UI8 : to;
  TENON_ASSIGN(ValueId result, plain(OpCode::Convert, {inside}, {}, {TensorType{step, {}}}));
  const auto replace_beyond = [&](std::string_view direction, double bound, std::int64_t end) -> Status {
    TENON_ASSIGN(const ValueId limit, splat_like(number, bound));
    TENON_ASSIGN(const ValueId beyond, compare(direction, number, limit));
    TENON_ASSIGN(const ValueId constant, filled_like(result, end));
    TENON_ASSIGN(result, plain(OpCode::Select, {beyond, constant, result}));
    return {};
  };
  if (!range.high_exact) TENON_TRY(replace_beyond("GT", range.high, highest_i64(to)));
  if (!range.low_exact) TENON_TRY(replace_beyond("LT", range.low, lowest_i64(to)));
  if (step != to) {
    TENON_ASSIGN(result, plain(OpCode::Convert, {result}, {}, {TensorType{to, {}}}));
  }
  return std::vector<ValueId>{result};
}

// gather and scatter with their indices clamped, so that no window leaves the tensor.
Builder::Values Builder::index_safely(Call call) {
  TENON_ASSIGN(const std::vector<TensorType> types, infer(call));
  const bool gathers = call.code == OpCode::Gather;
  const std::size_t at = gathers ? 1 : call.operands.size() / 2;  // scatter: inputs, indices, updates
  const TensorType tensor = type(call.operands[0]);
  std::vector<Extent> window(tensor.dims.size(), Extent{1, 0, 0});
  if (gathers) {
    const auto& sizes = get_ints(call.attributes, "slice_sizes");
    for (std::size_t i = 0; i < window.size(); ++i) window[i].size = sizes[i];
  } else {
    const TensorType updates = type(call.operands[at + 1]);
    const auto& window_dims = get_ints(call.attributes, "update_window_dims");
    for (std::size_t i = 0, next = 0; i < window.size(); ++i) {
      const auto axis = static_cast<std::int64_t>(i);
      const bool dropped = rules::contains(get_ints(call.attributes, "inserted_window_dims"), axis) ||
                           rules::contains(get_ints(call.attributes, "input_batching_dims"), axis);
      if (dropped) continue;
      const std::int64_t dimension = window_dims[next++];
      window[i] = {updates.dims[static_cast<std::size_t>(dimension)], call.operands[at + 1], dimension};
    }
  }
  std::vector<std::int64_t> highest;
  std::vector<std::pair<Extent, Extent>> extents;  // of the tensor and of the window, per index
  bool known = true;
  for (const std::int64_t axis : get_ints(call.attributes, gathers ? "start_index_map" : "scatter_dims_to_operand_dims")) {
    const auto i = static_cast<std::size_t>(axis);
    const bool sized = tensor.dims[i] != kDynamic && window[i].size != kDynamic;
    known = known && sized;
    highest.push_back(sized ? std::max<std::int64_t>(tensor.dims[i] - window[i].size, 0) : 0);
    extents.push_back({{tensor.dims[i], call.operands[0], axis}, window[i]});
  }
  std::vector<Region> regions = std::move(closed_);  // the operation's own, not the clamp's
  closed_.clear();
  const std::int64_t vector_dim = get_int(call.attributes, "index_vector_dim");
  // Bounds that differ have no constant in the shape of indices whose shape is not known.
  const bool differ = std::adjacent_find(highest.begin(), highest.end(), std::not_equal_to<>()) != highest.end();
  if (known && !(differ && !type(call.operands[at]).is_static())) {
    TENON_ASSIGN(call.operands[at], clamp_indices(call.operands[at], highest, vector_dim));
  } else {
    TENON_ASSIGN(call.operands[at], clamp_indices_by_size(call.operands[at], extents, vector_dim));
  }
  closed_ = std::move(regions);
  return append(std::move(call));
}

Result<ValueId> Builder::clamp_indices(ValueId indices, const std::vector<std::int64_t>& highest, std::int64_t vector_dim) {
  const TensorType type = this->type(indices);
  if (highest.empty() || (type.is_static() && type.elements() == 0)) return indices;
  std::vector<std::int64_t> bounds;  // what the index type can hold of them
  for (const std::int64_t bound : highest) {
    bounds.push_back(type.dtype == DType::UI64 ? bound : std::min(bound, highest_i64(type.dtype)));
  }
  if (const Constant* constant = known(indices)) {
    // Constant indices that are in range need nothing.
    const std::int64_t inner = vector_dim < type.rank() ? product_after(type.dims, static_cast<std::size_t>(vector_dim)) : 1;
    const auto count = static_cast<std::int64_t>(bounds.size());
    const std::size_t size = storage_size(type.dtype);
    const bool splat = constant->kind == Constant::Kind::Splat;
    bool inside = true;
    for (std::int64_t i = 0; inside && i < type.elements(); ++i) {
      const std::int64_t value = load_i64(type.dtype, constant->data().data() + (splat ? 0 : static_cast<std::size_t>(i) * size));
      inside = value >= 0 && value <= bounds[static_cast<std::size_t>((i / inner) % count)];
    }
    if (inside) return indices;
  }
  const TensorType scalar{type.dtype, {}};
  TENON_ASSIGN(const ValueId low, filled(scalar, 0));
  ValueId high = 0;
  if (std::adjacent_find(bounds.begin(), bounds.end(), std::not_equal_to<>()) == bounds.end()) {
    TENON_ASSIGN(high, filled(scalar, bounds[0]));
  } else {
    const std::size_t size = storage_size(type.dtype);
    std::vector<std::byte> bytes(bounds.size() * size);
    for (std::size_t i = 0; i < bounds.size(); ++i) store_i64(type.dtype, bytes.data() + i * size, bounds[i]);
    TENON_ASSIGN(high, constant(TensorType{type.dtype, {static_cast<std::int64_t>(bounds.size())}}, bytes));
    const std::int64_t where[] = {vector_dim};
    TENON_ASSIGN(high, broadcast(high, type.dims, where));
  }
  return plain(OpCode::Clamp, {low, indices, high});
}

// The same where a size is known only when the program runs.
Result<ValueId> Builder::clamp_indices_by_size(ValueId indices, const std::vector<std::pair<Extent, Extent>>& extents,
                                               std::int64_t vector_dim) {
  const TensorType type = this->type(indices);
  const TensorType number{DType::I32, {}};
  const auto size_of = [&](const Extent& extent) -> Result<ValueId> {
    if (extent.size != kDynamic) return filled(number, extent.size);
    return plain(OpCode::GetDimensionSize, {extent.value}, {{"dimension", IntAttr{extent.dimension}}});
  };
  TENON_ASSIGN(const ValueId zero, filled(number, 0));
  std::vector<ValueId> bounds;
  for (const auto& [tensor, window] : extents) {
    TENON_ASSIGN(const ValueId whole, size_of(tensor));
    TENON_ASSIGN(const ValueId part, size_of(window));
    TENON_ASSIGN(ValueId bound, plain(OpCode::Subtract, {whole, part}));
    TENON_ASSIGN(bound, plain(OpCode::Maximum, {bound, zero}));
    if (type.dtype != DType::UI64 && highest_i64(type.dtype) < highest_i64(DType::I32)) {
      TENON_ASSIGN(const ValueId most, filled(number, highest_i64(type.dtype)));
      TENON_ASSIGN(bound, plain(OpCode::Minimum, {bound, most}));
    }
    TENON_ASSIGN(bounds.emplace_back(), convert(bound, type.dtype));
  }
  TENON_ASSIGN(const ValueId low, filled(TensorType{type.dtype, {}}, 0));
  if (bounds.size() == 1) return plain(OpCode::Clamp, {low, indices, bounds[0]});
  for (ValueId& bound : bounds) {
    TENON_ASSIGN(bound, reshape(bound, {1}));
  }
  TENON_ASSIGN(ValueId high, plain(OpCode::Concatenate, std::move(bounds), {{"dimension", IntAttr{0}}}));
  TENON_ASSIGN(high, spread(high, indices, {vector_dim}));
  return plain(OpCode::Clamp, {low, indices, high});
}

}  // namespace tenon::stablehlo
