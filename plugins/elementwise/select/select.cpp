// where and clamp.
#include "plugins/elementwise/exact_value.h"
#include "plugins/elementwise/kernels/kernel.h"

namespace tenon::elementwise {
namespace {

void lower_where(Builder& b) {
  const Values v = broadcast(b, {b.operand(0), b.operand(1), b.operand(2)});
  b.finish({b.select(v[0], v[1], v[2])});
}

void infer_clamp(const Node& node) {
  const Type input = node.operand(0);
  const bool has_min = node.has_attribute("min"), has_max = node.has_attribute("max");
  if (!has_min && !has_max) node.fail(TENON_INVALID_ARGUMENT, "neither min nor max is given", "give one of them, or both");
  for (const char* bound : {"min", "max"}) {
    if (!node.has_attribute(bound)) continue;
    if (std::isnan(node.real(bound))) node.fail(TENON_OUT_OF_RANGE, cat(bound, " must be a number, got NaN"));
    check_exact(node, bound, input.dtype);
  }
  node.set_result(0, input);
}

void lower_clamp(Builder& b) {
  const Node& node = b.node();
  const tenon_dtype dtype = node.operand(0).dtype;
  Value x = b.convert(b.operand(0), computed_in(dtype));
  if (node.has_attribute("min")) x = b.maximum(x, b.splat_like(x, node.real("min")));
  if (node.has_attribute("max")) x = b.minimum(x, b.splat_like(x, node.real("max")));
  b.finish({b.convert(x, dtype)});
}

}  // namespace
}  // namespace tenon::elementwise

using namespace tenon::plugin;
using namespace tenon::elementwise;
TENON_OPERATOR(where) = Operator("where").lower<lower_where>().kernels(kKernels<Fn::Select>);
TENON_OPERATOR(clamp) = Operator("clamp").infer<infer_clamp>().lower<lower_clamp>().kernels(kKernels<Fn::Clamp, With::MinAndMax>);
