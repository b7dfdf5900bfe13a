// For kernel.simd.cpp: elements of any type and stride to contiguous f32 and back, and the packed forms of query, keys, values and masks.
#pragma once

#include <bit>

#include "plugins/attention/scaled_dot_product_attention/job.h"
#include "plugins/attention/scaled_dot_product_attention/tile.hpp"
#include "plugins/support/simd_rows.hpp"
#include "plugins/support/simd_transpose.hpp"

namespace {
namespace attend {

using namespace simd;
using namespace tenon::attention::sdpa;

// ---- Types ----

inline void widen_unit(const float* from, float* to) { RowF32::store(to, RowF32::load(from)); }
struct Half {  // f16
  std::uint16_t bits;
};
struct Brain {  // bf16
  std::uint16_t bits;
};
inline void widen_unit(const Half* from, float* to) { RowF32::store(to, RowF16::load(&from->bits)); }
inline void widen_unit(const Brain* from, float* to) {  // in order, which RowBF16 does not keep
  for (std::size_t i = 0; i < kUnit; ++i) to[i] = std::bit_cast<float>(static_cast<std::uint32_t>(from[i].bits) << 16);
}
inline void widen_unit(const std::uint8_t* from, float* to) {  // i1
  for (std::size_t i = 0; i < kUnit; ++i) to[i] = from[i] != 0 ? 1.0f : 0.0f;
}
inline void narrow_unit(const float* from, float* to) { RowF32::store(to, RowF32::load(from)); }
inline void narrow_unit(const float* from, Half* to) { RowF16::store(&to->bits, RowF32::load(from)); }
inline void narrow_unit(const float* from, Brain* to) {
  for (std::size_t i = 0; i < kUnit; ++i) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(from[i]);
    const std::uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    to[i].bits = static_cast<std::uint16_t>((bits & 0x7fffffffu) > 0x7f800000u ? 0x7fc0u : rounded);
  }
}

template <class T>
TENON_SIMD_NOINLINE void widen_from(const void* data, std::int64_t step, float* to, std::size_t n) {
  const T* from = static_cast<const T*>(data);
  std::size_t i = 0;
  if (step == 1)
    for (; n - i >= kUnit; i += kUnit) widen_unit(from + i, to + i);
  for (; i < n; i += kUnit) {
    alignas(64) T unit[kUnit] = {};
    alignas(64) float wide[kUnit];
    const std::size_t count = n - i < kUnit ? n - i : kUnit;
    for (std::size_t j = 0; j < count; ++j) unit[j] = from[static_cast<std::int64_t>(i + j) * step];
    widen_unit(unit, wide);
    for (std::size_t j = 0; j < count; ++j) to[i + j] = wide[j];
  }
}
template <class T>
TENON_SIMD_NOINLINE void narrow_to(const float* from, void* data, std::int64_t step, std::size_t n) {
  T* to = static_cast<T*>(data);
  std::size_t i = 0;
  if (step == 1)
    for (; n - i >= kUnit; i += kUnit) narrow_unit(from + i, to + i);
  for (; i < n; i += kUnit) {
    alignas(64) T unit[kUnit];
    alignas(64) float wide[kUnit] = {};
    const std::size_t count = n - i < kUnit ? n - i : kUnit;
    for (std::size_t j = 0; j < count; ++j) wide[j] = from[i + j];
    narrow_unit(wide, unit);
    for (std::size_t j = 0; j < count; ++j) to[static_cast<std::int64_t>(i + j) * step] = unit[j];
  }
}

using Widen = void (*)(const void* data, std::int64_t step, float* to, std::size_t n);
using Narrow = void (*)(const float* from, void* data, std::int64_t step, std::size_t n);

inline Widen widen_of(tenon_dtype dtype) {
  return dtype == TENON_F32    ? widen_from<float>
         : dtype == TENON_F16  ? widen_from<Half>
         : dtype == TENON_BF16 ? widen_from<Brain>
                               : widen_from<std::uint8_t>;
}
inline Narrow narrow_of(tenon_dtype dtype) {
  return dtype == TENON_F32 ? narrow_to<float> : dtype == TENON_F16 ? narrow_to<Half> : narrow_to<Brain>;
}
inline std::int64_t bytes_of(tenon_dtype dtype) { return dtype == TENON_F32 ? 4 : dtype == TENON_I1 ? 1 : 2; }

inline float read_one(tenon_dtype dtype, const char* data) {
  float value;
  widen_of(dtype)(data, 1, &value, 1);
  return value;
}

// The largest magnitude; NaN if one is NaN or infinite.
TENON_SIMD_NOINLINE float largest(const float* from, std::size_t n) {
  constexpr std::size_t kChains = 4;
  F most[kChains], spoiled[kChains];
  for (std::size_t c = 0; c < kChains; ++c) most[c] = spoiled[c] = F(0.0f);
  std::size_t i = 0;
  for (; n - i >= kChains * kLanes; i += kChains * kLanes)
#pragma GCC unroll 4
    for (std::size_t c = 0; c < kChains; ++c) {
      const F v = load(from + i + c * kLanes);
      most[c] = xsimd::max(xsimd::abs(v), most[c]);
      spoiled[c] = spoiled[c] + (v - v);
    }
  float result = 0, rest = xsimd::hadd((spoiled[0] + spoiled[1]) + (spoiled[2] + spoiled[3]));
  alignas(64) float lanes[kLanes];
  store(lanes, xsimd::max(xsimd::max(most[0], most[1]), xsimd::max(most[2], most[3])));
  for (float lane : lanes) result = lane > result ? lane : result;
  for (; i < n; ++i) {
    const float v = from[i] < 0 ? -from[i] : from[i];
    result = v > result ? v : result;
    rest += v - v;
  }
  return result + rest;
}

// Into the second-level cache: what comes in one block's time would push out what the first level is used for.
inline void fetch(const void* p) { __builtin_prefetch(p, 0, 2); }

// ---- Packed forms ----

// Where row `row` of a sheet with a group lies, in bytes.
inline char* row_of(const Job& job, const Sheet& sheet, std::int64_t batch, std::int64_t head, std::int64_t row) {
  const std::int64_t query = row / job.group, member = row % job.group;
  return sheet.data + bytes_of(job.dtype) * (batch * sheet.batch + head * sheet.head + member * sheet.group + query * sheet.sequence);
}
inline char* key_of(const Job& job, const Sheet& sheet, std::int64_t batch, std::int64_t head, std::int64_t key) {
  return sheet.data + bytes_of(job.dtype) * (batch * sheet.batch + head * sheet.head + key * sheet.sequence);
}

// [size][kPanel], each times `scale`; rows behind the last one count as zero. `rows` has room for four. Returns the largest magnitude.
TENON_SIMD_NOINLINE float pack_query(const Job& job, std::int64_t batch, std::int64_t head, const PanelInfo& panel, float scale,
                                     float* rows, float* to) {
  const auto n = static_cast<std::size_t>(job.size);
  const Widen widen = widen_of(job.dtype);
  float most = 0;
  for (std::size_t lane = 0; lane < kPanel; lane += 4) {
    for (std::size_t i = 0; i < 4; ++i) {
      float* row = rows + i * n;
      const auto number = static_cast<std::int64_t>(lane + i);
      if (number < panel.count) {
        widen(row_of(job, job.q, batch, head, panel.first + number), job.q.element, row, n);
      } else {
        for (std::size_t d = 0; d < n; ++d) row[d] = 0;
      }
    }
    const float found = largest(rows, 4 * n);
    most = found > most || found != found ? found : most;  // a NaN stays: no later one is greater
    for (std::size_t d = 0; d < 4 * n; ++d) rows[d] *= scale;
    transpose_4(rows, n, n, to + lane, kPanel);
  }
  return most;
}

// Whether rows of a sheet are f32 side by side.
inline bool is_plain(const Job& job, const Sheet& sheet) { return job.dtype == TENON_F32 && sheet.element == 1; }

// [key][size]: packed, or where they lie if they are so already.
TENON_SIMD_NOINLINE const float* pack_keys(const Job& job, std::int64_t batch, std::int64_t head, std::int64_t first, std::size_t count,
                                           float* to) {
  if (is_plain(job, job.k) && job.k.sequence == job.size) return reinterpret_cast<const float*>(key_of(job, job.k, batch, head, first));
  const Widen widen = widen_of(job.dtype);
  const auto n = static_cast<std::size_t>(job.size);
  for (std::size_t j = 0; j < count; ++j)
    widen(key_of(job, job.k, batch, head, first + static_cast<std::int64_t>(j)), job.k.element, to + j * n, n);
  return to;
}

// [group of columns][key][kColumns]. Whole vectors are written, in ascending order of keys, so that what is too much is overwritten.
TENON_SIMD_NOINLINE void pack_values(const Job& job, std::int64_t batch, std::int64_t head, std::int64_t first, std::size_t count,
                                     float* row, float* to) {
  constexpr std::size_t kSpan = (kColumns + kLanes - 1) / kLanes * kLanes;
  const Widen widen = widen_of(job.dtype);
  const bool plain = is_plain(job, job.v);
  const auto n = static_cast<std::size_t>(job.value_size);
  const std::size_t stride = job.block_keys * kColumns + kPadding;
  const std::size_t direct =
      plain && n >= kSpan ? (n - kSpan) / kColumns * kColumns + kColumns : 0;  // columns that may be read as they lie
  for (std::size_t i = 0; i < kPadding; ++i) row[n + i] = 0;
  for (std::size_t j = 0; j < count; ++j) {
    const char* source = key_of(job, job.v, batch, head, first + static_cast<std::int64_t>(j));
    const float* values = reinterpret_cast<const float*>(source);
    float* out = to + j * kColumns;
    std::size_t c = 0;
    for (; c < direct; c += kColumns, out += stride)
      for (std::size_t i = 0; i < kColumns; i += kLanes) store(out + i, load(values + c + i));
    if (c >= n) continue;
    if (plain)
      for (std::size_t i = c; i < n; ++i) row[i] = values[i];
    else
      widen(source, job.v.element, row, n);
    for (; c < n; c += kColumns, out += stride)
      for (std::size_t i = 0; i < kColumns; i += kLanes) store(out + i, load(row + c + i));
  }
}

// [key][kPanel]; with one row for all lanes, [key]. Returns whether it is one.
TENON_SIMD_NOINLINE bool pack_mask(const Job& job, std::int64_t batch, std::int64_t head, const PanelInfo& panel, std::int64_t first,
                                   std::size_t count, float* rows, float* to) {
  const Mask& mask = job.mask;
  const Widen widen = widen_of(mask.dtype);
  const std::int64_t size = bytes_of(mask.dtype);
  const char* base = mask.data + size * (batch * mask.batch + head * mask.head + first * mask.key);
  if (mask.query == 0 && (mask.group == 0 || job.group == 1)) {
    widen(base, mask.key, to, count);
    return true;
  }
  for (std::size_t lane = 0; lane < kPanel; lane += 4) {
    for (std::size_t i = 0; i < 4; ++i) {
      const auto number = static_cast<std::int64_t>(lane + i);
      const std::int64_t row = panel.first + (number < panel.count ? number : panel.count - 1);
      widen(base + size * (row % job.group * mask.group + row / job.group * mask.query), mask.key, rows + i * count, count);
    }
    transpose_4(rows, count, count, to + lane, kPanel);
  }
  return false;
}

}  // namespace attend
}  // namespace
