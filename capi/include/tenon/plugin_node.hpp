// tenon/plugin_node.hpp - what every function of an operator reads: types, attributes, one use of the operator; and errors.
// Part of tenon/plugin.hpp, which says how they fit together.
#ifndef TENON_PLUGIN_NODE_HPP_
#define TENON_PLUGIN_NODE_HPP_

#include <atomic>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
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
  std::vector<double> reals(std::string_view name) const {
    const tenon_attr found = attribute(name, TENON_ATTR_F64S);
    return std::vector<double>(found.f64s, found.f64s + found.count);
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

}  // namespace plugin
}  // namespace tenon

#endif  // TENON_PLUGIN_NODE_HPP_
