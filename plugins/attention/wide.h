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
inline plugin::Value reduce_max(plugin::Builder& b, plugin::Value a, const plugin::Dims& dimensions, bool keep) {
  return b.reduce(a, -kInfinity, dimensions, keep, [&b](plugin::Value x, plugin::Value y) { return b.maximum(x, y); });
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

}  // namespace tenon::attention
