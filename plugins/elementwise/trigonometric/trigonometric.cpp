// Trigonometric and hyperbolic functions and their inverses: one row each at the end of this file. Those that StableHLO does not have are
// made from atan2, expm1 and log1p, in forms without cancellation.
#include "plugins/elementwise/elementwise.h"
#include "plugins/elementwise/kernels/kernel.h"

namespace tenon::elementwise {
namespace {

Value constant(Builder& b, Value like, double value) { return b.splat_like(like, value); }
Value halved(Builder& b, Value x) { return b.multiply(constant(b, x, 0.5), x); }

// StableHLO's own tan cannot be written into artifacts for versions before 1.4.0.
Value tangent(Builder& b, Value x) { return b.divide(b.sine(x), b.cosine(x)); }

// sqrt(1 - x^2); NaN outside -1..1.
Value other_leg(Builder& b, Value x) {
  const Value one = constant(b, x, 1);
  return b.sqrt(b.multiply(b.subtract(one, x), b.add(one, x)));
}
Value arc_sine(Builder& b, Value x) { return b.atan2(x, other_leg(b, x)); }
Value arc_cosine(Builder& b, Value x) { return b.atan2(other_leg(b, x), x); }
Value arc_tangent(Builder& b, Value x) { return b.atan2(x, constant(b, x, 1)); }

// f(|x|) with the sign of x, for an odd function; a zero keeps its sign.
template <class Function>
Value odd(Builder& b, Value x, const Function& f) {
  return b.multiply(b.sign(x), f(b.abs(x)));
}

// Half of exp(a) as a product, which overflows where cosh does and not before, and half of exp(-a).
struct Halves {
  Value up, down;
};
Halves halves(Builder& b, Value a) {
  const Value root = b.exponential(halved(b, a));
  return {b.multiply(halved(b, root), root), b.divide(b.divide(constant(b, a, 0.5), root), root)};
}

Value hyperbolic_sine(Builder& b, Value x) {
  return odd(b, x, [&](Value a) {
    const Value one = constant(b, a, 1);
    const Value e = b.exponential_minus_one(b.minimum(a, one));  // where it is not used it must stay finite
    const Value near_zero = halved(b, b.add(e, b.divide(e, b.add(e, one))));
    const Halves h = halves(b, a);
    return b.select(b.compare("LT", a, one), near_zero, b.subtract(h.up, h.down));
  });
}

Value hyperbolic_cosine(Builder& b, Value x) {
  const Halves h = halves(b, b.abs(x));
  return b.add(h.up, h.down);
}

// log(2a) where a^2 would overflow and nothing else counts.
Value log_of_double(Builder& b, Value a) { return b.add(b.log(a), constant(b, a, 0.69314718055994530942)); }
constexpr double kFar = 1073741824;  // 2^30: 1 / kFar^2 is below the precision of f64

Value area_sine(Builder& b, Value x) {
  return odd(b, x, [&](Value a) {
    const Value one = constant(b, a, 1);
    const Value square = b.multiply(a, a);
    const Value root = b.sqrt(b.add(one, square));
    const Value near = b.log_plus_one(b.add(a, b.divide(square, b.add(one, root))));
    return b.select(b.compare("LT", a, constant(b, a, kFar)), near, log_of_double(b, a));
  });
}

Value area_cosine(Builder& b, Value x) {
  const Value one = constant(b, x, 1);
  const Value t = b.subtract(x, one);
  const Value near = b.log_plus_one(b.add(t, b.sqrt(b.multiply(t, b.add(x, one)))));
  const Value y = b.select(b.compare("LT", x, constant(b, x, kFar)), near, log_of_double(b, x));
  return b.select(b.compare("LT", x, one), constant(b, x, std::numeric_limits<double>::quiet_NaN()), y);
}

Value area_tangent(Builder& b, Value x) {
  return odd(b, x, [&](Value a) { return halved(b, b.log_plus_one(b.divide(b.add(a, a), b.subtract(constant(b, a, 1), a)))); });
}

}  // namespace
}  // namespace tenon::elementwise

using namespace tenon::plugin;
using namespace tenon::elementwise;
TENON_OPERATOR(sin) = Operator("sin").lower<lower_unary<&Builder::sine>>().kernels(kKernels<Fn::Sin>);
TENON_OPERATOR(cos) = Operator("cos").lower<lower_unary<&Builder::cosine>>().kernels(kKernels<Fn::Cos>);
TENON_OPERATOR(tan) = Operator("tan").lower<lower_unary<tangent>>().kernels(kKernels<Fn::Tan>);
TENON_OPERATOR(asin) = Operator("asin").lower<lower_unary<arc_sine>>().kernels(kKernels<Fn::Asin>);
TENON_OPERATOR(acos) = Operator("acos").lower<lower_unary<arc_cosine>>().kernels(kKernels<Fn::Acos>);
TENON_OPERATOR(atan) = Operator("atan").lower<lower_unary<arc_tangent>>().kernels(kKernels<Fn::Atan>);
TENON_OPERATOR(sinh) = Operator("sinh").lower<lower_unary<hyperbolic_sine>>().kernels(kKernels<Fn::Sinh>);
TENON_OPERATOR(cosh) = Operator("cosh").lower<lower_unary<hyperbolic_cosine>>().kernels(kKernels<Fn::Cosh>);
TENON_OPERATOR(tanh) = Operator("tanh").lower<lower_unary<&Builder::tanh>>().kernels(kKernels<Fn::Tanh>);
TENON_OPERATOR(asinh) = Operator("asinh").lower<lower_unary<area_sine>>().kernels(kKernels<Fn::Asinh>);
TENON_OPERATOR(acosh) = Operator("acosh").lower<lower_unary<area_cosine>>().kernels(kKernels<Fn::Acosh>);
TENON_OPERATOR(atanh) = Operator("atanh").lower<lower_unary<area_tangent>>().kernels(kKernels<Fn::Atanh>);
