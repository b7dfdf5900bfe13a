// For *.simd.cpp files: units across a tile of columns (columns.h).
#pragma once

#include "plugins/support/columns.h"
#include "plugins/support/simd_rows.hpp"

namespace {
namespace simd {

constexpr std::size_t kMostColumns = 256;  // of a tile: less than two of the widest
constexpr std::size_t kMostUnits = (kMostColumns + kUnit - 1) / kUnit;
static_assert(kUnit <= 64, "a tile of 64 columns has at least one unit");

// A tile of `width` columns has whole units alone: the last one overlaps the one before it. What both hold is computed twice, alike.
inline std::size_t units_of(std::size_t width) { return (width + kUnit - 1) / kUnit; }
inline std::size_t unit_begin(std::size_t unit, std::size_t width) { return (unit + 1) * kUnit <= width ? unit * kUnit : width - kUnit; }

// visit(unit number, unit) for one element of each column. All is read before anything is visited of the last unit's neighbours, so that
// visit may write where x is.
template <class Row, class Visit>
inline void across(const typename Row::T* x, std::size_t width, Visit visit) {
  const std::size_t last = units_of(width) - 1;
  const Pair tail = Row::load(x + width - kUnit);
  for (std::size_t u = 0; u < last; ++u) visit(u, Row::load(x + u * kUnit));
  visit(last, tail);
}

// Sums of columns, one number each: rounding would lose what is small beside the sum, so `lost` keeps what it added too much (Kahan).
// kMayOverflow: a sum that became infinite stays so; otherwise the correction makes it NaN.
template <bool kMayOverflow>
inline F add_corrected(F term, F sum, F* lost) {
  const F corrected = term - *lost;
  const F next = sum + corrected;
  *lost = (next - sum) - corrected;
  if constexpr (kMayOverflow) *lost = xsimd::select(xsimd::abs(next) < F(__builtin_inff()), *lost, F(0.0f));
  return next;
}
template <bool kMayOverflow>
inline void add_corrected(Pair v, float* sum, float* lost) {
  Pair c = RowF32::load(lost);
  const Pair s = RowF32::load(sum);
  RowF32::store(sum, {add_corrected<kMayOverflow>(v.a, s.a, &c.a), add_corrected<kMayOverflow>(v.b, s.b, &c.b)});
  RowF32::store(lost, c);
}

// Numbers of a tile's columns in their order, and in that of its units.
template <class Row>
inline void to_units(const float* columns, std::size_t width, float* out) {
  for (std::size_t u = 0; u < units_of(width); ++u) {
    const float* from = columns + unit_begin(u, width);
    for (std::size_t i = 0; i < kUnit; ++i) out[u * kUnit + i] = from[Row::kInterleaved ? i % kLanes * 2 + i / kLanes : i];
  }
}
template <class Row>
inline void from_units(const float* units, std::size_t width, float* out) {
  for (std::size_t u = 0; u < units_of(width); ++u) {
    float* to = out + unit_begin(u, width);
    for (std::size_t i = 0; i < kUnit; ++i) to[Row::kInterleaved ? i % kLanes * 2 + i / kLanes : i] = units[u * kUnit + i];
  }
}

}  // namespace simd
}  // namespace
