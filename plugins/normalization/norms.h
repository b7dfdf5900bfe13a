// What the norms share: the type they compute in, and what their operands must be.
#pragma once

#include <cmath>

#include "tenon/plugin.hpp"

namespace tenon::normalization {

inline std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

// 16-bit floats are computed in f32 and rounded once, at the end.
inline tenon_dtype wide(tenon_dtype dtype) { return dtype == TENON_F64 ? TENON_F64 : TENON_F32; }

// epsilon keeps a row of equal values from being 0 / 0, so that it must be above 0 in the type that it is added in.
inline void check_epsilon(const plugin::Node& node, tenon_dtype dtype) {
  const double epsilon = node.real("epsilon");
  const double narrow = wide(dtype) == TENON_F64 ? epsilon : static_cast<double>(static_cast<float>(epsilon));
  if (!(narrow > 0) || std::isinf(narrow))
    node.fail(TENON_OUT_OF_RANGE,
              plugin::cat("epsilon must be above 0 and finite in ", plugin::dtype_name(wide(dtype)), ", got ", epsilon));
}

// A scale, bias, mean or variance: of the input's dtype or f32, of a shape that is known from the input.
inline void check_parameter(const plugin::Node& node, const char* name, const plugin::Type& have, const plugin::Type& input,
                            const plugin::Dims& dims) {
  if (!have) return;
  if (have.dtype != input.dtype && have.dtype != TENON_F32)
    node.fail(TENON_INVALID_ARGUMENT, plugin::cat(name, " must have the input's dtype ", plugin::dtype_name(input.dtype), " or f32, got ",
                                                  plugin::dtype_name(have.dtype)));
  bool fits = have.dims.size() == dims.size();
  for (std::size_t i = 0; fits && i < dims.size(); ++i) fits = plugin::compatible(have.dims[i], dims[i]);
  if (!fits)
    node.fail(TENON_INVALID_ARGUMENT, plugin::cat(name, " must have shape ", plugin::text(dims), ", got ", plugin::text(have.dims)));
}

// Statistics of x, with sizes of 1, in its shape. Their dynamic sizes are those of x.
inline plugin::Value spread(plugin::Builder& b, plugin::Value statistic, plugin::Value x) {
  plugin::Dims all;
  for (std::int64_t i = 0; i < b.type(x).rank(); ++i) all.push_back(i);
  return b.broadcast_like(statistic, x, all);
}

// (x - mean) / sqrt(variance + epsilon) over those dimensions. The variance is the mean of squared differences: the difference of the
// squares' mean and the mean's square would be lost where the mean is large.
inline plugin::Value normalized(plugin::Builder& b, plugin::Value x, const plugin::Dims& dimensions, double epsilon) {
  const plugin::Attributes over{{"axes", dimensions}, {"keepdims", true}};
  const plugin::Value mean = b.use1("reduce_mean", {x}, over);
  const plugin::Value centred = b.subtract(x, spread(b, mean, x));
  const plugin::Value variance = b.use1("reduce_mean", {b.multiply(centred, centred)}, over);
  const plugin::Value root = b.sqrt(b.add(variance, b.splat_like(variance, epsilon)));
  return b.multiply(centred, spread(b, b.divide(b.splat_like(root, 1), root), x));
}

// x * scale + bias, of those that are there, at those dimensions of x.
inline plugin::Value scaled(plugin::Builder& b, plugin::Value x, plugin::Value scale, plugin::Value bias, const plugin::Dims& dimensions) {
  const tenon_dtype dtype = b.type(x).dtype;
  if (scale) x = b.multiply(x, b.broadcast_like(b.convert(scale, dtype), x, dimensions));
  if (bias) x = b.add(x, b.broadcast_like(b.convert(bias, dtype), x, dimensions));
  return x;
}

}  // namespace tenon::normalization
