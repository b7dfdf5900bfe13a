// What the operators of this pack share: the type they compute in, and small compositions.
#pragma once

#include <cmath>
#include <limits>

#include "tenon/plugin.hpp"

namespace tenon::attention {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// 16-bit floats are computed in f32 and rounded once, at the end.
inline tenon_dtype wide(tenon_dtype dtype) { return dtype == TENON_F64 ? TENON_F64 : TENON_F32; }

// The largest value over those dimensions; of nothing, -inf. A NaN wins.
inline plugin::Value reduce_max(plugin::Builder& b, plugin::Value a, const plugin::Dims& dimensions) {
  return b.reduce(a, -kInfinity, dimensions, false, [&b](plugin::Value x, plugin::Value y) { return b.maximum(x, y); });
}

// cap * tanh(x / cap)
inline plugin::Value capped(plugin::Builder& b, plugin::Value x, double cap) {
  const plugin::Value limit = b.splat_like(x, cap);
  return b.multiply(b.tanh(b.divide(x, limit)), limit);
}
// A cap must be one in the type that it is computed in, too: with 0 or infinity every result would be NaN.
inline void check_cap(const plugin::Node& node, const char* name, tenon_dtype dtype) {
  const double cap = node.real(name);
  const double narrow = wide(dtype) == TENON_F64 ? cap : static_cast<double>(static_cast<float>(cap));
  if (!(narrow > 0) || std::isinf(narrow))
    node.fail(TENON_OUT_OF_RANGE, plugin::cat(name, " must be above 0 and finite in ", plugin::dtype_name(wide(dtype)), ", got ", cap));
}

// For indexing by a dimension's number.
inline std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

// broadcast_in_dim to the shape of another value, left out where it would change nothing.
inline plugin::Value spread(plugin::Builder& b, plugin::Value a, plugin::Value like, plugin::Dims dimensions) {
  const plugin::Type from = b.type(a), to = b.type(like);
  return from.dims == to.dims && to.is_static() ? a : b.broadcast_like(a, like, std::move(dimensions));
}

// What was reduced over one dimension of x, in its shape again.
inline plugin::Value spread_back(plugin::Builder& b, plugin::Value reduced, plugin::Value x, std::int64_t dimension) {
  plugin::Dims kept;
  for (std::int64_t i = 0; i < b.type(x).rank(); ++i)
    if (i != dimension) kept.push_back(i);
  return b.broadcast_like(reduced, x, kept);
}

// A size as an i32 scalar, a constant where it is known.
inline plugin::Value size_of(plugin::Builder& b, plugin::Value a, std::int64_t dimension) {
  const std::int64_t known = b.type(a).dims[at(dimension)];
  return known == TENON_DYNAMIC ? b.size(a, dimension) : b.scalar(TENON_I32, static_cast<double>(known));
}

// The sizes of some dimensions of `a`, in that order, as an i32 tensor.
inline plugin::Value sizes_of(plugin::Builder& b, plugin::Value a, const plugin::Dims& dimensions) {
  plugin::Values parts;
  for (std::int64_t d : dimensions) parts.push_back(b.reshape(size_of(b, a, d), {1}));
  return b.concatenate(parts, 0);
}

// The position along dimension `along` of a tensor that has some dimensions of `a`, in that order.
inline plugin::Value iota_over(plugin::Builder& b, plugin::Value a, const plugin::Dims& dimensions, std::int64_t along) {
  plugin::Type type(TENON_I32, {});
  for (std::int64_t d : dimensions) type.dims.push_back(b.type(a).dims[at(d)]);
  if (type.is_static()) return b.iota(type, along);
  return b.op1("dynamic_iota", {sizes_of(b, a, dimensions)}, {{"iota_dimension", along}}, {type});
}

}  // namespace tenon::attention
