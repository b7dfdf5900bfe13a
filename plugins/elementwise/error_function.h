// The error function and GELU, which StableHLO does not have, from its primitives.
//
//   |x| < 3/4:  erf(x) = x P(x^2)
//   t >= 3/4:   erfc(t) = exp(-t^2) Q((t - 15/4) / (t + 15/4)) / (1 + 2t)
//
// The second form is that of M. M. Shepherd and J. G. Laframboise, "Chebyshev approximation of (1 + 2x) exp(x^2) erfc x in 0 <= x < inf",
// Mathematics of Computation 36 (1981). The coefficients are our own: interpolation in Chebyshev nodes with 50 digits, below 6e-10 of the
// value for f32 and 8e-18 for f64. Evaluated with correctly rounded primitives, erf is within 2.1 ulp in f32 and 1.5 in f64, and GELU,
// whose negative side is computed from erfc and so loses nothing to cancellation, within 4.6 and 5.7.
#pragma once

#include "plugins/elementwise/elementwise.h"

namespace tenon::elementwise {

struct ErrorFunction {
  std::vector<double> p, q;  // ascending powers
  double last;               // erfc is 0, or nearly, from here on
  double grid;               // multiples of 1/grid below `limit` have exact squares
  double limit;
};

inline const ErrorFunction& error_function(tenon_dtype dtype) {
  static const ErrorFunction f32{
      {1.12837916707, -0.376126384467, 0.112837786429, -0.0268647718021, 0.00521678948992, -0.000835692792001, 9.47046178159e-5},
      {1.2375126304, -0.140240593537, 0.00358550345036, 0.082276433422, -0.108806894792, 0.0923085785341, -0.0586568200431, 0.028349424268,
       -0.00993863933236, 0.00169094430113, 0.000666863960936},
      10,
      128,
      32};
  static const ErrorFunction f64{
      {1.1283791670955125739, -0.37612638903183752009, 0.11283791670955087198, -0.026866170645118444826, 0.0052239776252221918701,
       -0.00085483270011359461396, 0.00012055331545294116432, -0.000014925589383821142879, 1.6460383209858148676e-6,
       -1.6333229343433699958e-7, 1.4413879289095028856e-8, -9.5028408947747051607e-10},
      {1.237512630837827576,       -0.1402405985855469969,     0.0035854154854662115254,    0.08227673849014854719,
       -0.10880393014188899897,    0.092304321160290431654,    -0.058693398585457593234,    0.028362277419727329619,
       -0.0097465796206088314205,  0.001755625854194383353,    0.00029371420267371919123,   -0.00029015415431033730126,
       0.000051646273104570707806, 0.000022384837583517987285, -0.000011434769507599217192, -9.7599708678480458049e-7,
       1.7320781208758567924e-6,   -5.1655406329843572035e-8,  -2.340127784610565688e-7,    1.6405292794335902143e-8,
       2.1637523750844719333e-8},
      28,
      1048576,
      64};
  return dtype == TENON_F64 ? f64 : f32;
}

inline Value polynomial(Builder& b, Value x, const std::vector<double>& coefficients) {
  Value y = b.splat_like(x, coefficients.back());
  for (std::size_t i = coefficients.size() - 1; i-- > 0;) y = b.add(b.multiply(y, x), b.splat_like(x, coefficients[i]));
  return y;
}

// exp(-factor a^2) for a >= 0. The square is split so that its large part is exact: rounded, it would cost the exponential an error of
// a^2 ulp.
inline Value gaussian(Builder& b, Value a, double factor, const ErrorFunction& f) {
  const Value grid = b.splat_like(a, f.grid), minus_factor = b.splat_like(a, -factor);
  a = b.minimum(a, b.splat_like(a, f.limit));
  const Value high = b.divide(b.round_nearest_even(b.multiply(a, grid)), grid);
  const Value rest = b.multiply(b.subtract(a, high), b.add(a, high));
  return b.multiply(b.exponential(b.multiply(minus_factor, b.multiply(high, high))), b.exponential(b.multiply(minus_factor, rest)));
}

// erfc(t) exp(t^2) for t >= 0.
inline Value scaled_complement(Builder& b, Value t, const ErrorFunction& f) {
  t = b.minimum(t, b.splat_like(t, f.last));
  const Value center = b.splat_like(t, 3.75), one = b.splat_like(t, 1);
  const Value q = polynomial(b, b.divide(b.subtract(t, center), b.add(t, center)), f.q);
  return b.divide(q, b.add(one, b.add(t, t)));
}

inline Value erf_of(Builder& b, Value x) {
  const ErrorFunction& f = error_function(b.type(x).dtype);
  const Value a = b.abs(x);
  const Value near_zero = b.multiply(x, polynomial(b, b.multiply(x, x), f.p));
  const Value complement = b.multiply(gaussian(b, a, 1, f), scaled_complement(b, a, f));
  const Value far = b.multiply(b.sign(x), b.subtract(b.splat_like(x, 1), complement));
  return b.select(b.compare("LT", a, b.splat_like(x, 0.75)), near_zero, far);
}

// x Phi(x) with the normal distribution function Phi(x) = erfc(-x / sqrt 2) / 2.
inline Value gelu_exact(Builder& b, Value x) {
  const ErrorFunction& f = error_function(b.type(x).dtype);
  const Value a = b.abs(x), root = b.splat_like(x, 0.70710678118654752440);
  const Value t = b.multiply(x, root), distance = b.multiply(a, root);
  const Value near_zero = b.add(b.splat_like(x, 1), b.multiply(t, polynomial(b, b.multiply(t, t), f.p)));
  const Value complement = b.multiply(gaussian(b, a, 0.5, f), scaled_complement(b, distance, f));
  const Value positive = b.compare("GT", x, b.splat_like(x, 0));
  const Value far = b.select(positive, b.subtract(b.splat_like(x, 2), complement), complement);
  const Value twice = b.select(b.compare("LT", distance, b.splat_like(x, 0.75)), near_zero, far);
  return b.multiply(b.multiply(b.splat_like(x, 0.5), x), twice);
}

// x (1 + tanh(u)) / 2 = x logistic(2u), which loses nothing to cancellation where tanh(u) is near -1.
inline Value gelu_tanh(Builder& b, Value x) {
  const Value cube = b.multiply(b.multiply(x, x), x);
  const Value inner = b.add(x, b.multiply(b.splat_like(x, 0.044715), cube));
  return b.multiply(x, b.logistic(b.multiply(b.splat_like(x, 1.5957691216057307117), inner)));  // 2 sqrt(2 / pi)
}

inline Value gelu(Builder& b, Value x) { return b.node().string("approximate") == "tanh" ? gelu_tanh(b, x) : gelu_exact(b, x); }

}  // namespace tenon::elementwise
