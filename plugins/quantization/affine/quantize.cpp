// quantize: to whole numbers of a scale, or to an f8.
#include "plugins/quantization/affine/scales.h"

namespace tenon::quantization {
namespace {

using namespace plugin;

struct Range {
  double low = 0, high = 0;
};

// The ends of a dtype that quantize can give; {0, 0}: another dtype.
Range range_of(tenon_dtype dtype) {
  switch (dtype) {
    case TENON_I4:
      return {-8, 7};
    case TENON_UI4:
      return {0, 15};
    case TENON_I8:
      return {-128, 127};
    case TENON_UI8:
      return {0, 255};
    case TENON_I16:
      return {-32768, 32767};
    case TENON_UI16:
      return {0, 65535};
    case TENON_F8E4M3FN:
      return {-448, 448};
    case TENON_F8E5M2:
      return {-57344, 57344};
    default:
      return {};
  }
}

void infer(const Node& node) {
  const Type input = node.operand(kInput), scale = node.operand(kScale), zero_point = node.operand(kZeroPoint);
  const tenon_dtype to = node.dtype("to");
  if (range_of(to).high == 0)
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
  if (!is_float(to)) {
    // A NaN has no integer: it is 0 before the zero point is added.
    const Value number = b.compare("EQ", y, y), whole = b.round_nearest_even(y);
    y = b.select(number, whole, b.splat_like(y, 0));
    if (node.has(kZeroPoint)) y = b.add(y, spread(b, to_float(b, b.operand(kZeroPoint), wide), y));
  }
  const Range range = range_of(to);
  const Value low = b.scalar(wide, range.low), high = b.scalar(wide, range.high);
  y = b.clamp(low, y, high);
  b.finish({from_float(b, y, to)});
}

}  // namespace
}  // namespace tenon::quantization

using namespace tenon::plugin;
TENON_OPERATOR(quantize) = Operator("quantize").infer<tenon::quantization::infer>().lower<tenon::quantization::lower>();
