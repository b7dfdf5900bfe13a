// tenon/plugin.hpp - C++17 over plugin.h, header only. Tenon's own operators are written with it.
//
// An operator is three functions and a table:
//
//   void infer(const Node& node) { node.set_result(0, node.operand(0)); }
//   void lower(Builder& b) { b.finish({b.multiply(b.operand(0), b.operand(0))}); }
//   TENON_OPERATOR(square) = Operator("square").infer<infer>().lower<lower>();
//
// and a plugin is an array of tables and one line:
//
//   constexpr const tenon_operator* kOperators[] = {&tenon_operator_square};
//   TENON_DEFINE_PLUGIN("org.example.square", "0.1.0", kOperators)
//
// Errors: the functions throw (fail(), node.fail(), a refusal of the host, bad_alloc); the thunks behind infer<>, lower<>, .. catch
// everything and report it through error_set, so that no exception reaches the host. A kernel's run is not fenced: it must not throw.
// Tables are constant-initialised: a plugin needs no code at load time. Nothing here may be called from a kernel's run but Run.
#ifndef TENON_PLUGIN_HPP_
#define TENON_PLUGIN_HPP_

#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tenon/plugin.h"

namespace tenon {
namespace plugin {

// ---- The host's table, known from the query on ----
inline std::atomic<const tenon_host_api*> host_table{nullptr};
inline const tenon_host_api& host() { return *host_table.load(std::memory_order_relaxed); }

// ---- Text for messages ----
using Dims = std::vector<int64_t>;

inline const char* dtype_name(tenon_dtype dtype) {
  constexpr const char* kNames[] = {"absent", "i1",   "i4",   "i8",       "i16",    "i32", "i64",  "ui4", "ui8",
                                    "ui16",   "ui32", "ui64", "f8e4m3fn", "f8e5m2", "f16", "bf16", "f32", "f64"};
  return dtype >= 0 && dtype <= TENON_F64 ? kNames[dtype] : "invalid";
}
inline bool is_float(tenon_dtype dtype) { return dtype >= TENON_F8E4M3FN && dtype <= TENON_F64; }

inline std::string text(std::string_view value) { return std::string(value); }
inline std::string text(const char* value) { return value; }
inline std::string text(double value) {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.17g", value);
  return buffer;
}
template <class Integer, class = std::enable_if_t<std::is_integral_v<Integer>>>
std::string text(Integer value) {
  return std::to_string(value);
}
inline std::string text(const Dims& dims) {
  std::string out = "[";
  for (std::size_t i = 0; i < dims.size(); ++i) out += (i ? ", " : "") + (dims[i] == TENON_DYNAMIC ? std::string("?") : text(dims[i]));
  return out + "]";
}
template <class... Parts>
std::string cat(const Parts&... parts) {
  return (std::string() + ... + text(parts));
}

// ---- Errors ----
class Failure : public std::runtime_error {
 public:
  Failure(int32_t code, const std::string& message, std::string advice = {}, bool reported = false)
      : std::runtime_error(message), code_(code), advice_(std::move(advice)), reported_(reported) {}
  // To the host; returns the code. One that the host itself raised is known there already.
  int32_t report(tenon_call* call) const {
    if (reported_) return code_;
    const std::string_view message(what());
    return host().error_set(call, code_, message.data(), message.size(), advice_.empty() ? nullptr : advice_.data(), advice_.size());
  }

 private:
  int32_t code_;
  std::string advice_;
  bool reported_;
};
[[noreturn]] inline void fail(int32_t code, const std::string& message, std::string advice = {}) {
  throw Failure(code, message, std::move(advice));
}
inline void check(int32_t host_code) {
  if (host_code != TENON_OK) throw Failure(host_code, "the host refused a call", {}, true);
}

// ---- Types ----
struct Type {
  tenon_dtype dtype = TENON_DTYPE_INVALID;
  Dims dims;

  Type() = default;
  Type(tenon_dtype d, Dims s) : dtype(d), dims(std::move(s)) {}
  explicit Type(const tenon_type_view& v) : dtype(v.dtype), dims(v.dims, v.dims + v.rank) {}
  explicit operator bool() const { return dtype != TENON_DTYPE_INVALID; }  // present
  int64_t rank() const { return static_cast<int64_t>(dims.size()); }
  bool is_static() const {
    for (int64_t d : dims)
      if (d == TENON_DYNAMIC) return false;
    return true;
  }
  tenon_type_view view() const { return {dims.data(), static_cast<int32_t>(dims.size()), dtype}; }
};
// Sizes that may be equal: a dynamic one may turn out to be any.
inline bool compatible(int64_t a, int64_t b) { return a == b || a == TENON_DYNAMIC || b == TENON_DYNAMIC; }

// ---- Attributes that a lowering passes on ----
class Attribute {
 public:
  Attribute(std::string name, bool value) : name_(std::move(name)), kind_(TENON_ATTR_BOOL), i64_(value) {}
  Attribute(std::string name, int value) : Attribute(std::move(name), static_cast<int64_t>(value)) {}
  Attribute(std::string name, int64_t value) : name_(std::move(name)), kind_(TENON_ATTR_I64), i64_(value) {}
  Attribute(std::string name, double value) : name_(std::move(name)), kind_(TENON_ATTR_F64), f64_(value) {}
  Attribute(std::string name, const char* value) : name_(std::move(name)), kind_(TENON_ATTR_STRING), text_(value) {}
  Attribute(std::string name, std::string value) : name_(std::move(name)), kind_(TENON_ATTR_STRING), text_(std::move(value)) {}
  Attribute(std::string name, Dims value) : name_(std::move(name)), kind_(TENON_ATTR_I64S), i64s_(std::move(value)) {}
  Attribute(std::string name, std::vector<double> value) : name_(std::move(name)), kind_(TENON_ATTR_F64S), f64s_(std::move(value)) {}
  static Attribute dtype(std::string name, tenon_dtype value) {
    Attribute attribute(std::move(name), static_cast<int64_t>(value));
    attribute.kind_ = TENON_ATTR_DTYPE;
    return attribute;
  }
  tenon_attr view() const {
    tenon_attr out = TENON_ATTR_INIT;
    out.name = name_.data();
    out.name_length = name_.size();
    out.kind = kind_;
    out.i64 = i64_;
    out.f64 = f64_;
    out.text = text_.data();
    out.i64s = i64s_.data();
    out.f64s = f64s_.data();
    out.count = kind_ == TENON_ATTR_STRING ? text_.size() : kind_ == TENON_ATTR_I64S ? i64s_.size() : f64s_.size();
    return out;
  }

 private:
  std::string name_;
  tenon_attr_kind kind_;
  int64_t i64_ = 0;
  double f64_ = 0;
  std::string text_;
  Dims i64s_;
  std::vector<double> f64s_;
};
using Attributes = std::vector<Attribute>;

// ---- One use of an operator: what infer, supports and plan read ----
class Node {
 public:
  Node(tenon_call* call, const tenon_node* node) : call_(call), node_(node) {}
  tenon_call* call() const { return call_; }

  std::string_view op() const {
    std::size_t length = 0;
    const char* name = host().node_operator(node_, &length);
    return {name, length};
  }
  std::size_t operand_count() const { return host().node_operand_count(node_); }
  std::size_t result_count() const { return host().node_result_count(node_); }
  Type operand(std::size_t index) const {  // an absent one converts to false
    tenon_type_view out = TENON_TYPE_VIEW_INIT;
    return host().node_operand(node_, index, &out) ? Type(out) : Type();
  }
  Type result(std::size_t index) const {
    tenon_type_view out = TENON_TYPE_VIEW_INIT;
    return host().node_result(node_, index, &out) ? Type(out) : Type();
  }
  bool has(std::size_t operand_index) const { return static_cast<bool>(operand(operand_index)); }
  void set_result(std::size_t index, const Type& type) const {
    const tenon_type_view view = type.view();
    check(host().infer_result(call_, index, &view));
  }

  // Attributes. The schema says which exist and of which type; asking for another is a mistake of the plugin.
  bool has_attribute(std::string_view name) const {
    tenon_attr out = TENON_ATTR_INIT;
    return host().node_attr(node_, name.data(), name.size(), &out) != 0 && out.kind != TENON_ATTR_NONE;
  }
  bool flag(std::string_view name) const { return attribute(name, TENON_ATTR_BOOL).i64 != 0; }
  int64_t integer(std::string_view name) const { return attribute(name, TENON_ATTR_I64).i64; }
  double real(std::string_view name) const { return attribute(name, TENON_ATTR_F64).f64; }
  tenon_dtype dtype(std::string_view name) const { return static_cast<tenon_dtype>(attribute(name, TENON_ATTR_DTYPE).i64); }
  std::string_view string(std::string_view name) const {
    const tenon_attr found = attribute(name, TENON_ATTR_STRING);
    return {found.text, found.count};
  }
  Dims ints(std::string_view name) const {
    const tenon_attr found = attribute(name, TENON_ATTR_I64S);
    return Dims(found.i64s, found.i64s + found.count);
  }
  // An axis of a tensor of that rank, counted from the front.
  int64_t axis(std::string_view name, int64_t rank) const { return axis(name, integer(name), rank); }
  int64_t axis(std::string_view name, int64_t value, int64_t rank) const {
    if (value < -rank || value >= rank)
      fail(TENON_OUT_OF_RANGE, cat(name, " ", value, " is out of range for rank ", rank),
           rank == 0 ? std::string() : cat("use a value from ", -rank, " to ", rank - 1));
    return value < 0 ? value + rank : value;
  }

  [[noreturn]] void fail(int32_t code, const std::string& message, std::string advice = {}) const {
    plugin::fail(code, cat("[", op(), "] ", message), std::move(advice));
  }
  [[noreturn]] void decline(const std::string& reason, std::string advice = {}) const {  // supports, lower_as
    plugin::fail(TENON_UNIMPLEMENTED, reason, std::move(advice));
  }

 private:
  tenon_attr attribute(std::string_view name, tenon_attr_kind kind) const {
    tenon_attr out = TENON_ATTR_INIT;
    if (!host().node_attr(node_, name.data(), name.size(), &out) || out.kind != kind)
      fail(TENON_INTERNAL, cat("the plugin asks for attribute ", name, " in a type that the schema does not give it"));
    return out;
  }
  tenon_call* call_;
  const tenon_node* node_;
};

// `value` rounded once to a float type of that many mantissa bits (f16: 10, 5; bf16: 7, 8), half to even.
inline uint16_t round_to_16_bits(double value, int mantissa_bits, int exponent_bits) {
  const uint32_t sign = std::signbit(value) ? 0x8000u : 0u;
  const uint32_t infinity = ((1u << exponent_bits) - 1) << mantissa_bits;
  if (std::isnan(value)) return static_cast<uint16_t>(sign | infinity | (1u << (mantissa_bits - 1)));
  if (std::isinf(value)) return static_cast<uint16_t>(sign | infinity);
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
    const std::vector<tenon_hlo_value> results = ids_of(body(values));
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
  Value log(Value a) { return op1("log", {a}); }
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
  Value concatenate(const Values& parts, int64_t dimension) { return op1("concatenate", parts, {{"dimension", dimension}}); }
  // Dimension i of `a` becomes dimension at[i] of the result; its size is the result's there, or 1.
  Value broadcast_in_dim(Value a, Dims dims, Dims at) {
    return op1("broadcast_in_dim", {a}, {{"broadcast_dimensions", std::move(at)}}, {{type(a).dtype, std::move(dims)}});
  }
  // The same to the shape of another value, dynamic sizes included.
  Value broadcast_like(Value a, Value like, Dims at) {
    const Type to = type(like);
    if (to.is_static()) return broadcast_in_dim(a, to.dims, std::move(at));
    return dynamic_broadcast(a, sizes(like), to.dims, std::move(at));
  }
  // NumPy's rule: aligned at the last dimension.
  Value broadcast_like(Value a, Value like) {
    const Type from = type(a), to = type(like);
    if (from.dims == to.dims && to.is_static()) return a;
    Dims at;
    for (int64_t i = 0; i < from.rank(); ++i) at.push_back(to.rank() - from.rank() + i);
    return broadcast_like(a, like, std::move(at));
  }
  // The sizes of a value, as i32 scalars in a rank-1 tensor.
  Value sizes(Value a) {
    Values parts;
    const int64_t rank = type(a).rank();
    for (int64_t i = 0; i < rank; ++i) parts.push_back(reshape(size(a, i), {1}));
    return parts.empty() ? splat({TENON_I32, {0}}, 0) : concatenate(parts, 0);
  }
  Value size(Value a, int64_t dimension) { return op1("get_dimension_size", {a}, {{"dimension", dimension}}); }

  // reducer(a, b) over those dimensions, which vanish; or, with keep, stay with size 1. init must be neutral.
  template <class Reducer>
  Value reduce(Value a, double init, Dims dimensions, bool keep, const Reducer& reducer) {
    const Type t = type(a);
    const Type element(t.dtype, {});
    const Value start = scalar(t.dtype, init);
    region({element, element}, [&](const Values& v) { return Values{reducer(v[0], v[1])}; });
    const Value out = op1("reduce", {a, start}, {{"dimensions", dimensions}});
    return keep ? keep_dimensions(out, a, dimensions) : out;
  }
  Value reduce_add(Value a, Dims dimensions, bool keep = false) {
    return reduce(a, 0, std::move(dimensions), keep, [this](Value x, Value y) { return add(x, y); });
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
    Values out;
    for (std::size_t i = 0; i < count && i < ids.size(); ++i) out.push_back({ids[i]});
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
  Value dynamic_broadcast(Value a, Value shape, Dims dims, Dims at) {
    return op1("dynamic_broadcast_in_dim", {a, shape}, {{"broadcast_dimensions", std::move(at)}}, {{type(a).dtype, std::move(dims)}});
  }
  Value filled(Value like, tenon_dtype dtype, double value) {
    const Type t = type(like);
    return t.is_static() ? splat({dtype, t.dims}, value) : broadcast_like(scalar(dtype, value), like, {});
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
};

// ---- The fence: what lies between the host and a function of the plugin that may throw ----
template <class Body>
int32_t fence(tenon_call* call, const Body& body) {
  const auto report = [call](int32_t code, std::string_view message) {
    return host().error_set(call, code, message.data(), message.size(), nullptr, 0);
  };
  try {
    body();
    return TENON_OK;
  } catch (const Failure& failure) {
    return failure.report(call);
  } catch (const std::bad_alloc&) {
    return report(TENON_RESOURCE_EXHAUSTED, "out of memory");
  } catch (const std::exception& error) {
    return report(TENON_INTERNAL, error.what());
  } catch (...) {
    return report(TENON_INTERNAL, "the plugin threw something that is not a std::exception");
  }
}

template <auto Body>
int32_t infer_thunk(tenon_call* call, const tenon_operator*, const tenon_node* node) {
  return fence(call, [&] { Body(Node(call, node)); });
}
template <auto Body>
int32_t lower_thunk(tenon_call* call, const tenon_operator*, const tenon_node* node, tenon_builder* builder) {
  return fence(call, [&] {
    Builder b(call, node, builder);
    Body(b);
  });
}
template <auto Body>
int32_t lower_as_thunk(tenon_call* call, const tenon_operator*, const tenon_node* node, const char* target, size_t length,
                       tenon_builder* builder) {
  return fence(call, [&] {
    Builder b(call, node, builder);
    Body(b, std::string_view(target, length));
  });
}
template <auto Body>
int32_t supports_thunk(tenon_call* call, const tenon_kernel* self, const tenon_node* node) {
  return fence(call, [&] { Body(Node(call, node), *self); });
}
template <auto Body>
int32_t plan_thunk(tenon_call* call, const tenon_kernel* self, const tenon_node* node, tenon_kernel_plan* out) {
  return fence(call, [&] { Body(Node(call, node), *self, *out); });
}
template <auto Body>
void destroy_thunk(tenon_call* call, const tenon_kernel*, void* state) {
  (void)fence(call, [&] { Body(state); });
}

// ---- Tables, constant-initialised ----
struct Operator : tenon_operator {  // name: as in the manifest
  constexpr explicit Operator(std::string_view op_name, uint32_t op_version = 1)
      : tenon_operator{TENON_HEADER_INIT(tenon_operator, TENON_KIND_OPERATOR),
                       op_name.data(),
                       op_name.size(),
                       op_version,
                       0,
                       nullptr,
                       nullptr,
                       nullptr,
                       nullptr,
                       0,
                       nullptr} {}
  template <auto Body>  // void (const Node&)
  constexpr Operator infer() const {
    Operator out = *this;
    out.tenon_operator::infer = infer_thunk<Body>;
    return out;
  }
  template <auto Body>  // void (Builder&)
  constexpr Operator lower() const {
    Operator out = *this;
    out.tenon_operator::lower = lower_thunk<Body>;
    return out;
  }
  template <auto Body>  // void (Builder&, std::string_view target)
  constexpr Operator lower_as() const {
    Operator out = *this;
    out.tenon_operator::lower_as = lower_as_thunk<Body>;
    return out;
  }
  template <std::size_t Count>
  constexpr Operator kernels(const tenon_kernel* const (&list)[Count]) const {
    Operator out = *this;
    out.tenon_operator::kernels = list;
    out.kernel_count = Count;
    return out;
  }
  constexpr Operator kernels_only() const {
    Operator out = *this;
    out.flags |= TENON_OPERATOR_KERNELS_ONLY;
    return out;
  }
};

struct Kernel : tenon_kernel {  // name: as in the manifest; level: a name of configs/arch.json, empty: none
  constexpr explicit Kernel(std::string_view kernel_name, std::string_view kernel_level = {}, const void* kernel_table = nullptr)
      : tenon_kernel{TENON_HEADER_INIT(tenon_kernel, TENON_KIND_KERNEL),
                     kernel_name.data(),
                     kernel_name.size(),
                     kernel_level.empty() ? nullptr : kernel_level.data(),
                     kernel_level.size(),
                     0,
                     0,
                     kernel_table,
                     nullptr,
                     nullptr,
                     nullptr,
                     nullptr} {}
  constexpr Kernel strided() const {
    Kernel out = *this;
    out.flags |= TENON_KERNEL_STRIDED;
    return out;
  }
  template <auto Body>  // void (const Node&, const tenon_kernel&): throws to decline
  constexpr Kernel supports() const {
    Kernel out = *this;
    out.tenon_kernel::supports = supports_thunk<Body>;
    return out;
  }
  template <auto Body>  // void (const Node&, const tenon_kernel&, tenon_kernel_plan&)
  constexpr Kernel plan() const {
    Kernel out = *this;
    out.tenon_kernel::plan = plan_thunk<Body>;
    return out;
  }
  constexpr Kernel run(decltype(tenon_kernel::run) body) const {
    Kernel out = *this;
    out.tenon_kernel::run = body;
    return out;
  }
  template <auto Body>  // void (void* state)
  constexpr Kernel destroy() const {
    Kernel out = *this;
    out.plan_destroy = destroy_thunk<Body>;
    return out;
  }
};

// ---- The entry point ----
inline int32_t answer_query(const tenon_host_info* info, tenon_plugin_info* out, std::string_view name, std::string_view version,
                            const tenon_operator* const* operators, std::size_t count, uint32_t required_minor) {
  tenon_plugin_info answer = TENON_PLUGIN_INFO_INIT;
  answer.api_minor_built = TENON_PLUGIN_API_MINOR;
  answer.api_minor_required = required_minor;
  answer.api_minor_chosen = info->api_minor_max < answer.api_minor_built ? info->api_minor_max : answer.api_minor_built;
  answer.sanitizer = TENON_SANITIZER_HERE;
  answer.name = name.data();
  answer.name_length = name.size();
  answer.version = version.data();
  answer.version_length = version.size();
  answer.runtime = "none";
  answer.runtime_length = 4;
  answer.operators = operators;
  answer.operator_count = count;
  const uint32_t room = out->header.struct_size;
  if (room < sizeof answer) answer.header.struct_size = room;
  answer.header.next = out->header.next;
  std::memcpy(out, &answer, answer.header.struct_size);
  if (info->api_major != TENON_PLUGIN_API_MAJOR || answer.api_minor_chosen < required_minor ||
      answer.api_minor_chosen < info->api_minor_min)
    return TENON_INCOMPATIBLE;
  if (info->api != nullptr) host_table.store(info->api, std::memory_order_relaxed);
  return TENON_OK;
}

}  // namespace plugin
}  // namespace tenon

// Declares and defines the table of one operator: TENON_OPERATOR(rms_norm) = Operator("rms_norm")...;
#define TENON_OPERATOR(name)                             \
  extern "C" const tenon_operator tenon_operator_##name; \
  constexpr tenon_operator tenon_operator_##name

// Once per plugin: `operators` is a constant array of pointers to tables.
#define TENON_DEFINE_PLUGIN(name, version, operators)                                                                       \
  extern "C" int32_t TENON_PLUGIN_ENTRY(const tenon_host_info* host, tenon_plugin_info* out) {                              \
    return ::tenon::plugin::answer_query(host, out, name, version, operators, sizeof(operators) / sizeof(operators[0]), 0); \
  }

#endif  // TENON_PLUGIN_HPP_
