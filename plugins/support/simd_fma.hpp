// For *.simd.cpp files: a * b + c with one rounding where the level has the instruction. xsimd 8.1 has none for AVX-512: its fma multiplies
// and adds there.
#pragma once

#include "plugins/support/simd.hpp"

namespace {
namespace simd {

inline F fused(F a, F b, F c) {
#if defined(__AVX512F__)
  return F(_mm512_fmadd_ps(a, b, c));
#else
  return xsimd::fma(a, b, c);
#endif
}

}  // namespace simd
}  // namespace
