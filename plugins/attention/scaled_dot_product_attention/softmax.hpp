// For kernel.simd.cpp: what happens between the two products, on scores [key][kPanel].
#pragma once

#include "plugins/attention/scaled_dot_product_attention/job.h"
#include "plugins/attention/scaled_dot_product_attention/tile.hpp"

namespace {
namespace attend {

constexpr float kNone = -__builtin_inff();
constexpr float kLowest = -3.40282347e+38f;  // where maxima begin: finite, so that -inf minus it is not NaN

// x = n ln 2 + r, |r| <= ln 2 / 2; z: n beside 1.5 * 2^23.
struct Reduced {
  F z, r;
};
inline Reduced reduce(F x) {
  const F z = fma(x, F(1.44269504f), F(12582912.0f)), n = z - F(12582912.0f);
  return {z, fma(n, F(2.12194440e-4f), fma(n, F(-0.693359375f), x))};
}
// (e^r - 1 - r) / r^2, so that e^r has a relative error of 3e-8.
inline F exp_rest(F r) {
  F p = fma(r, F(0.00139486173f), F(0.00838113762f));
  p = fma(p, r, F(0.0416662395f));
  p = fma(p, r, F(0.166663259f));
  return fma(p, r, F(0.5f));
}

// e^x for x <= 0; below -87 it is 0. kSpecial: NaN stays NaN whatever its bits are.
template <bool kSpecial>
inline F weight(F x) {
  const Reduced a = reduce(x);
  const F power = fma(fma(exp_rest(a.r), a.r, F(1.0f)), a.r, F(1.0f));
  const F kept = xsimd::select(x < F(-87.0f), F(0.0f), from_bits(bits(power) + (bits(a.z) << 23)));
  if constexpr (kSpecial) return xsimd::select(xsimd::isnan(x), x, kept);
  return kept;
}

// tanh within a few ulp: (e^2|x| - 1) / (e^2|x| + 1).
inline F tanh(F x) {
  const F doubled = xsimd::min(xsimd::abs(x) * F(2.0f), F(40.0f));
  const Reduced a = reduce(doubled);
  const F power = from_bits((bits(a.z) + U(127u - 0x4b400000u)) << 23);
  const F less_one = fma(power, fma(exp_rest(a.r) * a.r, a.r, a.r), power - F(1.0f));
  const F y = divide(less_one, less_one + F(2.0f));
  const F with_sign = from_bits(bits(y) | (bits(x) & U(0x80000000u)));
  return xsimd::select(xsimd::isnan(x), x, with_sign);
}

TENON_SIMD_NOINLINE void cap_scores(float* scores, std::size_t count, float cap) {
  const F limit(cap);
  for (std::size_t i = 0; i < count * kPanel; i += kLanes) store(scores + i, tanh(load(scores + i) / limit) * limit);
}

// Adds a mask, or selects by one of i1; a mask of one row for all lanes is [count].
TENON_SIMD_NOINLINE void mask_scores(float* scores, std::size_t count, const float* mask, bool one_row, bool select) {
  for (std::size_t j = 0; j < count; ++j) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      float* s = scores + j * kPanel + v * kLanes;
      const F m = one_row ? F(mask[j]) : load(mask + j * kPanel + v * kLanes);
      store(s, select ? xsimd::select(m == F(0.0f), F(kNone), load(s)) : load(s) + m);
    }
  }
}

// Hides keys [begin, end) where they are not in low[lane] <= key < high[lane]; all counted from the scores' first key.
TENON_SIMD_NOINLINE void hide_scores(float* scores, std::size_t begin, std::size_t end, const float* low, const float* high) {
  for (std::size_t j = begin; j < end; ++j) {
    const F key(static_cast<float>(j));
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      float* s = scores + j * kPanel + v * kLanes;
      const auto seen = (load(low + v * kLanes) <= key) & (key < load(high + v * kLanes));
      store(s, xsimd::select(seen, load(s), F(kNone)));
    }
  }
}

// The largest scores of each lane, from `from` on; a NaN is dropped.
TENON_SIMD_NOINLINE void find_most(const float* scores, std::size_t count, const float* from, float* maxima) {
  F most[kVectors];
#pragma GCC unroll 4
  for (std::size_t v = 0; v < kVectors; ++v) most[v] = load(from + v * kLanes);
  for (std::size_t j = 0; j < count; ++j)
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) most[v] = xsimd::max(load(scores + j * kPanel + v * kLanes), most[v]);
#pragma GCC unroll 4
  for (std::size_t v = 0; v < kVectors; ++v) store(maxima + v * kLanes, most[v]);
}

// Scores become weights relative to the new maxima; sums and output follow where a maximum grew.
template <bool kSpecial>
TENON_SIMD_NOINLINE void soften(float* scores, std::size_t count, const float* new_maxima, float* maxima, float* sums, float* output,
                                std::size_t value_size) {
  F most[kVectors], sum[kVectors];
  bool grew = false;
#pragma GCC unroll 4
  for (std::size_t v = 0; v < kVectors; ++v) most[v] = load(new_maxima + v * kLanes);
#pragma GCC unroll 4
  for (std::size_t v = 0; v < kVectors; ++v) grew = grew || xsimd::any(most[v] > load(maxima + v * kLanes));
  if (grew) {
    F factor[kVectors];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      // Equal infinities are no growth.
      const F old = load(maxima + v * kLanes);
      factor[v] = xsimd::select(most[v] > old, weight<true>(old - most[v]), F(1.0f));
      store(sums + v * kLanes, load(sums + v * kLanes) * factor[v]);
      store(maxima + v * kLanes, most[v]);
    }
    for (std::size_t c = 0; c < value_size; ++c)
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v) {
        float* o = output + c * kPanel + v * kLanes;
        store(o, load(o) * factor[v]);
      }
  }
#pragma GCC unroll 4
  for (std::size_t v = 0; v < kVectors; ++v) sum[v] = F(0.0f);
  for (std::size_t j = 0; j < count; ++j)
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      float* s = scores + j * kPanel + v * kLanes;
      const F p = weight<kSpecial>(load(s) - most[v]);
      store(s, p);
      sum[v] = sum[v] + p;
    }
#pragma GCC unroll 4
  for (std::size_t v = 0; v < kVectors; ++v) store(sums + v * kLanes, load(sums + v * kLanes) + sum[v]);
}

}  // namespace attend
}  // namespace
