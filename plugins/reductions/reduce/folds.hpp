// For the SIMD source of float reductions: what is done with vectors of elements. Each fold has, for rows, an accumulator of registers, and
// for columns a function that takes some rows of a strip into accumulators in memory, in the order of units.
//
// Sums: f32 elements are added in pairs, 16-bit ones in fours, and those sums are added in f64. A pair or a four of f32 rounds once or
// twice, so the error of any sum is below 2^-23 of the sum of magnitudes, whatever its length. f64 throughout would be as exact as the
// lowering, and is half as fast.
#pragma once

#include "plugins/reductions/reduce/job.h"
#include "plugins/support/simd_rows.hpp"
#include "plugins/support/simd_wide.hpp"

namespace {
namespace folds {

using namespace simd;

constexpr std::size_t kUnitsPerStep = 4;
using Mask = xsimd::batch_bool<float, Arch>;

// A unit's first `count` elements; the rest is `fill`.
template <class Row>
TENON_SIMD_NOINLINE Pair load_filled(const typename Row::T* p, std::size_t count, typename Row::T fill) {
  alignas(64) typename Row::T buffer[kUnit];
  for (std::size_t i = 0; i < kUnit; ++i) buffer[i] = i < count ? p[i] : fill;
  return Row::load(buffer);
}

// A number that every row type holds, as an element.
template <class Row>
inline typename Row::T element_of(std::uint32_t f32_bits, std::uint16_t f16_bits) {
  if constexpr (sizeof(typename Row::T) == 4)
    return __builtin_bit_cast(float, f32_bits);
  else
    return Row::kInterleaved ? static_cast<std::uint16_t>(f32_bits >> 16) : f16_bits;
}
template <class Row>
inline typename Row::T zero() {
  return {};
}
template <class Row>
inline typename Row::T one() {
  return element_of<Row>(0x3f800000u, 0x3c00u);
}
template <class Row>
inline typename Row::T infinity(bool negative) {
  return element_of<Row>(negative ? 0xff800000u : 0x7f800000u, negative ? 0xfc00u : 0x7c00u);
}

// ---- What is summed: a function of elements. `unit` counts from the strip's begin; in rows it is 0.
struct Same {
  Pair operator()(Pair v, std::size_t) const { return v; }
};
struct Square {
  Pair operator()(Pair v, std::size_t) const { return {v.a * v.a, v.b * v.b}; }
};
struct Magnitude {
  static F of(F v) { return from_bits(bits(v) & U(0x7fffffffu)); }
  Pair operator()(Pair v, std::size_t) const { return {of(v.a), of(v.b)}; }
};
// 2^(d / ln 2) for d <= 0, relative error 2e-7; below 2^-126 it is that. Where d is rounded, e^d is small: the sum does not see it.
inline F exponential(F d) {
  const F t = xsimd::max(d * F(0x1.715476p+0f), F(-126.0f));
  const F shifted = t + F(12582912.0f);  // 1.5 * 2^23: the sum rounds to an integer
  const F f = t - (shifted - F(12582912.0f));
  F p(0x1.5bba14p-10f);
  p = fma(p, f, F(0x1.3cea88p-7f));
  p = fma(p, f, F(0x1.c6b752p-5f));
  p = fma(p, f, F(0x1.ebf9bcp-3f));
  p = fma(p, f, F(0x1.62e42ap-1f));
  p = fma(p, f, F(1.0f));
  return from_bits(bits(p) + (bits(shifted) << 23));
}
struct Exponential {  // of the difference from the largest element, which is finite
  const float* largest;
  Pair operator()(Pair v, std::size_t unit) const {
    const float* const m = largest + unit * kUnit;
    return {exponential(v.a - load(m)), exponential(v.b - load(m + kLanes))};
  }
};

template <std::size_t kCount>
inline void add_wide(D (&acc)[kCount], std::size_t at, F v) {
  const Wide w = widen(v);
  acc[at] += w.low;
  acc[at + 1] += w.high;
}

template <class Row, class Map>
class SumOfRun {
 public:
  using T = typename Row::T;
  void begin(Map map, T rest) {
    fill = rest;
    map_ = map;
    for (D& a : acc_) a = D(0.0);
  }
  void step(Pair p, Pair q, Pair r, Pair s) {
    p = map_(p, 0), q = map_(q, 0), r = map_(r, 0), s = map_(s, 0);
    if constexpr (sizeof(T) == 4) {
      add_wide(acc_, 0, p.a + q.a);
      add_wide(acc_, 2, p.b + q.b);
      add_wide(acc_, 4, r.a + s.a);
      add_wide(acc_, 6, r.b + s.b);
    } else {
      add_wide(acc_, 0, (p.a + q.a) + (r.a + s.a));
      add_wide(acc_, 2, (p.b + q.b) + (r.b + s.b));
    }
  }
  void unit(Pair p) {
    p = map_(p, 0);
    add_wide(acc_, 4, p.a);
    add_wide(acc_, 6, p.b);
  }
  double total() const { return sum_of_lanes(((acc_[0] + acc_[4]) + (acc_[1] + acc_[5])) + ((acc_[2] + acc_[6]) + (acc_[3] + acc_[7]))); }
  T fill;

 private:
  Map map_;
  D acc_[8];
};

// acc: kUnit sums per unit.
template <class Row, bool kAll, class Map>
inline void add_unit(Map map, const typename Row::T* const* rows, std::size_t count, std::size_t at, std::size_t width, std::size_t unit,
                     double* acc) {
  const auto get = [&](std::size_t i) { return map(width < kUnit ? Row::load_part(rows[i] + at, width) : Row::load(rows[i] + at), unit); };
  D sums[4];
  for (std::size_t i = 0; i < 4; ++i) sums[i] = load_wide(acc + i * kWideLanes);
  std::size_t i = 0;
  if constexpr (sizeof(typename Row::T) == 2) {
#pragma GCC unroll 2
    for (; i + 4 <= (kAll ? tenon::reductions::kSweep : count); i += 4) {
      const Pair p = get(i), q = get(i + 1), r = get(i + 2), s = get(i + 3);
      add_wide(sums, 0, (p.a + q.a) + (r.a + s.a));
      add_wide(sums, 2, (p.b + q.b) + (r.b + s.b));
    }
  } else {
#pragma GCC unroll 4
    for (; i + 2 <= (kAll ? tenon::reductions::kSweep : count); i += 2) {
      const Pair p = get(i), q = get(i + 1);
      add_wide(sums, 0, p.a + q.a);
      add_wide(sums, 2, p.b + q.b);
    }
  }
  if constexpr (!kAll) {
    for (; i < count; ++i) {
      const Pair p = get(i);
      add_wide(sums, 0, p.a);
      add_wide(sums, 2, p.b);
    }
  }
  for (std::size_t k = 0; k < 4; ++k) store_wide(acc + k * kWideLanes, sums[k]);
}

// ---- Variance: the sums of d and d^2 for the differences d = x - shift in f64, where shift is one of the elements. Then
// sum(d^2) - sum(d)^2 / n cannot lose more than a factor n of f64's precision, because the shift's own square is in the variance.
template <class Row>
class VarianceOfRun {
 public:
  using T = typename Row::T;
  void begin(double shift, T rest) {
    fill = rest;
    shift_ = D(shift);
    for (std::size_t i = 0; i < 4; ++i) sum_[i] = squares_[i] = D(0.0);
  }
  void step(Pair p, Pair q, Pair r, Pair s) {
    unit(p);
    unit(q);
    unit(r);
    unit(s);
  }
  void unit(Pair p) {
    put(0, p.a);
    put(2, p.b);
  }
  double sum() const { return sum_of_lanes((sum_[0] + sum_[1]) + (sum_[2] + sum_[3])); }
  double squares() const { return sum_of_lanes((squares_[0] + squares_[1]) + (squares_[2] + squares_[3])); }
  T fill;

 private:
  void put(std::size_t at, F v) {
    const Wide w = widen(v);
    const D low = w.low - shift_, high = w.high - shift_;
    sum_[at] += low;
    sum_[at + 1] += high;
    squares_[at] = fma(low, low, squares_[at]);
    squares_[at + 1] = fma(high, high, squares_[at + 1]);
  }
  D shift_;
  D sum_[4], squares_[4];
};

template <class Row>
inline void vary_unit(const typename Row::T* const* rows, std::size_t count, std::size_t at, std::size_t width, double* sum,
                      double* squares, const double* shift) {
  D s[4], q[4], c[4];
  for (std::size_t k = 0; k < 4; ++k) {
    s[k] = load_wide(sum + k * kWideLanes);
    q[k] = load_wide(squares + k * kWideLanes);
    c[k] = load_wide(shift + k * kWideLanes);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Pair p = width < kUnit ? Row::load_part(rows[i] + at, width) : Row::load(rows[i] + at);
    const Wide a = widen(p.a), b = widen(p.b);
    const D d[4] = {a.low - c[0], a.high - c[1], b.low - c[2], b.high - c[3]};
#pragma GCC unroll 4
    for (std::size_t k = 0; k < 4; ++k) {
      s[k] += d[k];
      q[k] = fma(d[k], d[k], q[k]);
    }
  }
  for (std::size_t k = 0; k < 4; ++k) {
    store_wide(sum + k * kWideLanes, s[k]);
    store_wide(squares + k * kWideLanes, q[k]);
  }
}

// ---- Extremes. Processors' maximum drops a NaN, so NaN is looked for beside it.
inline Mask either_is_nan(F u, F v) {
#if defined(__AVX512F__)
  return Mask(_mm512_cmp_ps_mask(u, v, _CMP_UNORD_Q));
#elif defined(__AVX__)
  return Mask(_mm256_cmp_ps(u, v, _CMP_UNORD_Q));
#elif defined(__SSE2__)
  return Mask(_mm_cmpunord_ps(u, v));
#else
  return (!(u == u)) | (!(v == v));
#endif
}
template <bool kLargest>
inline F better(F u, F v) {
  return kLargest ? xsimd::max(u, v) : xsimd::min(u, v);
}
inline float better(bool largest, float u, float v) {
  if (u != u) return u;
  if (v != v) return v;
  return (largest ? u < v : v < u) ? v : u;
}

template <class Row, bool kLargest>
class ExtremeOfRun {
 public:
  using T = typename Row::T;
  void begin() {
    fill = infinity<Row>(kLargest);
    nan_ = F(0.0f) < F(0.0f);
    for (F& a : acc_) a = F(kLargest ? -__builtin_inff() : __builtin_inff());
  }
  void step(Pair p, Pair q, Pair r, Pair s) {
    nan_ = nan_ | (either_is_nan(p.a, p.b) | either_is_nan(q.a, q.b)) | (either_is_nan(r.a, r.b) | either_is_nan(s.a, s.b));
    put(0, p);
    put(2, q);
    put(4, r);
    put(6, s);
  }
  void unit(Pair p) {
    nan_ = nan_ | either_is_nan(p.a, p.b);
    put(0, p);
  }
  float result() const {
    F all = acc_[0];
    for (std::size_t i = 1; i < 8; ++i) all = better<kLargest>(all, acc_[i]);
    alignas(64) float lanes[kLanes];
    store(lanes, all);
    float out = lanes[0];
    for (std::size_t i = 1; i < kLanes; ++i) out = better(kLargest, out, lanes[i]);
    return xsimd::any(nan_) ? __builtin_nanf("") : out;
  }
  T fill;

 private:
  void put(std::size_t at, Pair p) {
    acc_[at] = better<kLargest>(acc_[at], p.a);
    acc_[at + 1] = better<kLargest>(acc_[at + 1], p.b);
  }
  F acc_[8];
  Mask nan_;
};

template <class Row, bool kLargest>
inline void better_unit(const typename Row::T* const* rows, std::size_t count, std::size_t at, std::size_t width, float* acc) {
  F a = load(acc), b = load(acc + kLanes);
  Mask nan_a = either_is_nan(a, a), nan_b = either_is_nan(b, b);  // not a != a, which xsimd has ordered at avx512
  for (std::size_t i = 0; i < count; ++i) {
    const Pair p = width < kUnit ? Row::load_part(rows[i] + at, width) : Row::load(rows[i] + at);
    nan_a = nan_a | either_is_nan(p.a, p.a);
    nan_b = nan_b | either_is_nan(p.b, p.b);
    a = better<kLargest>(a, p.a);
    b = better<kLargest>(b, p.b);
  }
  store(acc, xsimd::select(nan_a, F(__builtin_nanf("")), a));
  store(acc + kLanes, xsimd::select(nan_b, F(__builtin_nanf("")), b));
}

// ---- Product
template <class Row>
class ProductOfRun {
 public:
  using T = typename Row::T;
  void begin() {
    fill = one<Row>();
    for (F& a : acc_) a = F(1.0f);
  }
  void step(Pair p, Pair q, Pair r, Pair s) {
    put(0, p);
    put(2, q);
    put(4, r);
    put(6, s);
  }
  void unit(Pair p) { put(0, p); }
  float result() const {
    F all = acc_[0];
    for (std::size_t i = 1; i < 8; ++i) all = all * acc_[i];
    alignas(64) float lanes[kLanes];
    store(lanes, all);
    float out = lanes[0];
    for (std::size_t i = 1; i < kLanes; ++i) out *= lanes[i];
    return out;
  }
  T fill;

 private:
  void put(std::size_t at, Pair p) {
    acc_[at] = acc_[at] * p.a;
    acc_[at + 1] = acc_[at + 1] * p.b;
  }
  F acc_[8];
};

template <class Row>
inline void multiply_unit(const typename Row::T* const* rows, std::size_t count, std::size_t at, std::size_t width, float* acc) {
  F a = load(acc), b = load(acc + kLanes);
  for (std::size_t i = 0; i < count; ++i) {
    const Pair p = width < kUnit ? Row::load_part(rows[i] + at, width) : Row::load(rows[i] + at);
    a = a * p.a;
    b = b * p.b;
  }
  store(acc, a);
  store(acc + kLanes, b);
}

}  // namespace folds
}  // namespace
