// quantize: to whole numbers of a scale, or to an f8.
#include "plugins/quantization/affine/kernels.h"
#include "plugins/quantization/affine/scales.h"

namespace tenon::quantization {
namespace {

using namespace plugin;

// The largest number of an f8 that quantize can give; 0: another dtype.
double largest(tenon_dtype dtype) { return dtype == TENON_F8E4M3FN ? 448 : dtype == TENON_F8E5M2 ? 57344 : 0; }

bool is_result(tenon_dtype dtype) {
  return dtype == TENON_I4 || dtype == TENON_UI4 || dtype == TENON_I8 || dtype == TENON_UI8 || dtype == TENON_I16 || dtype == TENON_UI16 ||
         largest(dtype) > 0;
}

void infer(const Node& node) {
  const Type input = node.operand(kInput), scale = node.operand(kScale), zero_point = node.operand(kZeroPoint);
  const tenon_dtype to = node.dtype("to");
  if (!is_result(to))
    node.fail(TENON_INVALID_ARGUMENT, cat("to must be one of i4, ui4, i8, ui8, i16, ui16, f8e4m3fn, f8e5m2, got ", dtype_name(to)));
  if (scale.dtype != input.dtype && scale.dtype != TENON_F32)
    node.fail(TENON_INVALID_ARGUMENT,
              cat("scale must have the input's dtype ", dtype_name(input.dtype), " or f32, got ", dtype_name(scale.dtype)));
  if (zero_point && is_float(to)) node.fail(TENON_INVALID_ARGUMENT, cat("a zero_point goes with integers, not with ", dtype_name(to)));
  if (zero_point && zero_point.dtype != to)
    node.fail(TENON_INVALID_ARGUMENT,
              cat("zero_point must have the result's dtype ", dtype_name(to), ", got ", dtype_name(zero_point.dtype)));
  check_scales(node);
  node.set_result(0, {to, input.dims});
}

void lower(Builder& b) {
  const Node& node = b.node();
  const tenon_dtype to = node.dtype("to"), wide = node.operand(kInput).dtype == TENON_F64 ? TENON_F64 : TENON_F32;
  const Value x = b.convert(b.operand(kInput), wide);
  Value y = b.divide(x, spread(b, b.convert(b.operand(kScale), wide), x));
  if (is_float(to)) {
    const Value low = b.scalar(wide, -largest(to)), high = b.scalar(wide, largest(to));
    return b.finish({b.convert(b.clamp(low, y, high), to)});
  }
  y = b.round_nearest_even(y);
  if (node.has(kZeroPoint)) {
    // A NaN has no integer: it is 0 before the zero point is added.
    const Value number = b.compare("EQ", y, y);
    y = b.select(number, y, b.splat_like(y, 0));
    y = b.add(y, spread(b, to_float(b, b.operand(kZeroPoint), wide), y));
  }
  b.finish({b.convert(y, to)});  // saturates, and makes a NaN 0
}

}  // namespace
}  // namespace tenon::quantization

using namespace tenon::plugin;
TENON_OPERATOR(quantize) = Operator("quantize")
                               .infer<tenon::quantization::infer>()
                               .lower<tenon::quantization::lower>()
                               .kernels(tenon::quantization::affine::kQuantize);
