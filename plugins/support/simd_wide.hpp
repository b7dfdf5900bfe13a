// For *.simd.cpp files: vectors of f64, and f32 vectors made wide and narrow again, for sums that f32 cannot hold.
#pragma once

#include "plugins/support/simd.hpp"

namespace {
namespace simd {

using D = xsimd::batch<double, Arch>;
constexpr std::size_t kWideLanes = D::size;  // half of kLanes

// The first and the second half of an f32 vector's lanes.
struct Wide {
  D low, high;
};

inline Wide widen(F v) {
#if defined(__AVX512F__)
  return {D(_mm512_cvtps_pd(_mm512_castps512_ps256(v))), D(_mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1)))};
#elif defined(__AVX__)
  return {D(_mm256_cvtps_pd(_mm256_castps256_ps128(v))), D(_mm256_cvtps_pd(_mm256_extractf128_ps(v, 1)))};
#elif defined(__SSE2__)
  return {D(_mm_cvtps_pd(v)), D(_mm_cvtps_pd(_mm_movehl_ps(v, v)))};
#else
  return {D(vcvt_f64_f32(vget_low_f32(v))), D(vcvt_high_f64_f32(v))};
#endif
}

// Rounded once, half to even.
inline F narrow(Wide v) {
#if defined(__AVX512F__)
  return F(_mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(v.low)), _mm512_cvtpd_ps(v.high), 1));
#elif defined(__AVX__)
  return F(_mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps(v.low)), _mm256_cvtpd_ps(v.high), 1));
#elif defined(__SSE2__)
  return F(_mm_movelh_ps(_mm_cvtpd_ps(v.low), _mm_cvtpd_ps(v.high)));
#else
  return F(vcvt_high_f32_f64(vcvt_f32_f64(v.low), v.high));
#endif
}

inline D load_wide(const double* p) { return D::load_unaligned(p); }
inline void store_wide(double* p, D v) { v.store_unaligned(p); }

// a * b + c, rounded once where the level has such an instruction. xsimd 8.1 does not know that avx512 has it.
inline D fma(D a, D b, D c) {
#if defined(__AVX512F__)
  return D(_mm512_fmadd_pd(a, b, c));
#else
  return xsimd::fma(a, b, c);
#endif
}

// The sum of all lanes, always in the same order.
inline double sum_of_lanes(D v) {
  alignas(64) double lanes[kWideLanes];
  store_wide(lanes, v);
  for (std::size_t width = kWideLanes / 2; width > 0; width /= 2)
    for (std::size_t i = 0; i < width; ++i) lanes[i] += lanes[i + width];
  return lanes[0];
}

}  // namespace simd
}  // namespace
