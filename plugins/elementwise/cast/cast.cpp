// Conversions between all dtypes. Engines disagree about floats that an integer type does not hold, about narrowing to 4 bits, and about
// arithmetic in 4 and 8 bits; so the text leaves none of these to them.
#include "plugins/elementwise/elementwise.h"
#include "plugins/elementwise/kernels/kernel.h"

namespace tenon::elementwise {
namespace {

bool is_f8(tenon_dtype dtype) { return dtype == TENON_F8E4M3FN || dtype == TENON_F8E5M2; }
bool is_4_bit(tenon_dtype dtype) { return dtype == TENON_I4 || dtype == TENON_UI4; }

// The low four bits of an integer of 8 bits or more, as that type's value: 7 + 1 is -8 in i4.
Value wrapped_to_4_bits(Builder& b, Value x, bool has_sign) {
  const Value low = b.logical_and(x, b.splat_like(x, 15));
  if (!has_sign) return low;
  const Value sign = b.splat_like(x, 8);
  return b.subtract(b.logical_xor(low, sign), sign);
}

Value from_float(Builder& b, Value x, tenon_dtype to) {
  const tenon_dtype from = b.type(x).dtype;
  if (is_float(to)) {
    // By way of f32, which holds what is narrower, so that only the last step rounds; and f64 to 8 bits, since not every engine has that.
    const bool narrow = from != TENON_F64 && from != TENON_F32 && to != TENON_F64;
    if (is_f8(from) || is_f8(to) || narrow) x = b.convert(x, TENON_F32);
    return b.convert(x, to);
  }
  if (from != TENON_F64) x = b.convert(x, TENON_F32);
  return to == TENON_I1 ? b.compare("NE", x, b.splat_like(x, 0)) : b.convert(x, to);  // the builder makes it saturate
}

Value from_integer(Builder& b, Value x, tenon_dtype to) {
  if (is_4_bit(b.type(x).dtype)) x = b.convert(x, is_unsigned(b.type(x).dtype) ? TENON_UI8 : TENON_I8);
  if (is_f8(to)) return b.convert(b.convert(x, TENON_F32), to);
  if (b.type(x).dtype == TENON_I1) return b.convert(is_4_bit(to) ? b.convert(x, TENON_UI8) : x, to);
  if (to == TENON_I1) return b.compare("NE", x, b.splat_like(x, 0));
  if (!is_4_bit(to)) return b.convert(x, to);
  const tenon_dtype byte = to == TENON_I4 ? TENON_I8 : TENON_UI8;
  return b.convert(wrapped_to_4_bits(b, b.convert(x, byte), to == TENON_I4), to);
}

void infer(const Node& node) { node.set_result(0, {node.dtype("to"), node.operand(0).dims}); }

void lower(Builder& b) {
  const tenon_dtype from = b.node().operand(0).dtype, to = b.node().dtype("to");
  const Value x = b.operand(0);
  b.finish({from == to ? x : is_float(from) ? from_float(b, x, to) : from_integer(b, x, to)});
}

}  // namespace
}  // namespace tenon::elementwise

using namespace tenon::plugin;
TENON_OPERATOR(cast) = Operator("cast").infer<tenon::elementwise::infer>().lower<tenon::elementwise::lower>().kernels(
    tenon::elementwise::kKernels<tenon::elementwise::Fn::Cast>);
