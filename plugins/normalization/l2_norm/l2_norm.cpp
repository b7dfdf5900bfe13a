#include "plugins/normalization/l2_norm/l2_norm.h"

#include "plugins/normalization/norms.h"

namespace tenon::normalization {
namespace {

using namespace plugin;

void infer(const Node& node) {
  const Type input = node.operand(0);
  (void)node.axis("axis", input.rank());
  check_epsilon(node, input.dtype);
  node.set_result(0, input);
}

void lower(Builder& b) {
  const Node& node = b.node();
  const Type input = node.operand(0);
  const Value x = b.convert(b.operand(0), wide(input.dtype));
  const Value norm = b.sqrt(b.reduce_add(b.multiply(x, x), {node.axis("axis", input.rank())}, true));
  const Value divisor = b.maximum(norm, b.splat_like(norm, node.real("epsilon")));
  b.finish({b.convert(b.divide(x, spread(b, divisor, x)), input.dtype)});
}

}  // namespace
}  // namespace tenon::normalization

using namespace tenon::plugin;
using namespace tenon::normalization;
TENON_OPERATOR(l2_norm) = Operator("l2_norm").infer<infer>().lower<lower>().kernels(kL2NormKernels);
