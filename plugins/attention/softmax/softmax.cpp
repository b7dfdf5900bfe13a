// softmax and log_softmax: one row each at the end of this file.
#include "plugins/attention/softmax/softmax.h"

#include "plugins/attention/compose.h"

namespace tenon::attention {
namespace {

using namespace plugin;

enum class Scale { Linear, Log };

// The largest value is taken away first: exp() of anything else would overflow from 89 on.
template <Scale kScale>
void lower(Builder& b) {
  const Node& node = b.node();
  const Type input = node.operand(0);
  const Dims axis{node.axis("axis", input.rank())};
  const Value x = b.convert(b.operand(0), wide(input.dtype));
  const Value shifted = b.subtract(x, spread_back(b, reduce_max(b, x, axis), x, axis[0]));
  const Value powers = b.exponential(shifted);
  const Value sum = b.reduce_add(powers, axis);
  const Value y = kScale == Scale::Linear ? b.divide(powers, spread_back(b, sum, x, axis[0]))
                                          : b.subtract(shifted, spread_back(b, b.log(sum), x, axis[0]));
  b.finish({b.convert(y, input.dtype)});
}

void infer(const Node& node) {
  const Type input = node.operand(0);
  (void)node.axis("axis", input.rank());
  node.set_result(0, input);
}

}  // namespace
}  // namespace tenon::attention

using namespace tenon::plugin;
using namespace tenon::attention;
TENON_OPERATOR(softmax) = Operator("softmax").infer<infer>().lower<lower<Scale::Linear>>().kernels(tenon::softmax::kSoftmaxKernels);
TENON_OPERATOR(log_softmax) = Operator("log_softmax").infer<infer>().lower<lower<Scale::Log>>().kernels(tenon::softmax::kLogSoftmaxKernels);
