// Functions of one number that are not trigonometric: one row each at the end of this file.
#include "plugins/elementwise/elementwise.h"
#include "plugins/elementwise/kernels/kernel.h"

namespace tenon::elementwise {
namespace {

// StableHLO's abs, negate and sign are for signed types.
Value absolute(Builder& b, Value x) { return is_unsigned(b.type(x).dtype) ? x : b.abs(x); }
Value opposite(Builder& b, Value x) { return is_unsigned(b.type(x).dtype) ? b.subtract(b.splat_like(x, 0), x) : b.negate(x); }
Value sign_of(Builder& b, Value x) { return is_unsigned(b.type(x).dtype) ? b.minimum(x, b.splat_like(x, 1)) : b.sign(x); }

Value square(Builder& b, Value x) { return b.multiply(x, x); }
Value reciprocal(Builder& b, Value x) { return b.divide(b.splat_like(x, 1), x); }
Value same(Builder&, Value x) { return x; }

// IREE's has no value for infinity.
Value cube_root(Builder& b, Value x) { return b.select(b.is_finite(x), b.cbrt(x), x); }

Value is_nan(Builder& b, Value x) { return b.compare("NE", x, x); }
Value is_infinite(Builder& b, Value x) { return b.compare("EQ", b.abs(x), b.splat_like(x, std::numeric_limits<double>::infinity())); }

}  // namespace
}  // namespace tenon::elementwise

using namespace tenon::plugin;
using namespace tenon::elementwise;
TENON_OPERATOR(abs) = Operator("abs").lower<lower_exact<absolute>>().kernels(kKernels<Fn::Abs>);
TENON_OPERATOR(negate) = Operator("negate").lower<lower_exact<opposite>>().kernels(kKernels<Fn::Negate>);
TENON_OPERATOR(sign) = Operator("sign").lower<lower_exact<sign_of>>().kernels(kKernels<Fn::Sign>);
TENON_OPERATOR(square) = Operator("square").lower<lower_unary<square>>().kernels(kKernels<Fn::Square>);
TENON_OPERATOR(reciprocal) = Operator("reciprocal").lower<lower_unary<reciprocal>>().kernels(kKernels<Fn::Reciprocal>);
TENON_OPERATOR(sqrt) = Operator("sqrt").lower<lower_unary<&Builder::sqrt>>().kernels(kKernels<Fn::Sqrt>);
TENON_OPERATOR(rsqrt) = Operator("rsqrt").lower<lower_unary<&Builder::rsqrt>>().kernels(kKernels<Fn::Rsqrt>);
TENON_OPERATOR(cbrt) = Operator("cbrt").lower<lower_unary<cube_root>>().kernels(kKernels<Fn::Cbrt>);
TENON_OPERATOR(exp) = Operator("exp").lower<lower_unary<&Builder::exponential>>().kernels(kKernels<Fn::Exp>);
TENON_OPERATOR(expm1) = Operator("expm1").lower<lower_unary<&Builder::exponential_minus_one>>().kernels(kKernels<Fn::Expm1>);
TENON_OPERATOR(log) = Operator("log").lower<lower_unary<&Builder::log>>().kernels(kKernels<Fn::Log>);
TENON_OPERATOR(log1p) = Operator("log1p").lower<lower_unary<&Builder::log_plus_one>>().kernels(kKernels<Fn::Log1p>);
TENON_OPERATOR(floor) = Operator("floor").lower<lower_exact<&Builder::floor>>().kernels(kKernels<Fn::Floor>);
TENON_OPERATOR(ceil) = Operator("ceil").lower<lower_exact<&Builder::ceil>>().kernels(kKernels<Fn::Ceil>);
TENON_OPERATOR(round) = Operator("round").lower<lower_exact<&Builder::round_nearest_even>>().kernels(kKernels<Fn::Round>);
TENON_OPERATOR(not ) = Operator("not").lower<lower_exact<&Builder::logical_not>>().kernels(kKernels<Fn::Not>);
TENON_OPERATOR(identity) = Operator("identity").lower<lower_exact<same>>().kernels(kKernels<Fn::Identity>);
TENON_OPERATOR(is_finite) =
    Operator("is_finite").infer<infer_predicate>().lower<lower_exact<&Builder::is_finite>>().kernels(kKernels<Fn::IsFinite>);
TENON_OPERATOR(is_nan) = Operator("is_nan").infer<infer_predicate>().lower<lower_exact<is_nan>>().kernels(kKernels<Fn::IsNan>);
TENON_OPERATOR(is_inf) = Operator("is_inf").infer<infer_predicate>().lower<lower_exact<is_infinite>>().kernels(kKernels<Fn::IsInf>);
