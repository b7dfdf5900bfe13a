// dequantize: whole numbers, or an f8, times their scale.
#include "plugins/quantization/affine/kernels.h"
#include "plugins/quantization/affine/scales.h"

namespace tenon::quantization {
namespace {

using namespace plugin;

void infer(const Node& node) {
  const Type input = node.operand(kInput);
  if (node.has(kZeroPoint) && (input.dtype == TENON_I32 || is_float(input.dtype)))
    node.fail(TENON_INVALID_ARGUMENT, cat("an input of ", dtype_name(input.dtype), " takes no zero_point"));
  check_scales(node);
  node.set_result(0, {node.operand(kScale).dtype, input.dims});
}

void lower(Builder& b) {
  const Node& node = b.node();
  const tenon_dtype dtype = node.operand(kScale).dtype, wide = dtype == TENON_F64 ? TENON_F64 : TENON_F32;
  Value x = to_float(b, b.operand(kInput), wide);
  if (node.has(kZeroPoint)) x = b.subtract(x, spread(b, to_float(b, b.operand(kZeroPoint), wide), x));
  b.finish({b.convert(b.multiply(x, spread(b, b.convert(b.operand(kScale), wide), x)), dtype)});
}

}  // namespace
}  // namespace tenon::quantization

using namespace tenon::plugin;
TENON_OPERATOR(dequantize) = Operator("dequantize")
                                 .infer<tenon::quantization::infer>()
                                 .lower<tenon::quantization::lower>()
                                 .kernels(tenon::quantization::affine::kDequantize);
