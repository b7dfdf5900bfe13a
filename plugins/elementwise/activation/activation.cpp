// Activation functions, erf, and gated units: one row each at the end of this file.
#include "plugins/elementwise/error_function.h"
#include "plugins/elementwise/kernels/kernel.h"

namespace tenon::elementwise {
namespace {

Value constant(Builder& b, Value like, double value) { return b.splat_like(like, value); }
Value bounded(Builder& b, double low, Value x, double high) {
  return b.clamp(b.scalar(b.type(x).dtype, low), x, b.scalar(b.type(x).dtype, high));
}

Value relu(Builder& b, Value x) { return b.maximum(x, constant(b, x, 0)); }
Value relu6(Builder& b, Value x) { return bounded(b, 0, x, 6); }
Value silu(Builder& b, Value x) { return b.multiply(x, b.logistic(x)); }
Value swish(Builder& b, Value x) { return b.multiply(x, b.logistic(b.multiply(constant(b, x, b.node().real("beta")), x))); }

// log(1 + exp(x)) without overflow.
Value softplus(Builder& b, Value x) { return b.add(relu(b, x), b.log_plus_one(b.exponential(b.negate(b.abs(x))))); }
Value softsign(Builder& b, Value x) { return b.divide(x, b.add(constant(b, x, 1), b.abs(x))); }

// tanh(log(1 + e)) = n / (n + 2) with n = e (e + 2). From 40 on it is 1.
Value mish(Builder& b, Value x) {
  const Value two = constant(b, x, 2);
  const Value e = b.exponential(b.minimum(x, constant(b, x, 40)));
  const Value n = b.multiply(e, b.add(e, two));
  return b.multiply(x, b.divide(n, b.add(n, two)));
}

// positive * x above 0, negative * (exp(x) - 1) below.
Value exponential_linear(Builder& b, Value x, double positive, double negative) {
  const Value above = positive == 1 ? x : b.multiply(constant(b, x, positive), x);
  const Value below = b.multiply(constant(b, x, negative), b.exponential_minus_one(x));
  return b.select(b.compare("GT", x, constant(b, x, 0)), above, below);
}
Value elu(Builder& b, Value x) { return exponential_linear(b, x, 1, b.node().real("alpha")); }
Value selu(Builder& b, Value x) {
  constexpr double kScale = 1.0507009873554804934193349852946, kAlpha = 1.6732632423543772848170429916717;
  return exponential_linear(b, x, kScale, kScale * kAlpha);
}
Value leaky_relu(Builder& b, Value x) {
  const Value below = b.multiply(constant(b, x, b.node().real("alpha")), x);
  return b.select(b.compare("GT", x, constant(b, x, 0)), x, below);
}

Value hard_sigmoid(Builder& b, Value x) {
  const Value line = b.add(b.multiply(constant(b, x, b.node().real("alpha")), x), constant(b, x, b.node().real("beta")));
  return bounded(b, 0, line, 1);
}
Value hard_swish(Builder& b, Value x) { return b.multiply(x, b.divide(bounded(b, 0, b.add(x, constant(b, x, 3)), 6), constant(b, x, 6))); }

// activation(gate) * up, rounded once.
template <auto kActivation>
void lower_gated(Builder& b) {
  const tenon_dtype dtype = b.node().operand(0).dtype;
  const Value gate = kActivation(b, b.convert(b.operand(0), computed_in(dtype)));
  const Values both = broadcast(b, {gate, b.convert(b.operand(1), computed_in(dtype))});
  b.finish({b.convert(b.multiply(both[0], both[1]), dtype)});
}

}  // namespace
}  // namespace tenon::elementwise

using namespace tenon::plugin;
using namespace tenon::elementwise;
TENON_OPERATOR(relu) = Operator("relu").lower<lower_exact<relu>>().kernels(kKernels<Fn::Relu>);
TENON_OPERATOR(relu6) = Operator("relu6").lower<lower_exact<relu6>>().kernels(kKernels<Fn::Clamp, With::ZeroAndSix>);
TENON_OPERATOR(leaky_relu) = Operator("leaky_relu").lower<lower_unary<leaky_relu>>().kernels(kKernels<Fn::LeakyRelu, With::Alpha>);
TENON_OPERATOR(elu) = Operator("elu").lower<lower_unary<elu>>().kernels(kKernels<Fn::Elu, With::Alpha>);
TENON_OPERATOR(selu) = Operator("selu").lower<lower_unary<selu>>().kernels(kKernels<Fn::Selu>);
TENON_OPERATOR(sigmoid) = Operator("sigmoid").lower<lower_unary<&Builder::logistic>>().kernels(kKernels<Fn::Sigmoid>);
TENON_OPERATOR(hard_sigmoid) =
    Operator("hard_sigmoid").lower<lower_unary<hard_sigmoid>>().kernels(kKernels<Fn::HardSigmoid, With::AlphaAndBeta>);
TENON_OPERATOR(silu) = Operator("silu").lower<lower_unary<silu>>().kernels(kKernels<Fn::Silu>);
TENON_OPERATOR(swish) = Operator("swish").lower<lower_unary<swish>>().kernels(kKernels<Fn::Swish, With::Beta>);
TENON_OPERATOR(hard_swish) = Operator("hard_swish").lower<lower_unary<hard_swish>>().kernels(kKernels<Fn::HardSwish>);
TENON_OPERATOR(softplus) = Operator("softplus").lower<lower_unary<softplus>>().kernels(kKernels<Fn::Softplus>);
TENON_OPERATOR(softsign) = Operator("softsign").lower<lower_unary<softsign>>().kernels(kKernels<Fn::Softsign>);
TENON_OPERATOR(mish) = Operator("mish").lower<lower_unary<mish>>().kernels(kKernels<Fn::Mish>);
TENON_OPERATOR(erf) = Operator("erf").lower<lower_unary<erf_of>>().kernels(kKernels<Fn::Erf>);
TENON_OPERATOR(gelu) = Operator("gelu").lower<lower_unary<gelu>>().kernels(kKernels<Fn::Gelu, With::Approximate>);
TENON_OPERATOR(silu_mul) = Operator("silu_mul").lower<lower_gated<silu>>().kernels(kKernels<Fn::SiluMul>);
TENON_OPERATOR(gelu_mul) = Operator("gelu_mul").lower<lower_gated<gelu>>().kernels(kKernels<Fn::GeluMul, With::Approximate>);
