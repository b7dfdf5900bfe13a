// tenon/plugin_builder.hpp - writing StableHLO: what an operator's lowering is made with. Part of tenon/plugin.hpp.
#ifndef TENON_PLUGIN_BUILDER_HPP_
#define TENON_PLUGIN_BUILDER_HPP_

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tenon/plugin_node.hpp"

namespace tenon {
namespace plugin {

// `value` rounded once to a float type of that many mantissa bits (f16: 10, 5; bf16: 7, 8), half to even.
inline uint16_t round_to_16_bits(double value, int mantissa_bits, int exponent_bits) {
  const uint32_t sign = std::signbit(value) ? 0x8000u : 0u;
  const uint32_t infinity = ((1u << exponent_bits) - 1) << mantissa_bits;
  if (std::isnan(value)) return static_cast<uint16_t>(sign | infinity | (1u << (mantissa_bits - 1)));
  if (std::isinf(value)) return static_cast<uint16_t>(sign | infinity);
  if (value == 0) return static_cast<uint16_t>(sign);
  const int bias = (1 << (exponent_bits - 1)) - 1;
  int exponent = 0;
  (void)std::frexp(value, &exponent);  // |value| in [2^(exponent-1), 2^exponent)
  const int lowest = std::max(exponent - 1, 1 - bias);
  // In units of the last place there: an integer below 2^(mantissa_bits + 1), which carries into the exponent by itself.
  const double units = std::nearbyint(std::ldexp(std::fabs(value), mantissa_bits - lowest));
  const uint64_t bits = static_cast<uint64_t>(units) + (static_cast<uint64_t>(lowest + bias - 1) << mantissa_bits);
  return static_cast<uint16_t>(sign | (bits > infinity ? infinity : static_cast<uint32_t>(bits)));
}

// ---- Writing StableHLO ----
struct Value {
  tenon_hlo_value id = TENON_HLO_NONE;
  explicit operator bool() const { return id != TENON_HLO_NONE; }
};
using Values = std::vector<Value>;

class Builder {
 public:
  Builder(tenon_call* call, const tenon_node* node, tenon_builder* builder) : node_(call, node), call_(call), builder_(builder) {}
  const Node& node() const { return node_; }

  // The operator's operands, and its end.
  Value operand(std::size_t index) {
    Value out;
    check(host().build_operand(call_, builder_, index, &out.id));
    return out;
  }
  void finish(const Values& results) {  // absent ones, as use() gives them, are left out
    std::vector<tenon_hlo_value> ids;
    for (Value result : results)
      if (result) ids.push_back(result.id);
    check(host().build_return(call_, builder_, ids.data(), ids.size()));
  }
  Type type(Value value) {
    tenon_type_view out = TENON_TYPE_VIEW_INIT;
    check(host().build_type(call_, builder_, value.id, &out));
    return Type(out);
  }

  // Any operation. `results`: the types where they do not follow from the operands.
  Values op(std::string_view name, const Values& operands, const Attributes& attributes = {}, const std::vector<Type>& results = {}) {
    const std::vector<tenon_hlo_value> ids = ids_of(operands);
    const std::vector<tenon_attr> attrs = views_of(attributes);
    std::vector<tenon_type_view> types;
    for (const Type& t : results) types.push_back(t.view());
    tenon_hlo_op request = TENON_HLO_OP_INIT;
    request.name = name.data();
    request.name_length = name.size();
    request.operands = ids.data();
    request.operand_count = ids.size();
    request.attributes = attrs.data();
    request.attribute_count = attrs.size();
    request.result_types = types.data();
    request.result_type_count = types.size();
    return collect([&](tenon_hlo_value* out, std::size_t capacity, std::size_t* count) {
      return host().build_op(call_, builder_, &request, out, capacity, count);
    });
  }
  Value op1(std::string_view name, const Values& operands, const Attributes& attributes = {}, const std::vector<Type>& results = {}) {
    return op(name, operands, attributes, results).at(0);
  }
  // A region of the next operation: body(arguments) returns its results.
  template <class Body>
  void region(const std::vector<Type>& arguments, const Body& body) {
    std::vector<tenon_type_view> types;
    for (const Type& t : arguments) types.push_back(t.view());
    std::vector<tenon_hlo_value> ids(arguments.size() + 1);
    check(host().build_region_begin(call_, builder_, types.data(), types.size(), ids.data()));
    Values values;
    for (std::size_t i = 0; i < arguments.size(); ++i) values.push_back({ids[i]});
    ++open_regions_;
    const std::vector<tenon_hlo_value> results = ids_of(body(values));
    --open_regions_;
    check(host().build_region_end(call_, builder_, results.data(), results.size()));
  }
  // Another operator, by its meaning. Absent operands: Value().
  Values use(std::string_view name, const Values& operands, const Attributes& attributes = {}) {
    return use_operator(name, operands, attributes, 0);
  }
  Value use1(std::string_view name, const Values& operands, const Attributes& attributes = {}) {
    return use(name, operands, attributes).at(0);
  }
  // In lower_as: the carrier that the target asks for.
  Values carrier(std::string_view name, const Values& operands, const Attributes& attributes) {
    return use_operator(name, operands, attributes, 1);
  }

  // Constants. The value is rounded once to the type; an integer type takes exact values only.
  Value constant(const Type& type, const void* data, std::size_t bytes) {
    const tenon_type_view view = type.view();
    Value out;
    check(host().build_constant(call_, builder_, &view, data, bytes, &out.id));
    return out;
  }
  Value splat(const Type& type, double value) {
    unsigned char bytes[8] = {};
    return constant(type, bytes, encode(type.dtype, value, bytes));
  }
  Value scalar(tenon_dtype dtype, double value) { return splat({dtype, {}}, value); }
  Value splat_like(Value like, double value) { return filled(like, type(like).dtype, value); }
  // The ends of a type as scalars: -inf and inf, or the lowest and highest integer (i1: false and true).
  Value lowest(tenon_dtype dtype) {
    if (is_float(dtype)) return scalar(dtype, -std::numeric_limits<double>::infinity());
    if (dtype == TENON_I4) return scalar(dtype, -8);
    const bool has_sign = dtype >= TENON_I8 && dtype <= TENON_I64;
    return scalar(dtype, has_sign ? -std::ldexp(1.0, (8 << (dtype - TENON_I8)) - 1) : 0);
  }
  Value highest(tenon_dtype dtype) {
    const auto exactly = [&](auto value) { return constant({dtype, {}}, &value, sizeof value); };
    switch (dtype) {
      case TENON_I1:
        return scalar(dtype, 1);
      case TENON_I4:
        return scalar(dtype, 7);
      case TENON_UI4:
        return scalar(dtype, 15);
      case TENON_I64:
        return exactly(std::numeric_limits<int64_t>::max());  // no double
      case TENON_UI64:
        return exactly(std::numeric_limits<uint64_t>::max());
      default:
        break;
    }
    if (is_float(dtype)) return scalar(dtype, std::numeric_limits<double>::infinity());
    const bool has_sign = dtype <= TENON_I64;
    return scalar(dtype, std::ldexp(1.0, (8 << (dtype - (has_sign ? TENON_I8 : TENON_UI8))) - (has_sign ? 1 : 0)) - 1);
  }

  // Elementwise. Operands have one type: nothing is broadcast.
  Value add(Value a, Value b) { return op1("add", {a, b}); }
  Value subtract(Value a, Value b) { return op1("subtract", {a, b}); }
  Value multiply(Value a, Value b) { return op1("multiply", {a, b}); }
  Value divide(Value a, Value b) { return op1("divide", {a, b}); }
  Value remainder(Value a, Value b) { return op1("remainder", {a, b}); }
  Value power(Value a, Value b) { return op1("power", {a, b}); }
  Value maximum(Value a, Value b) { return op1("maximum", {a, b}); }
  Value minimum(Value a, Value b) { return op1("minimum", {a, b}); }
  Value logical_and(Value a, Value b) { return op1("and", {a, b}); }
  Value logical_or(Value a, Value b) { return op1("or", {a, b}); }
  Value logical_xor(Value a, Value b) { return op1("xor", {a, b}); }
  Value logical_not(Value a) { return op1("not", {a}); }
  Value negate(Value a) { return op1("negate", {a}); }
  Value abs(Value a) { return op1("abs", {a}); }
  Value sign(Value a) { return op1("sign", {a}); }
  Value sqrt(Value a) { return op1("sqrt", {a}); }
  Value rsqrt(Value a) { return op1("rsqrt", {a}); }
  Value cbrt(Value a) { return op1("cbrt", {a}); }
  Value exponential(Value a) { return op1("exponential", {a}); }
  Value exponential_minus_one(Value a) { return op1("exponential_minus_one", {a}); }
  Value log(Value a) { return op1("log", {a}); }
  Value log_plus_one(Value a) { return op1("log_plus_one", {a}); }
  Value atan2(Value a, Value b) { return op1("atan2", {a, b}); }
  Value logistic(Value a) { return op1("logistic", {a}); }
  Value tanh(Value a) { return op1("tanh", {a}); }
  Value sine(Value a) { return op1("sine", {a}); }
  Value cosine(Value a) { return op1("cosine", {a}); }
  Value floor(Value a) { return op1("floor", {a}); }
  Value ceil(Value a) { return op1("ceil", {a}); }
  Value round_nearest_even(Value a) { return op1("round_nearest_even", {a}); }
  Value is_finite(Value a) { return op1("is_finite", {a}); }
  Value clamp(Value low, Value a, Value high) { return op1("clamp", {low, a, high}); }
  Value select(Value condition, Value a, Value b) { return op1("select", {condition, a, b}); }
  // direction: EQ NE GE GT LE LT; the comparison type follows from the operands.
  Value compare(const char* direction, Value a, Value b) { return op1("compare", {a, b}, {{"comparison_direction", direction}}); }
  Value convert(Value a, tenon_dtype to) {  // no operation if it has that type already
    Type t = type(a);
    if (t.dtype == to) return a;
    t.dtype = to;
    return op1("convert", {a}, {}, {t});
  }

  // Shape.
  Value iota(const Type& result, int64_t dimension) { return op1("iota", {}, {{"iota_dimension", dimension}}, {result}); }
  Value reshape(Value a, Dims dims) { return op1("reshape", {a}, {}, {{type(a).dtype, std::move(dims)}}); }
  Value transpose(Value a, Dims permutation) { return op1("transpose", {a}, {{"permutation", std::move(permutation)}}); }
  Value slice(Value a, Dims starts, Dims limits, Dims strides) {
    return op1("slice", {a}, {{"start_indices", std::move(starts)}, {"limit_indices", std::move(limits)}, {"strides", std::move(strides)}});
  }
  Value pad(Value a, Value value, Dims low, Dims high) {  // negative sizes cut
    Dims none(low.size(), 0);
    return op1("pad", {a, value},
               {{"edge_padding_low", std::move(low)}, {"edge_padding_high", std::move(high)}, {"interior_padding", std::move(none)}});
  }
  Value reverse(Value a, Dims dimensions) { return op1("reverse", {a}, {{"dimensions", std::move(dimensions)}}); }
  Value dynamic_slice(Value a, Values starts, Dims slice_sizes) {  // starts: a scalar per dimension, clamped
    starts.insert(starts.begin(), a);
    return op1("dynamic_slice", starts, {{"slice_sizes", std::move(slice_sizes)}});
  }
  Value dynamic_update_slice(Value a, Value update, Values starts) {
    starts.insert(starts.begin(), {a, update});
    return op1("dynamic_update_slice", starts);
  }
  // Operands of f16 and bf16 with a result of f32 are added up in f32. Result: batch, then a's, then b's other dimensions.
  struct Contraction {
    Dims a_batch, b_batch, a_contract, b_contract;
  };
  Value dot_general(Value a, Value b, const Contraction& c, tenon_dtype result) {
    const Type ta = type(a), tb = type(b);
    const auto names = [](const Dims& list, int64_t dimension) {
      for (int64_t d : list)
        if (d == dimension) return true;
      return false;
    };
    Type out(result, {});
    for (std::size_t i = 0; i < c.a_batch.size(); ++i) {  // a size may be known on one side only
      const int64_t size = ta.dims.at(static_cast<std::size_t>(c.a_batch[i]));
      out.dims.push_back(size == TENON_DYNAMIC ? tb.dims.at(static_cast<std::size_t>(c.b_batch.at(i))) : size);
    }
    for (int64_t d = 0; d < ta.rank(); ++d)
      if (!names(c.a_batch, d) && !names(c.a_contract, d)) out.dims.push_back(ta.dims[static_cast<std::size_t>(d)]);
    for (int64_t d = 0; d < tb.rank(); ++d)
      if (!names(c.b_batch, d) && !names(c.b_contract, d)) out.dims.push_back(tb.dims[static_cast<std::size_t>(d)]);
    return op1("dot_general", {a, b},
               {{"lhs_batching_dimensions", c.a_batch},
                {"rhs_batching_dimensions", c.b_batch},
                {"lhs_contracting_dimensions", c.a_contract},
                {"rhs_contracting_dimensions", c.b_contract}},
               {out});
  }
  // The position along a dimension, in the shape of `like`, dynamic sizes included.
  Value iota_like(Value like, tenon_dtype dtype, int64_t dimension) {
    const Type t = type(like);
    if (t.is_static()) return iota({dtype, t.dims}, dimension);
    return op1("dynamic_iota", {sizes(like)}, {{"iota_dimension", dimension}}, {{dtype, t.dims}});
  }
  // `shape`: the sizes, an i32 tensor; `dims`: what is known of them.
  Value dynamic_reshape(Value a, Value shape, Dims dims) {
    return op1("dynamic_reshape", {a, shape}, {}, {{type(a).dtype, std::move(dims)}});
  }
  Value concatenate(const Values& parts, int64_t dimension) { return op1("concatenate", parts, {{"dimension", dimension}}); }
  // Dimension i of `a` becomes dimension at[i] of the result; its size is the result's there, or 1.
  Value broadcast_in_dim(Value a, Dims dims, Dims at) {
    return op1("broadcast_in_dim", {a}, {{"broadcast_dimensions", std::move(at)}}, {{type(a).dtype, std::move(dims)}});
  }
  // The same to the shape of another value, dynamic sizes included. A dynamic size of `a` is the result's there, never 1: engines that
  // compile dynamic shapes must know.
  Value broadcast_like(Value a, Value like, Dims at) {
    const Type to = type(like);
    if (to.is_static()) return broadcast_in_dim(a, to.dims, std::move(at));
    return dynamic_broadcast(a, sizes(like), to.dims, std::move(at));
  }
  // NumPy's rule: aligned at the last dimension. A dynamic size of `a` may turn out to be 1, which not every engine compiles.
  Value broadcast_like(Value a, Value like) {
    const Type from = type(a), to = type(like);
    if (from.dims == to.dims && to.is_static()) return a;
    Dims at;
    for (int64_t i = 0; i < from.rank(); ++i) at.push_back(to.rank() - from.rank() + i);
    if (to.is_static()) return broadcast_in_dim(a, to.dims, std::move(at));
    return dynamic_broadcast(a, sizes(like), to.dims, std::move(at), true);
  }
  // The sizes of a value, as i32 scalars in a rank-1 tensor.
  Value sizes(Value a) {
    for (const auto& known : sizes_)
      if (known.first == a.id && open_regions_ == 0) return known.second;
    Values parts;
    const int64_t rank = type(a).rank();
    for (int64_t i = 0; i < rank; ++i) parts.push_back(reshape(size(a, i), {1}));
    const Value out = parts.empty() ? splat({TENON_I32, {0}}, 0) : concatenate(parts, 0);
    if (open_regions_ == 0) sizes_.emplace_back(a.id, out);
    return out;
  }
  Value size(Value a, int64_t dimension) { return op1("get_dimension_size", {a}, {{"dimension", dimension}}); }

  // reducer(a, b) over those dimensions, which vanish; or, with keep, stay with size 1. init must be neutral.
  template <class Reducer>
  Value reduce(Value a, double init, Dims dimensions, bool keep, const Reducer& reducer) {
    return reduce(a, scalar(type(a).dtype, init), std::move(dimensions), keep, reducer);
  }
  template <class Reducer>
  Value reduce(Value a, Value start, Dims dimensions, bool keep, const Reducer& reducer) {
    const Type element(type(a).dtype, {});
    region({element, element}, [&](const Values& v) { return Values{reducer(v[0], v[1])}; });
    const Value out = op1("reduce", {a, start}, {{"dimensions", dimensions}});
    return keep ? keep_dimensions(out, a, dimensions) : out;
  }
  Value reduce_add(Value a, Dims dimensions, bool keep = false) {
    return reduce(a, 0, std::move(dimensions), keep, [this](Value x, Value y) { return add(x, y); });
  }
  // `reduced` with the vanished dimensions of `a` back, at size 1.
  Value keep_dimensions(Value reduced, Value a, const Dims& dimensions) {
    Dims dims = type(a).dims, at;
    Values parts;
    for (std::size_t i = 0; i < dims.size(); ++i) {
      bool gone = false;
      for (int64_t d : dimensions) gone = gone || d == static_cast<int64_t>(i);
      if (gone) dims[i] = 1;
      if (!gone) at.push_back(static_cast<int64_t>(i));
    }
    if (Type(TENON_F32, dims).is_static()) return reshape(reduced, dims);
    for (std::size_t i = 0; i < dims.size(); ++i)
      parts.push_back(dims[i] == 1 ? splat({TENON_I32, {1}}, 1) : reshape(size(a, static_cast<int64_t>(i)), {1}));
    return dynamic_broadcast(reduced, concatenate(parts, 0), dims, std::move(at));
  }
  // How many elements those dimensions of `a` have together, in the type of `like`.
  Value count(Value a, const Dims& dimensions, Value like) {
    const Type t = type(a);
    const tenon_dtype dtype = type(like).dtype;
    double known = 1;
    Value dynamic;  // the product of the sizes that are not known yet
    for (int64_t d : dimensions) {
      if (t.dims[static_cast<std::size_t>(d)] != TENON_DYNAMIC) {
        known *= static_cast<double>(t.dims[static_cast<std::size_t>(d)]);
        continue;
      }
      const Value n = convert(size(a, d), dtype);
      dynamic = dynamic ? multiply(dynamic, n) : n;
    }
    if (!dynamic) return splat_like(like, known);
    return broadcast_like(multiply(dynamic, scalar(dtype, known)), like, {});
  }

 private:
  static std::vector<tenon_hlo_value> ids_of(const Values& values) {
    std::vector<tenon_hlo_value> ids;
    ids.reserve(values.size());
    for (const Value& v : values) ids.push_back(v.id);
    return ids;
  }
  static std::vector<tenon_attr> views_of(const Attributes& attributes) {
    std::vector<tenon_attr> out;
    for (const Attribute& a : attributes) out.push_back(a.view());
    return out;
  }
  // The host says how many results there are; a second call would build a second operation, so there is room for many at once.
  template <class Call>
  Values collect(const Call& call) {
    std::vector<tenon_hlo_value> ids(64, TENON_HLO_NONE);
    std::size_t count = 0;
    check(call(ids.data(), ids.size(), &count));
    if (count > ids.size())
      node_.fail(TENON_UNIMPLEMENTED, cat("an operation with ", count, " results, at most ", ids.size(), " are taken"));
    Values out;
    for (std::size_t i = 0; i < count; ++i) out.push_back({ids[i]});
    return out;
  }
  Values use_operator(std::string_view name, const Values& operands, const Attributes& attributes, uint32_t carrier) {
    const std::vector<tenon_hlo_value> ids = ids_of(operands);
    const std::vector<tenon_attr> attrs = views_of(attributes);
    tenon_operator_use request = TENON_OPERATOR_USE_INIT;
    request.name = name.data();
    request.name_length = name.size();
    request.operands = ids.data();
    request.operand_count = ids.size();
    request.attributes = attrs.data();
    request.attribute_count = attrs.size();
    request.carrier = carrier;
    return collect([&](tenon_hlo_value* out, std::size_t capacity, std::size_t* count) {
      return host().build_operator(call_, builder_, &request, out, capacity, count);
    });
  }
  Value dynamic_broadcast(Value a, Value shape, Dims dims, Dims at, bool may_be_one = false) {
    const Type from = type(a);
    Dims same;  // what is known not to expand, which the types of static sizes say themselves
    for (int64_t i = 0; i < from.rank() && !may_be_one; ++i)
      if (from.dims[static_cast<std::size_t>(i)] == TENON_DYNAMIC) same.push_back(i);
    Attributes attributes{{"broadcast_dimensions", std::move(at)}};
    if (!same.empty()) attributes.emplace_back("known_nonexpanding_dimensions", std::move(same));
    return op1("dynamic_broadcast_in_dim", {a, shape}, attributes, {{from.dtype, std::move(dims)}});
  }
  Value filled(Value like, tenon_dtype dtype, double value) {
    const Type t = type(like);
    return t.is_static() ? splat({dtype, t.dims}, value) : broadcast_like(scalar(dtype, value), like, {});
  }
  std::size_t encode(tenon_dtype dtype, double value, unsigned char* out) const {
    const auto put = [out](auto element) {
      std::memcpy(out, &element, sizeof element);
      return sizeof element;
    };
    const auto exact = [&](auto zero) {
      using Integer = decltype(zero);
      const double low = static_cast<double>(std::numeric_limits<Integer>::min());
      const double end = std::ldexp(1.0, std::numeric_limits<Integer>::digits);
      if (!(value >= low && value < end) || std::trunc(value) != value)
        node_.fail(TENON_INVALID_ARGUMENT, cat("constant ", value, " is not exact in ", dtype_name(dtype)));
      return put(static_cast<Integer>(value));
    };
    switch (dtype) {
      case TENON_F64:
        return put(value);
      case TENON_F32:
        return put(static_cast<float>(value));
      case TENON_F16:
        return put(round_to_16_bits(value, 10, 5));
      case TENON_BF16:
        return put(round_to_16_bits(value, 7, 8));
      case TENON_I1:
        return put(static_cast<uint8_t>(value != 0));
      case TENON_I4:
      case TENON_I8:
        return exact(int8_t{});
      case TENON_I16:
        return exact(int16_t{});
      case TENON_I32:
        return exact(int32_t{});
      case TENON_I64:
        return exact(int64_t{});
      case TENON_UI4:
      case TENON_UI8:
        return exact(uint8_t{});
      case TENON_UI16:
        return exact(uint16_t{});
      case TENON_UI32:
        return exact(uint32_t{});
      case TENON_UI64:
        return exact(uint64_t{});
      default:
        node_.fail(TENON_UNIMPLEMENTED, cat("no constants of ", dtype_name(dtype)), "convert one of f32");
    }
  }
  Node node_;
  tenon_call* call_;
  tenon_builder* builder_;
  std::vector<std::pair<tenon_hlo_value, Value>> sizes_;  // asked for before, outside regions
  int open_regions_ = 0;
};

}  // namespace plugin
}  // namespace tenon

#endif  // TENON_PLUGIN_BUILDER_HPP_
