// Block functions of f32 that are exact, or a few operations that the processor rounds.
#include "plugins/elementwise/kernels/blocks.hpp"
#include "plugins/support/simd_math.hpp"

namespace {

// ---- Two operands ----
F add(F x, F y) { return x + y; }
F subtract(F x, F y) { return x - y; }
F multiply(F x, F y) { return x * y; }
// NaN wins, then +0 over -0: where both are equal the signs are joined. The processors' own instructions do neither.
F larger(F x, F y) {
  F r = xsimd::select(x > y, x, y);
  r = xsimd::select(x == y, from_bits(bits(x) & bits(y)), r);
  return xsimd::select(xsimd::isnan(x), x, r);
}
F smaller(F x, F y) {
  F r = xsimd::select(x < y, x, y);
  r = xsimd::select(x == y, from_bits(bits(x) | bits(y)), r);
  return xsimd::select(xsimd::isnan(x), x, r);
}
F clamp(F x, F low, F high) { return smaller(larger(x, low), high); }
F leaky_relu(F x, F slope) { return xsimd::select(x > F(0.0f), x, slope * x); }
F hard_sigmoid(F x, F alpha, F beta) { return clamp(alpha * x + beta, F(0.0f), F(1.0f)); }

// ---- Predicates: the integers 0 and 1 ----
template <class Mask>
F as_integer(Mask mask) {
  return xsimd::select(mask, from_bits(U(1u)), F(0.0f));
}
F magnitude(F x) { return from_bits(bits(x) & U(0x7fffffffu)); }
F equal(F x, F y) { return as_integer(x == y); }
F not_equal(F x, F y) { return xsimd::select(x == y, F(0.0f), from_bits(U(1u))); }  // xsimd's has no NaN
F less(F x, F y) { return as_integer(x < y); }
F less_equal(F x, F y) { return as_integer(x <= y); }
F greater(F x, F y) { return as_integer(x > y); }
F greater_equal(F x, F y) { return as_integer(x >= y); }
F is_finite(F x) { return as_integer(magnitude(x) < simd::infinity()); }
F is_nan(F x) { return as_integer(xsimd::isnan(x)); }
F is_infinite(F x) { return as_integer(magnitude(x) == simd::infinity()); }

// ---- One operand ----
F negate(F x) { return from_bits(bits(x) ^ U(0x80000000u)); }
F sign(F x) { return xsimd::select(xsimd::abs(x) > F(0.0f), simd::copy_sign(F(1.0f), x), x); }
F square(F x) { return x * x; }
F cube(F x) { return x * x * x; }
F same(F x) { return x; }
F relu(F x) { return xsimd::select(x <= F(0.0f), F(0.0f), x); }
F reciprocal(F x) { return simd::divide(F(1.0f), x); }
F reciprocal_square_root(F x) { return simd::divide(F(1.0f), simd::root(x)); }
// From 2^23 on every number is whole; below, adding and taking away 2^23 rounds.
F nearest(F x) {
  const F a = magnitude(x), limit(8388608.0f);
  return xsimd::select(a < limit, simd::copy_sign((a + limit) - limit, x), x);
}
F floor(F x) {
  const F r = nearest(x);
  return xsimd::select(r > x, r - F(1.0f), r);
}
F ceil(F x) {
  const F r = nearest(x);
  return xsimd::select(r < x, simd::copy_sign(r + F(1.0f), x), r);
}
F hard_swish(F x) { return x * simd::divide(clamp(x + F(3.0f), F(0.0f), F(6.0f)), F(6.0f)); }
F softsign(F x) { return simd::divide(x, F(1.0f) + xsimd::abs(x)); }

constexpr BlockTable make_table() {
  BlockTable t{};
  enter_all<2, add>(t, Fn::Add);
  enter_all<2, subtract>(t, Fn::Subtract);
  enter_all<2, multiply>(t, Fn::Multiply);
  enter_all<2, simd::divide>(t, Fn::Divide);
  enter_all<2, larger>(t, Fn::Maximum);
  enter_all<2, smaller>(t, Fn::Minimum);
  enter<3, clamp>(t, Fn::Clamp);
  enter<2, leaky_relu>(t, Fn::LeakyRelu);
  enter<3, hard_sigmoid>(t, Fn::HardSigmoid);
  enter<2, equal>(t, Fn::Equal);
  enter<2, not_equal>(t, Fn::NotEqual);
  enter<2, less>(t, Fn::Less);
  enter<2, less_equal>(t, Fn::LessEqual);
  enter<2, greater>(t, Fn::Greater);
  enter<2, greater_equal>(t, Fn::GreaterEqual);
  enter<1, is_finite>(t, Fn::IsFinite);
  enter<1, is_nan>(t, Fn::IsNan);
  enter<1, is_infinite>(t, Fn::IsInf);
  enter<1, magnitude>(t, Fn::Abs);
  enter_all<1, negate>(t, Fn::Negate);
  enter<1, sign>(t, Fn::Sign);
  enter_all<1, square>(t, Fn::Square);
  enter<1, cube>(t, Fn::Cube);
  enter<1, same>(t, Fn::Cast);
  enter_all<1, relu>(t, Fn::Relu);
  enter<1, reciprocal>(t, Fn::Reciprocal);
  enter<1, simd::root>(t, Fn::Sqrt);
  enter<1, reciprocal_square_root>(t, Fn::Rsqrt);
  enter<1, floor>(t, Fn::Floor);
  enter<1, ceil>(t, Fn::Ceil);
  enter<1, nearest>(t, Fn::Round);
  enter<1, hard_swish>(t, Fn::HardSwish);
  enter<1, softsign>(t, Fn::Softsign);
  return t;
}

}  // namespace

namespace tenon::elementwise::TENON_SIMD_NAMESPACE {
extern const BlockTable arithmetic;
const BlockTable arithmetic = make_table();
}  // namespace tenon::elementwise::TENON_SIMD_NAMESPACE
