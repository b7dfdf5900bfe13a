// What elementwise operators share: the type of computation, and broadcasting by NumPy's rule.
//
// A dynamic size is taken to be that of the other operands at the same place. One that turns out to be 1 at run time is not broadcast:
// the text cannot have both meanings, and the equal sizes of a decoder's batch and sequence need no operation.
#pragma once

#include <functional>

#include "tenon/plugin.hpp"

namespace tenon::elementwise {

using namespace plugin;

inline bool is_unsigned(tenon_dtype dtype) { return dtype == TENON_I1 || (dtype >= TENON_UI4 && dtype <= TENON_UI64); }

// 16-bit floats are computed in f32 and rounded once, at the end.
inline tenon_dtype computed_in(tenon_dtype dtype) { return dtype == TENON_F16 || dtype == TENON_BF16 ? TENON_F32 : dtype; }

inline std::int64_t joined(std::int64_t a, std::int64_t b) {
  if (a == b || b == 1) return a;
  return a == 1 || a == TENON_DYNAMIC ? b : a;
}

// The shape that two shapes broadcast to. The host has checked that they do.
inline Dims joined(const Dims& a, const Dims& b) {
  const Dims& longer = a.size() >= b.size() ? a : b;
  const Dims& shorter = a.size() >= b.size() ? b : a;
  Dims out = longer;
  for (std::size_t i = 1; i <= shorter.size(); ++i) out[out.size() - i] = joined(longer[longer.size() - i], shorter[shorter.size() - i]);
  return out;
}

namespace detail {

inline bool has_shape(const Dims& dims, const Dims& to) {
  bool same = dims.size() == to.size();
  for (std::size_t i = 0; same && i < to.size(); ++i) same = compatible(dims[i], to[i]) && (dims[i] != 1 || to[i] == 1);
  return same;
}

// The sizes `to`, where unknown those of the operand that has the same one unknown.
inline Value sizes(Builder& b, const Dims& to, const Values& operands) {
  Values parts;
  for (std::size_t i = 0; i < to.size(); ++i) {
    Value size;
    if (to[i] != TENON_DYNAMIC) size = b.splat({TENON_I32, {1}}, static_cast<double>(to[i]));
    for (Value operand : operands) {
      const Dims dims = b.type(operand).dims;
      const std::size_t at = i + dims.size();  // counted from the last dimension, shifted by the result's rank
      if (!size && at >= to.size() && dims[at - to.size()] == TENON_DYNAMIC)
        size = b.reshape(b.size(operand, static_cast<std::int64_t>(at - to.size())), {1});
    }
    parts.push_back(size);
  }
  return b.concatenate(parts, 0);
}

}  // namespace detail

// All of them in the shape that they broadcast to.
inline Values broadcast(Builder& b, const Values& operands) {
  Dims to;
  for (Value operand : operands) to = joined(to, b.type(operand).dims);
  Values out;
  for (Value operand : operands) {
    const Type from = b.type(operand);
    Dims at;
    for (std::int64_t i = 0; i < from.rank(); ++i) at.push_back(static_cast<std::int64_t>(to.size()) - from.rank() + i);
    if (detail::has_shape(from.dims, to))
      out.push_back(operand);
    else if (from.is_static() && Type(from.dtype, to).is_static())
      out.push_back(b.broadcast_in_dim(operand, to, at));
    else
      out.push_back(
          b.op1("dynamic_broadcast_in_dim", {operand, detail::sizes(b, to, operands)}, {{"broadcast_dimensions", at}}, {{from.dtype, to}}));
  }
  return out;
}

// Lowerings of operators with one operand: kFunction(b, x) or a member of Builder. The first computes 16-bit floats in f32; the second
// is for functions that are exact, or that give another dtype.
template <auto kFunction>
void lower_unary(Builder& b) {
  const tenon_dtype dtype = b.node().operand(0).dtype;
  b.finish({b.convert(std::invoke(kFunction, b, b.convert(b.operand(0), computed_in(dtype))), dtype)});
}
template <auto kFunction>
void lower_exact(Builder& b) {
  b.finish({std::invoke(kFunction, b, b.operand(0))});
}

// The shape of the operand, with true and false for elements.
inline void infer_predicate(const Node& node) { node.set_result(0, {TENON_I1, node.operand(0).dims}); }

}  // namespace tenon::elementwise
