// What the shape operators share: axes, and result sizes that may be known only at run time.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tenon/plugin.hpp"

namespace tenon::shape {

using namespace plugin;

inline std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

// Axes counted from the front, ascending, each of them once.
inline Dims distinct_axes(const Node& node, std::string_view name, const Dims& given, std::int64_t rank) {
  Dims axes;
  for (std::int64_t axis : given) axes.push_back(node.axis(name, axis, rank));
  std::sort(axes.begin(), axes.end());
  if (const auto twice = std::adjacent_find(axes.begin(), axes.end()); twice != axes.end())
    node.fail(TENON_INVALID_ARGUMENT, cat(name, " names axis ", *twice, " twice"), "give every axis once; -1 is the last one");
  return axes;
}

// The product of sizes; one that does not fit 64 bits is refused.
inline std::int64_t product(const Node& node, const Dims& sizes) {
  std::int64_t out = 1;
  for (std::int64_t size : sizes)
    if (__builtin_mul_overflow(out, size, &out))
      node.fail(TENON_INVALID_ARGUMENT, cat("the product of ", text(sizes), " does not fit 64 bits"));
  return out;
}

[[noreturn]] inline void no_dynamic(const Node& node, std::string_view operand, const Type& type, std::string_view why = "",
                                    const std::string& advice = "give that dimension a size") {
  node.fail(TENON_UNIMPLEMENTED, cat("operand ", operand, " ", text(type.dims), " has a dynamic dimension", why), advice);
}
inline void need_static(const Node& node, std::string_view operand, const Type& type) {
  if (!type.is_static()) no_dynamic(node, operand, type, ", which this operator does not take");
}

// One size of a result: known, or the product of some of the input's dimensions, times `times`, divided by `over`.
struct Extent {
  std::int64_t size = TENON_DYNAMIC;
  Dims of;
  std::int64_t times = 1, over = 1;
};
using Extents = std::vector<Extent>;

inline Extent fixed(std::int64_t size) { return {size, {}, 1, 1}; }

// The product of these dimensions, times `times`.
inline Extent sized(const Node& node, const Type& type, const Dims& dimensions, std::int64_t times = 1) {
  Dims known{times}, of;
  for (std::int64_t d : dimensions)
    if (type.dims[at(d)] == TENON_DYNAMIC)
      of.push_back(d);
    else
      known.push_back(type.dims[at(d)]);
  const std::int64_t factor = product(node, known);
  if (of.empty() || factor == 0) return fixed(factor);
  return {TENON_DYNAMIC, of, factor, 1};
}

inline Dims dims_of(const Extents& extents) {
  Dims dims;
  for (const Extent& extent : extents) dims.push_back(extent.size);
  return dims;
}

// The extents as an i32 tensor; the unknown ones are read off `from`.
inline Value sizes_tensor(Builder& b, Value from, const Extents& extents) {
  Values parts;
  for (const Extent& extent : extents) {
    if (extent.size != TENON_DYNAMIC) {
      parts.push_back(b.splat({TENON_I32, {1}}, static_cast<double>(extent.size)));
      continue;
    }
    Value size;
    for (std::int64_t d : extent.of) size = size ? b.multiply(size, b.size(from, d)) : b.size(from, d);
    if (extent.times != 1) size = b.multiply(size, b.scalar(TENON_I32, static_cast<double>(extent.times)));
    if (extent.over != 1) size = b.divide(size, b.scalar(TENON_I32, static_cast<double>(extent.over)));
    parts.push_back(b.reshape(size, {1}));
  }
  return parts.empty() ? b.splat({TENON_I32, {0}}, 0) : b.concatenate(parts, 0);
}

// x in another shape. `from`: whose dimensions the extents name.
inline Value reshape_to(Builder& b, Value x, Value from, const Extents& extents) {
  const Type have = b.type(x), want{have.dtype, dims_of(extents)};
  if (have.dims == want.dims && have.is_static()) return x;
  if (have.is_static() && want.is_static()) return b.reshape(x, want.dims);
  return b.dynamic_reshape(x, sizes_tensor(b, from, extents), want.dims);
}

// Dimension i of x becomes dimension place[i] of a tensor with these sizes. A dynamic one that stays dynamic keeps its size, which the text
// says: IREE takes no dimension of which it is not known whether it expands.
inline Value dynamic_broadcast(Builder& b, Value x, Value sizes, const Dims& dims, const Dims& place) {
  const Type have = b.type(x);
  Dims kept;
  for (std::int64_t d = 0; d < have.rank(); ++d)
    if (have.dims[at(d)] == TENON_DYNAMIC) kept.push_back(d);
  Attributes attributes{{"broadcast_dimensions", place}};
  if (!kept.empty()) attributes.emplace_back("known_nonexpanding_dimensions", kept);
  return b.op1("dynamic_broadcast_in_dim", {x, sizes}, attributes, {{have.dtype, dims}});
}
inline Value broadcast_to(Builder& b, Value x, Value from, const Extents& extents, const Dims& place) {
  const Type have = b.type(x), want{have.dtype, dims_of(extents)};
  if (have.is_static() && want.is_static()) return b.broadcast_in_dim(x, want.dims, place);
  return dynamic_broadcast(b, x, sizes_tensor(b, from, extents), want.dims, place);
}

// Constants of every dtype: 8-bit floats are converted.
inline Value scalar_of(Builder& b, tenon_dtype dtype, double value) {
  if (dtype == TENON_F8E4M3FN || dtype == TENON_F8E5M2) return b.convert(b.scalar(TENON_F32, value), dtype);
  return b.scalar(dtype, value);
}
inline Value filled(Builder& b, const Type& type, double value) {
  if (type.rank() == 0) return scalar_of(b, type.dtype, value);
  if (type.dtype == TENON_F8E4M3FN || type.dtype == TENON_F8E5M2) return b.broadcast_in_dim(scalar_of(b, type.dtype, value), type.dims, {});
  return b.splat(type, value);
}
inline Value filled_like(Builder& b, Value like, tenon_dtype dtype, double value) {
  const Type type = b.type(like);
  if (type.is_static()) return filled(b, {dtype, type.dims}, value);
  return b.broadcast_like(scalar_of(b, dtype, value), like, {});
}

// A number from an attribute that becomes a value of `dtype`: integers take exact ones only.
inline void need_exact(const Node& node, std::string_view attribute, double value, tenon_dtype dtype) {
  if (is_float(dtype)) return;
  constexpr int kBits[] = {0, 1, 4, 8, 16, 32, 64, 4, 8, 16, 32, 64};  // by dtype
  const int bits = kBits[dtype];
  const bool is_unsigned = dtype == TENON_I1 || dtype >= TENON_UI4;
  const double low = is_unsigned ? 0 : -std::ldexp(1.0, bits - 1), end = std::ldexp(1.0, is_unsigned ? bits : bits - 1);
  // Above 2^53 a double no longer says which integer was meant.
  const bool exact = value >= low && value < end && std::trunc(value) == value && std::fabs(value) <= 0x1p53;
  if (!exact) node.fail(TENON_INVALID_ARGUMENT, cat(attribute, " ", value, " is not exact in ", dtype_name(dtype)));
}

}  // namespace tenon::shape
