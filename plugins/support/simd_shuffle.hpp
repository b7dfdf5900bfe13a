// For *.simd.cpp files: elements of f32 vectors in another order.
#pragma once

#include "plugins/support/simd.hpp"

namespace {
namespace simd {

// Elements 1, 0, 3, 2, ..
inline F swap_neighbours(F v) {
#if defined(__AVX512F__)
  return F(_mm512_permute_ps(v, 0xb1));
#elif defined(__AVX__)
  return F(_mm256_permute_ps(v, 0xb1));
#elif defined(__SSE2__)
  return F(_mm_shuffle_ps(v, v, 0xb1));
#else
  return F(vrev64q_f32(v));
#endif
}

}  // namespace simd
}  // namespace
