// For *.simd.cpp files: e^x where x <= 0 or NaN, as softmax needs it. Shorter than simd_math.hpp's exp, which takes every x.
#pragma once

#include "plugins/support/simd.hpp"

namespace {
namespace simd {

// p * 2^n for p in [0.7, 1.5], n whole; shifted: n + 1.5 * 2^23, whose low bits are n. Rounds once where the result is subnormal.
inline F times_power_of_two(F p, [[maybe_unused]] F n, [[maybe_unused]] F shifted) {
#if defined(__AVX512F__)
  return F(_mm512_scalef_ps(p, n));
#else
  using I = xsimd::batch<std::int32_t, Arch>;
  const I count = xsimd::bitwise_cast<I>(shifted) - I(0x4b400000);
  const I half = count >> 1;
  const auto power = [](I k) { return xsimd::bitwise_cast<F>((k + I(127)) << 23); };
  return p * power(half) * power(count - half);
#endif
}

// Within 1.1 ulp, subnormal results included; e^-Inf is 0, NaN stays NaN. x = n * ln 2 + r, ln 2 in two parts, of which the first has so
// few bits that its product is exact with and without FMA; then 1 + r + r^2 * p(r), p a minimax polynomial (relative error 4e-9).
inline F exp_of_negative(F x) {
  const F clamped = xsimd::max(F(-104.0f), x);  // e^-104 rounds to 0; of an unordered pair the processors' maximum is the second
  const F shifted = fma(clamped, F(1.44269504088896341f), F(12582912.0f));  // 1.5 * 2^23: the sum rounds to a whole number
  const F n = shifted - F(12582912.0f);
  const F r = fma(n, F(2.12194440e-4f), fma(n, F(-0.693359375f), clamped));
  F p = fma(F(0x1.6a23cep-10f), r, F(0x1.123a2p-7f));
  p = fma(p, r, F(0x1.5558f2p-5f));
  p = fma(p, r, F(0x1.555492p-3f));
  p = fma(p, r, F(0x1.fffffcp-2f));
  return times_power_of_two(fma(p, r * r, r) + F(1.0f), n, shifted);
}

}  // namespace simd
}  // namespace
