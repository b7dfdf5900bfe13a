#include "plugins/normalization/norms.h"

namespace tenon::normalization {
namespace {

using namespace plugin;

enum : std::size_t { kInput, kScale, kBias, kMean, kVariance };

void infer(const Node& node) {
  const Type input = node.operand(kInput);
  const Dims channels{input.dims.at(at(node.axis("axis", input.rank())))};
  check_epsilon(node, input.dtype);
  constexpr const char* kNames[] = {"input", "scale", "bias", "mean", "variance"};
  for (std::size_t i = kScale; i <= kVariance; ++i) check_parameter(node, kNames[i], node.operand(i), input, channels);
  node.set_result(0, input);
}

void lower(Builder& b) {
  const Node& node = b.node();
  const Type input = node.operand(kInput);
  const Dims axis{node.axis("axis", input.rank())};
  const tenon_dtype dtype = wide(input.dtype);
  const Value x = b.convert(b.operand(kInput), dtype);
  const Value variance = b.convert(b.operand(kVariance), dtype);
  const Value root = b.sqrt(b.add(variance, b.splat_like(variance, node.real("epsilon"))));
  const Value factor = b.divide(b.convert(b.operand(kScale), dtype), root);
  const Value centred = b.subtract(x, b.broadcast_like(b.convert(b.operand(kMean), dtype), x, axis));
  b.finish({b.convert(scaled(b, centred, factor, b.operand(kBias), axis), input.dtype)});
}

}  // namespace
}  // namespace tenon::normalization

using namespace tenon::plugin;
using namespace tenon::normalization;
TENON_OPERATOR(batch_norm) = Operator("batch_norm").infer<infer>().lower<lower>();
