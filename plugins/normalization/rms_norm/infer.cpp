// Types and shapes of rms_norm: what the schema of op.yaml cannot say.
#include <cmath>

#include "plugins/normalization/rms_norm/rms_norm.h"

namespace tenon::rms_norm {

using namespace plugin;

Axes normalized_axes(const Node& node, const Type& input) {
  if (input.rank() == 0) node.fail(TENON_INVALID_ARGUMENT, "input must have at least one dimension, got a scalar");
  if (!node.has_attribute("normalized_shape")) return {node.axis("axis", input.rank()), 1};
  const Dims shape = node.ints("normalized_shape");
  const std::int64_t count = static_cast<std::int64_t>(shape.size()), first = input.rank() - count;
  bool fits = count > 0 && first >= 0;
  for (std::int64_t i = 0; fits && i < count; ++i)
    fits = compatible(input.dims[static_cast<std::size_t>(first + i)], shape[static_cast<std::size_t>(i)]);
  if (!fits)
    node.fail(TENON_INVALID_ARGUMENT,
              cat("normalized_shape must be the sizes of the input's last dimensions, got ", text(shape), " for input ", text(input.dims)),
              "it holds sizes, not axes; to normalize one dimension, give axis");
  return {first, count};
}

namespace {

Dims sizes_of(const Type& input, Axes axes) { return Dims(input.dims.begin() + axes.first, input.dims.begin() + axes.first + axes.count); }

bool same_sizes(const Dims& a, const Dims& b) {
  bool same = a.size() == b.size();
  for (std::size_t i = 0; same && i < a.size(); ++i) same = compatible(a[i], b[i]);
  return same;
}

void check_broadcasts(const Node& node, const Type& operand, const Type& input) {
  bool fits = operand.rank() <= input.rank();
  for (std::int64_t i = 1; fits && i <= operand.rank(); ++i) {
    const std::int64_t have = operand.dims[static_cast<std::size_t>(operand.rank() - i)];
    fits = have == 1 || compatible(have, input.dims[static_cast<std::size_t>(input.rank() - i)]);
  }
  if (!fits)
    node.fail(TENON_INVALID_ARGUMENT,
              cat("multiplicand must broadcast to the input's shape ", text(input.dims), ", got ", text(operand.dims)));
}

}  // namespace

void infer(const Node& node) {
  const Type input = node.operand(kInput);
  const Axes axes = normalized_axes(node, input);
  const Dims sizes = sizes_of(input, axes);
  for (std::int64_t size : sizes)
    if (size == 0) node.fail(TENON_INVALID_ARGUMENT, cat("a normalized dimension must not be empty, got input ", text(input.dims)));
  const double epsilon = node.real("epsilon");
  if (!(epsilon > 0) || std::isinf(epsilon)) node.fail(TENON_OUT_OF_RANGE, cat("epsilon must be above 0 and finite, got ", epsilon));
  // With 0 a row of zeros would give 0 / 0; with infinity everything would be 0.
  if (const float narrow = static_cast<float>(epsilon); input.dtype != TENON_F64 && (!(narrow > 0) || std::isinf(narrow)))
    node.fail(TENON_OUT_OF_RANGE, cat("epsilon ", epsilon, " is ", static_cast<double>(narrow), " in f32, in which ",
                                      dtype_name(input.dtype), " is normalized"));

  const Type scale = node.operand(kScale);
  if (scale && scale.dtype != input.dtype && scale.dtype != TENON_F32)
    node.fail(TENON_INVALID_ARGUMENT,
              cat("scale must have the input's dtype ", dtype_name(input.dtype), " or f32, got ", dtype_name(scale.dtype)));
  if (scale && !same_sizes(scale.dims, sizes))
    node.fail(TENON_INVALID_ARGUMENT, cat("scale must have shape ", text(sizes), ", got ", text(scale.dims)),
              "its shape is that of the normalized dimensions");
  const Type residual = node.operand(kResidual);
  if (residual && !same_sizes(residual.dims, input.dims))
    node.fail(TENON_INVALID_ARGUMENT, cat("residual must have the input's shape ", text(input.dims), ", got ", text(residual.dims)));
  if (const Type multiplicand = node.operand(kMultiplicand)) check_broadcasts(node, multiplicand, input);

  node.set_result(kOutput, input);
  if (residual) node.set_result(kSum, input);
}

}  // namespace tenon::rms_norm
