// Operators of two operands: one row each at the end of this file. What they compute is in arithmetic.h.
#include "plugins/elementwise/arithmetic.h"
#include "plugins/elementwise/binary/promotion.h"
#include "plugins/elementwise/kernels/kernel.h"

namespace tenon::elementwise {
namespace {

void infer_same(const Node& node) { node.set_result(0, {common_dtype(node), joined(node.operand(0).dims, node.operand(1).dims)}); }
void infer_comparison(const Node& node) {
  (void)common_dtype(node);
  node.set_result(0, {TENON_I1, joined(node.operand(0).dims, node.operand(1).dims)});
}

// Operands are converted to their dtype before they are broadcast: the smaller tensor is the cheaper one.
Values operands(Builder& b, tenon_dtype dtype) { return broadcast(b, {b.convert(b.operand(0), dtype), b.convert(b.operand(1), dtype)}); }
template <auto kFunction>
void lower_rounded(Builder& b) {  // 16-bit floats are computed in f32
  const tenon_dtype dtype = common_dtype(b.node());
  const Values v = operands(b, computed_in(dtype));
  b.finish({b.convert(std::invoke(kFunction, b, v[0], v[1]), dtype)});
}
template <auto kFunction>
void lower_without_rounding(Builder& b) {
  const Values v = operands(b, common_dtype(b.node()));
  b.finish({std::invoke(kFunction, b, v[0], v[1])});
}

constexpr Operator row(const char* name) { return Operator(name).infer<infer_same>(); }
template <char kFirst, char kSecond>
constexpr Operator comparison(const char* name) {
  return Operator(name).infer<infer_comparison>().lower<lower_without_rounding<compare<kFirst, kSecond>>>();
}

}  // namespace
}  // namespace tenon::elementwise

using namespace tenon::plugin;
using namespace tenon::elementwise;
TENON_OPERATOR(add) = row("add").lower<lower_rounded<&Builder::add>>().kernels(kKernels<Fn::Add>);
TENON_OPERATOR(subtract) = row("subtract").lower<lower_rounded<&Builder::subtract>>().kernels(kKernels<Fn::Subtract>);
TENON_OPERATOR(multiply) = row("multiply").lower<lower_rounded<&Builder::multiply>>().kernels(kKernels<Fn::Multiply>);
TENON_OPERATOR(divide) = row("divide").lower<lower_rounded<&Builder::divide>>().kernels(kKernels<Fn::Divide>);
TENON_OPERATOR(remainder) = row("remainder").lower<lower_rounded<&Builder::remainder>>().kernels(kKernels<Fn::Remainder>);
TENON_OPERATOR(mod) = row("mod").lower<lower_rounded<modulo>>().kernels(kKernels<Fn::Mod>);
TENON_OPERATOR(power) = row("power").lower<lower_rounded<power>>().kernels(kKernels<Fn::Power>);
TENON_OPERATOR(atan2) = row("atan2").lower<lower_rounded<angle>>().kernels(kKernels<Fn::Atan2>);
TENON_OPERATOR(prelu) = row("prelu").lower<lower_rounded<prelu>>().kernels(kKernels<Fn::LeakyRelu>);
TENON_OPERATOR(maximum) = row("maximum").lower<lower_without_rounding<maximum>>().kernels(kKernels<Fn::Maximum>);
TENON_OPERATOR(minimum) = row("minimum").lower<lower_without_rounding<minimum>>().kernels(kKernels<Fn::Minimum>);
TENON_OPERATOR(and) = row("and").lower<lower_without_rounding<&Builder::logical_and>>().kernels(kKernels<Fn::And>);
TENON_OPERATOR(or) = row("or").lower<lower_without_rounding<&Builder::logical_or>>().kernels(kKernels<Fn::Or>);
TENON_OPERATOR(xor) = row("xor").lower<lower_without_rounding<&Builder::logical_xor>>().kernels(kKernels<Fn::Xor>);
TENON_OPERATOR(shift_left) = row("shift_left").lower<lower_without_rounding<shift_left>>();
TENON_OPERATOR(shift_right) = row("shift_right").lower<lower_without_rounding<shift_right>>();
TENON_OPERATOR(equal) = comparison<'E', 'Q'>("equal").kernels(kKernels<Fn::Equal>);
TENON_OPERATOR(not_equal) = comparison<'N', 'E'>("not_equal").kernels(kKernels<Fn::NotEqual>);
TENON_OPERATOR(less) = comparison<'L', 'T'>("less").kernels(kKernels<Fn::Less>);
TENON_OPERATOR(less_equal) = comparison<'L', 'E'>("less_equal").kernels(kKernels<Fn::LessEqual>);
TENON_OPERATOR(greater) = comparison<'G', 'T'>("greater").kernels(kKernels<Fn::Greater>);
TENON_OPERATOR(greater_equal) = comparison<'G', 'E'>("greater_equal").kernels(kKernels<Fn::GreaterEqual>);
