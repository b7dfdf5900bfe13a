// For *.simd.cpp files: functions of f32 vectors whose special values and subnormal results are right, the same at every level.
#pragma once

#include "plugins/support/simd.hpp"

namespace {
namespace simd {

// e^x within 2 ulp, subnormal results included; NaN stays NaN, e^-Inf is 0, what f32 cannot hold is Inf. Reduction by Cody and Waite
// (n * ln 2 in two parts, the first exact without FMA), polynomial of Cephes' expf; 2^n in two factors, because 2^-149 is not normal.
inline F exp(F x) {
  const F clamped = xsimd::min(xsimd::max(x, F(-104.0f)), F(89.0f));
  const F shifted = clamped * F(1.44269504088896341f) + F(12582912.0f);  // 1.5 * 2^23: the sum rounds to an integer
  const F n = shifted - F(12582912.0f);
  const F r = (clamped - n * F(0.693359375f)) - n * F(-2.12194440e-4f);
  F p(1.9875691500e-4f);
  p = p * r + F(1.3981999507e-3f);
  p = p * r + F(8.3334519073e-3f);
  p = p * r + F(4.1665795894e-2f);
  p = p * r + F(1.6666665459e-1f);
  p = p * r + F(5.0000001201e-1f);
  p = p * (r * r) + r + F(1.0f);
  using I = xsimd::batch<std::int32_t, Arch>;
  const I count = xsimd::bitwise_cast<I>(shifted) - I(0x4b400000);
  const I half = count >> 1;
  const auto power = [](I k) { return xsimd::bitwise_cast<F>((k + I(127)) << 23); };
  const F y = p * power(half) * power(count - half);
  return xsimd::select(xsimd::isnan(x), x, y);
}

}  // namespace simd
}  // namespace
