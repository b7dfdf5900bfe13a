// Binary operators with a number in the place of an operand: one row each at the end of this file.
#include "plugins/elementwise/arithmetic.h"
#include "plugins/elementwise/exact_value.h"
#include "plugins/elementwise/kernels/kernel.h"

namespace tenon::elementwise {
namespace {

template <bool kPredicate>
void infer(const Node& node) {
  const Type input = node.operand(0);
  check_exact(node, "value", input.dtype);
  node.set_result(0, {kPredicate ? TENON_I1 : input.dtype, input.dims});
}

// The value is rounded once, to the type of computation.
template <auto kFunction, bool kReversed>
void lower(Builder& b) {
  const tenon_dtype dtype = b.node().operand(0).dtype;
  const Value x = b.convert(b.operand(0), computed_in(dtype));
  const Value value = b.splat_like(x, b.node().real("value"));
  b.finish({b.convert(std::invoke(kFunction, b, kReversed ? value : x, kReversed ? x : value), dtype)});
}
template <char kFirst, char kSecond>
void lower_comparison(Builder& b) {
  const Value x = b.operand(0);
  b.finish({compare<kFirst, kSecond>(b, x, b.splat_like(x, b.node().real("value")))});
}

// Squares are most of its uses, and exactly rounded as products.
Value power_of(Builder& b, Value x, Value value) { return b.node().real("value") == 2 ? b.multiply(x, x) : power(b, x, value); }

template <auto kFunction, bool kReversed = false>
constexpr Operator row(const char* name) {
  return Operator(name).infer<infer<false>>().lower<lower<kFunction, kReversed>>();
}
template <char kFirst, char kSecond>
constexpr Operator comparison(const char* name) {
  return Operator(name).infer<infer<true>>().lower<lower_comparison<kFirst, kSecond>>();
}

}  // namespace
}  // namespace tenon::elementwise

using namespace tenon::plugin;
using namespace tenon::elementwise;
TENON_OPERATOR(add_scalar) = row<&Builder::add>("add_scalar").kernels(kKernels<Fn::Add, With::Value>);
TENON_OPERATOR(subtract_scalar) = row<&Builder::subtract>("subtract_scalar").kernels(kKernels<Fn::Subtract, With::Value>);
TENON_OPERATOR(reverse_subtract_scalar) =
    row<&Builder::subtract, true>("reverse_subtract_scalar").kernels(kKernels<Fn::Subtract, With::ValueFirst>);
TENON_OPERATOR(multiply_scalar) = row<&Builder::multiply>("multiply_scalar").kernels(kKernels<Fn::Multiply, With::Value>);
TENON_OPERATOR(divide_scalar) = row<&Builder::divide>("divide_scalar").kernels(kKernels<Fn::Divide, With::Value>);
TENON_OPERATOR(reverse_divide_scalar) =
    row<&Builder::divide, true>("reverse_divide_scalar").kernels(kKernels<Fn::Divide, With::ValueFirst>);
TENON_OPERATOR(remainder_scalar) = row<&Builder::remainder>("remainder_scalar").kernels(kKernels<Fn::Remainder, With::Value>);
TENON_OPERATOR(mod_scalar) = row<modulo>("mod_scalar").kernels(kKernels<Fn::Mod, With::Value>);
TENON_OPERATOR(power_scalar) = row<power_of>("power_scalar").kernels(kKernels<Fn::Power, With::Value>);
TENON_OPERATOR(maximum_scalar) = row<maximum>("maximum_scalar").kernels(kKernels<Fn::Maximum, With::Value>);
TENON_OPERATOR(minimum_scalar) = row<minimum>("minimum_scalar").kernels(kKernels<Fn::Minimum, With::Value>);
TENON_OPERATOR(equal_scalar) = comparison<'E', 'Q'>("equal_scalar").kernels(kKernels<Fn::Equal, With::Rounded>);
TENON_OPERATOR(not_equal_scalar) = comparison<'N', 'E'>("not_equal_scalar").kernels(kKernels<Fn::NotEqual, With::Rounded>);
TENON_OPERATOR(less_scalar) = comparison<'L', 'T'>("less_scalar").kernels(kKernels<Fn::Less, With::Rounded>);
TENON_OPERATOR(less_equal_scalar) = comparison<'L', 'E'>("less_equal_scalar").kernels(kKernels<Fn::LessEqual, With::Rounded>);
TENON_OPERATOR(greater_scalar) = comparison<'G', 'T'>("greater_scalar").kernels(kKernels<Fn::Greater, With::Rounded>);
TENON_OPERATOR(greater_equal_scalar) = comparison<'G', 'E'>("greater_equal_scalar").kernels(kKernels<Fn::GreaterEqual, With::Rounded>);
