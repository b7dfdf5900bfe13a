// For *.simd.cpp files: functions of f32 vectors, within 2 ulp of the exact value (sigmoid 2.1) over the whole range, subnormal and
// special values included (plugins/elementwise/kernels/functions_test.cpp); sin and cos up to kLargestAngle. FMA is used where the level
// has it, so two levels may differ in the last place. Polynomials and the rational function are our own least maxima of the relative error,
// found with 40 digits.
#pragma once

#include "plugins/support/simd.hpp"

namespace {
namespace simd {

using I = xsimd::batch<std::int32_t, Arch>;

inline F select_negative(F x, F negative, F other) { return xsimd::select(x < F(0.0f), negative, other); }
inline F copy_sign(F magnitude, F sign) { return from_bits((bits(magnitude) & U(0x7fffffffu)) | (bits(sign) & U(0x80000000u))); }
inline F infinity() { return from_bits(U(0x7f800000u)); }
inline F not_a_number() { return from_bits(U(0x7fc00000u)); }

// ---- Exponentials ----

// x = n ln 2 + r, by Cody and Waite: n * ln 2 in two parts, the first exact without FMA. x must be within +-2^21. NaN goes into r.
struct ExpParts {
  F r, n;
  I count;  // n as an integer
};
inline ExpParts exp_parts(F x) {
  const F shifted = fma(x, F(1.44269504088896341f), F(12582912.0f));  // 1.5 * 2^23: the sum rounds to an integer
  const F n = shifted - F(12582912.0f);
  const F r = fma(n, F(2.12194440e-4f), fma(n, F(-0.693359375f), x));
  return {r, n, xsimd::bitwise_cast<I>(shifted) - I(0x4b400000)};
}
// e^r - 1 for |r| <= 0.36.
inline F exp_minus_one_near_zero(F r) {
  F p(1.984604071e-4f);
  p = fma(p, r, F(1.394113113e-3f));
  p = fma(p, r, F(8.333390313e-3f));
  p = fma(p, r, F(4.166635495e-2f));
  p = fma(p, r, F(1.666666636e-1f));
  p = fma(p, r, F(5.000000045e-1f));
  return fma(p, r * r, r);
}
inline F power_of_two(I k) { return xsimd::bitwise_cast<F>((k + I(127)) << 23); }  // k from -126 to 127
// y * 2^n, rounded once; without an instruction in two factors, because 2^-149 is not normal.
inline F scaled(F y, const ExpParts& x) {
#if defined(__AVX512F__)
  return F(_mm512_scalef_ps(y, x.n));
#else
  const I half = x.count >> 1;
  return y * power_of_two(half) * power_of_two(x.count - half);
#endif
}

// The operands' order lets NaN through: the second one is the result where one is NaN.
inline F at_least(float low, F x) { return xsimd::max(F(low), x); }
inline F at_most(float high, F x) { return xsimd::min(F(high), x); }

// e^(x + rest) for x <= 89 and |rest| <= 0.05: rest is what rounding left of x.
inline F exp_of_sum(F x, F rest) {
  ExpParts parts = exp_parts(at_least(-104.0f, x));
  parts.r = parts.r + rest;
  return scaled(exp_minus_one_near_zero(parts.r) + F(1.0f), parts);
}
// e^x for x <= 89, or NaN.
inline F exp_not_large(F x) {
  const ExpParts parts = exp_parts(at_least(-104.0f, x));
  return scaled(exp_minus_one_near_zero(parts.r) + F(1.0f), parts);
}

// e^x. NaN stays NaN, e^-Inf is 0, what f32 cannot hold is Inf.
inline F exp(F x) { return exp_not_large(at_most(89.0f, x)); }

// e^x - 1: 2 (2^(n-1) (e^r - 1) + (2^(n-1) - 1/2)), of which all but the last sum is exact. Below 2^-24 it is x.
inline F expm1(F x) {
  const ExpParts parts = exp_parts(at_most(89.0f, at_least(-18.0f, x)));
  const F half = power_of_two(parts.count - I(1));
  const F y = fma(half, exp_minus_one_near_zero(parts.r), half - F(0.5f));
  return xsimd::select(xsimd::abs(x) < F(5.9604644775390625e-08f), x, y + y);
}

// 1 / (1 + e^-x), from e^-|x|, which does not overflow: small results keep their digits.
inline F sigmoid(F x) {
  const F e = exp_not_large(F(0.0f) - xsimd::abs(x));
  return divide(select_negative(x, e, F(1.0f)), F(1.0f) + e);
}

inline F tanh(F x) {
  const F a = xsimd::abs(x), y = x * x;
  F p(-5.648420326e-3f);
  p = fma(p, y, F(2.058991497e-2f));
  p = fma(p, y, F(-5.372515037e-2f));
  p = fma(p, y, F(1.333127463e-1f));
  p = fma(p, y, F(-3.333327606e-1f));
  const F near = fma(x * y, p, x);
  const F e = exp_not_large(F(-2.0f) * a);
  const F far = F(1.0f) - divide(e + e, F(1.0f) + e);
  return xsimd::select(a < F(0.625f), near, copy_sign(far, x));
}

// ---- Logarithms ----

// log(2^e (1 + f)) for f from 1/sqrt(2) - 1 to sqrt(2) - 1.
inline F log_of_parts(F e, F f) {
  const F y = f * f;
  F p(6.746253450e-2f);
  p = fma(p, f, F(-1.167529722e-1f));
  p = fma(p, f, F(1.188814710e-1f));
  p = fma(p, f, F(-1.240564839e-1f));
  p = fma(p, f, F(1.421956165e-1f));
  p = fma(p, f, F(-1.666799259e-1f));
  p = fma(p, f, F(2.000211813e-1f));
  p = fma(p, f, F(-2.500000966e-1f));
  p = fma(p, f, F(3.333331261e-1f));
  F tail = fma(f * y, p, e * F(-2.12194440e-4f));
  tail = fma(y, F(-0.5f), tail);
  return fma(e, F(0.693359375f), f + tail);
}
// x = 2^e m with m from 1/sqrt(2) to sqrt(2), for a normal x > 0.
struct LogParts {
  I e;
  F m;
};
inline LogParts log_parts(F x) {
  const I all = xsimd::bitwise_cast<I>(x);
  const I e = (all - I(0x3f3504f3)) >> 23;
  return {e, xsimd::bitwise_cast<F>(all - (e << 23))};
}

// Of 0 -Inf, below NaN.
inline F log(F x) {
  const auto subnormal = x < F(1.17549435e-38f);
  const LogParts parts = log_parts(xsimd::select(subnormal, x * F(8388608.0f), x));
  F y = log_of_parts(xsimd::to_float(parts.e) - xsimd::select(subnormal, F(23.0f), F(0.0f)), parts.m - F(1.0f));
  y = xsimd::select(x < infinity(), y, x);  // Inf and NaN
  y = xsimd::select(x == F(0.0f), F(0.0f) - infinity(), y);
  return select_negative(x, not_a_number(), y);
}

// log(1 + x): what the sum 1 + x loses is added to its fraction, which is x itself near 0.
inline F log1p(F x) {
  const F one(1.0f), u = one + x;
  const F lost = xsimd::select(x < one, x - (u - one), one - (u - x));
  const LogParts parts = log_parts(u);
  F y = log_of_parts(xsimd::to_float(parts.e), (parts.m - one) + lost * power_of_two(xsimd::max(I(0) - parts.e, I(-126))));
  y = xsimd::select(x < infinity(), y, x);
  y = xsimd::select(xsimd::abs(x) < F(5.9604644775390625e-08f), x, y);
  y = xsimd::select(x == F(-1.0f), F(0.0f) - infinity(), y);
  return xsimd::select(x < F(-1.0f), not_a_number(), y);
}

// ---- Sine and cosine ----

constexpr float kLargestAngle = 12000.0f;  // beyond it neither has a correct digit here

// x = n pi/2 + r. pi/2 is cut into parts of 11 bits, whose products with n < 2^13 are exact without FMA, and a last one.
struct AngleParts {
  F sine, cosine;  // of r
  I quarter;       // n
};
inline AngleParts angle_parts(F x) {
  const F shifted = fma(x, F(0.636619772367581343f), F(12582912.0f));
  const F n = shifted - F(12582912.0f);
  F near = fma(n, F(-0x1.92p+0f), x);
  near = fma(n, F(-0x1.fbp-12f), near);
  near = fma(n, F(-0x1.51p-22f), near);
  const F rest = fma(n, F(0x1.0bp-34f), n * F(0x1.184698p-44f));
  const F r = near - rest, lost = (near - r) - rest;
  const F y = r * r;
  F s(-1.951205941e-4f), c(2.442937383e-5f);
  s = fma(s, y, F(8.332137319e-3f));
  c = fma(c, y, F(-1.388728344e-3f));
  s = fma(s, y, F(-1.666665424e-1f));
  c = fma(c, y, F(4.166664502e-2f));
  return {r + fma(y * r, s, lost), fma(y * y, c, fma(y, F(-0.5f), F(1.0f))), xsimd::bitwise_cast<I>(shifted)};
}
// Whichever belongs to the quarter, and its sign. The sign of -0 stays.
inline F of_quarter(const AngleParts& parts, I quarter) {
  const U q = xsimd::bitwise_cast<U>(quarter);
  const auto odd = from_bits((q & U(1u)) << 30) > F(0.0f);  // 2.0 or 0
  return from_bits(bits(xsimd::select(odd, parts.cosine, parts.sine)) ^ ((q & U(2u)) << 30));
}
inline F sin(F x) {
  const AngleParts parts = angle_parts(x);
  return xsimd::select(x == F(0.0f), x, of_quarter(parts, parts.quarter));
}
inline F cos(F x) {
  const AngleParts parts = angle_parts(x);
  return of_quarter(parts, parts.quarter + I(1));
}

// ---- The normal distribution ----

// e^(-a^2 / 2) or e^(-a^2), with the square in an exact and a small part: rounded, it would cost the exponential a^2 ulp.
inline F gaussian(F a, float factor) {
  const F high = from_bits((bits(a) + U(0x800u)) & U(0xfffff000u));
  const F rest = (a - high) * (a + high);
  return exp_of_sum(F(factor) * (high * high), F(factor) * rest);
}
// erfc(a / sqrt(2)) e^(a^2 / 2) / 2 for a from 0 to 15. All terms are positive: nothing cancels.
inline F scaled_normal_tail(F a) {
  F p(4.153169958e-3f), q(1.041034157e-2f);
  p = fma(p, a, F(4.088072698e-2f));
  q = fma(q, a, F(1.024789031e-1f));
  p = fma(p, a, F(1.839679552e-1f));
  q = fma(q, a, F(4.714055741e-1f));
  p = fma(p, a, F(4.392818495e-1f));
  q = fma(q, a, F(1.205543392f));
  p = fma(p, a, F(5.000000031e-1f));
  q = fma(q, a, F(1.676448706f));
  return divide(p, fma(q, a, F(1.0f)));
}
// The normal distribution function of -a, for a >= 0: its relative error is below 4 ulp.
inline F normal_tail(F a) {
  a = at_most(15.0f, a);
  return gaussian(a, -0.5f) * scaled_normal_tail(a);
}

inline F erf(F x) {
  const F a = at_most(10.0f, xsimd::abs(x)), y = x * x;
  F p(9.47046178159e-5f);
  p = fma(p, y, F(-8.35692792001e-4f));
  p = fma(p, y, F(5.21678948992e-3f));
  p = fma(p, y, F(-2.68647718021e-2f));
  p = fma(p, y, F(1.12837786429e-1f));
  p = fma(p, y, F(-3.76126384467e-1f));
  p = fma(p, y, F(1.2837916707e-1f));
  const F tail = gaussian(a, -1.0f) * scaled_normal_tail(F(1.41421356237f) * a);
  const F far = F(1.0f) - (tail + tail);
  return xsimd::select(a < F(0.75f), fma(x, p, x), copy_sign(far, x));
}

// x times the normal distribution function of x.
inline F gelu(F x) {
  const F tail = normal_tail(xsimd::abs(x));
  return x * xsimd::select(x > F(0.0f), F(1.0f) - tail, tail);
}

}  // namespace simd
}  // namespace
