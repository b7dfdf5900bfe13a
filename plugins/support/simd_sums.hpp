// For *.simd.cpp files: the sums of kLanes vectors, side by side in one. xsimd 8.1 has haddp for that, but mixes up the order at AVX-512.
#pragma once

#include "plugins/support/simd.hpp"

namespace {
namespace simd {

#if defined(__AVX512F__)
inline __m256 sums_of_8(const __m256 (&v)[8]) {
  const __m256 a = _mm256_hadd_ps(_mm256_hadd_ps(v[0], v[1]), _mm256_hadd_ps(v[2], v[3]));
  const __m256 b = _mm256_hadd_ps(_mm256_hadd_ps(v[4], v[5]), _mm256_hadd_ps(v[6], v[7]));
  return _mm256_add_ps(_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31));
}
#endif

// Element i is the sum of rows[i].
inline F sums_of(const F* rows) {
#if defined(__AVX512F__)
  __m256 low[8], high[8];
  for (std::size_t i = 0; i < 8; ++i) {
    low[i] = _mm256_add_ps(_mm512_castps512_ps256(rows[i]), _mm512_extractf32x8_ps(rows[i], 1));
    high[i] = _mm256_add_ps(_mm512_castps512_ps256(rows[i + 8]), _mm512_extractf32x8_ps(rows[i + 8], 1));
  }
  return F(_mm512_insertf32x8(_mm512_castps256_ps512(sums_of_8(low)), sums_of_8(high), 1));
#else
  return xsimd::haddp(rows);
#endif
}

}  // namespace simd
}  // namespace
