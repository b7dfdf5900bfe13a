// What rms_norm means. Everything is computed in f32 (f64 for f64) and rounded to the input's dtype once, at the end; the kernel takes the
// same steps in the same order.
#include "plugins/normalization/rms_norm/rms_norm.h"

namespace tenon::rms_norm {

using namespace plugin;

void lower(Builder& b) {
  const Node& node = b.node();
  const Type input = node.operand(kInput);
  const Axes axes = normalized_axes(node, input);
  const tenon_dtype dtype = input.dtype;
  const tenon_dtype wide = dtype == TENON_F64 ? TENON_F64 : TENON_F32;
  Dims reduced;
  for (std::int64_t i = 0; i < axes.count; ++i) reduced.push_back(axes.first + i);

  Value x = b.convert(b.operand(kInput), wide);
  Value sum;
  if (node.has(kResidual)) {
    sum = b.convert(b.add(x, b.convert(b.operand(kResidual), wide)), dtype);
    x = b.convert(sum, wide);  // the norm sees the sum as it is stored
  }

  const Value mean = b.use1("reduce_mean", {b.multiply(x, x)}, {{"axes", reduced}, {"keepdims", true}});
  const Value root = b.sqrt(b.add(mean, b.splat_like(mean, node.real("epsilon"))));
  const Value factor = b.divide(b.splat_like(mean, 1), root);
  Dims all;
  for (std::int64_t i = 0; i < input.rank(); ++i) all.push_back(i);
  Value y = b.multiply(x, b.broadcast_like(factor, x, all));

  if (node.has(kScale)) {
    Value scale = b.convert(b.operand(kScale), wide);
    if (node.flag("unit_offset")) scale = b.add(scale, b.splat_like(scale, 1));
    y = b.multiply(y, b.broadcast_like(scale, y, reduced));
  }
  if (node.has(kMultiplicand)) y = b.multiply(y, b.broadcast_like(b.convert(b.operand(kMultiplicand), wide), y));

  const Value output = b.convert(y, dtype);
  b.finish(sum ? Values{output, sum} : Values{output});
}

namespace {

// Outside, RMSNorm is (x, scale) and epsilon, over the last dimension. Whatever of ours says the same is brought to that form.
Attributes plain(const Node& node, bool unit_offset) {
  return {{"epsilon", node.real("epsilon")}, {"axis", -1}, {"unit_offset", unit_offset}};
}

void lower_as_litert(Builder& b) {
  const Node& node = b.node();
  const Type input = node.operand(kInput);
  const Axes axes = normalized_axes(node, input);
  if (axes.count != 1 || axes.first != input.rank() - 1) node.decline("normalizes other dimensions than the last");
  if (node.has(kResidual)) node.decline("has a residual, for which the target's form has no place");
  if (node.has(kMultiplicand)) node.decline("has a multiplicand, for which the target's form has no place");
  if (!node.has(kScale)) node.decline("has no scale");
  Value scale = b.operand(kScale);
  if (node.flag("unit_offset")) {
    // 1 + scale rounds in a 16-bit type, which the operator does not.
    if (node.operand(kScale).dtype != TENON_F32) node.decline("unit_offset with a scale of less than f32");
    scale = b.add(scale, b.splat_like(scale, 1));
  }
  b.finish(b.carrier("rms_norm", {b.operand(kInput), scale}, plain(node, false)));
}

}  // namespace

void lower_as(Builder& b, std::string_view target) {
  if (target == "litert") return lower_as_litert(b);
  const Node& node = b.node();
  const Type input = node.operand(kInput);
  const Axes axes = normalized_axes(node, input);
  Values operands;
  for (std::size_t i = 0; i < kOperands; ++i) operands.push_back(b.operand(i));
  Attributes attributes{{"epsilon", node.real("epsilon")}, {"unit_offset", node.flag("unit_offset")}};
  if (axes.count == 1)
    attributes.emplace_back("axis", axes.first == input.rank() - 1 ? std::int64_t{-1} : axes.first);
  else
    attributes.emplace_back("normalized_shape", node.ints("normalized_shape"));
  b.finish(b.carrier("rms_norm", operands, attributes));
}

}  // namespace tenon::rms_norm
