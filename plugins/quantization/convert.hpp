// For the *.simd.cpp files of this pack: runs of numbers from and to f32, in order. Plain loops are such that compilers make vectors of
// them.
#pragma once

#include <string.h>

#include "plugins/support/simd_rows.hpp"
#include "tenon/base.h"

namespace {
namespace simd {

constexpr std::size_t kChunk = 256;  // numbers that pass through buffers together

inline void load_f16(const char* from, float* to, std::size_t n) {
  const auto* p = reinterpret_cast<const std::uint16_t*>(from);
  std::size_t i = 0;
  for (; n - i >= kUnit; i += kUnit) RowF32::store(to + i, RowF16::load(p + i));
  if (i < n) RowF32::store_part(to + i, RowF16::load_part(p + i, n - i), n - i);
}
inline void load_bf16(const char* from, float* to, std::size_t n) {
  const auto* p = reinterpret_cast<const std::uint16_t*>(from);
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t bits = static_cast<std::uint32_t>(p[i]) << 16;
    memcpy(to + i, &bits, sizeof bits);
  }
}
inline void load_f32(const char* from, float* to, std::size_t n) { memcpy(to, from, n * sizeof(float)); }

inline void store_f16(const float* from, char* to, std::size_t n) {
  auto* p = reinterpret_cast<std::uint16_t*>(to);
  std::size_t i = 0;
  for (; n - i >= kUnit; i += kUnit) RowF16::store(p + i, RowF32::load(from + i));
  if (i < n) RowF16::store_part(p + i, RowF32::load_part(from + i, n - i), n - i);
}
inline void store_bf16(const float* from, char* to, std::size_t n) {
  auto* p = reinterpret_cast<std::uint16_t*>(to);
  for (std::size_t i = 0; i < n; ++i) {
    std::uint32_t bits;
    memcpy(&bits, from + i, sizeof bits);
    const std::uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    const bool nan = (bits & 0x7fffffffu) > 0x7f800000u;
    p[i] = static_cast<std::uint16_t>(nan ? (bits >> 16) | 0x40u : rounded);
  }
}
inline void store_f32(const float* from, char* to, std::size_t n) { memcpy(to, from, n * sizeof(float)); }

using Load = void (*)(const char* from, float* to, std::size_t n);
using Store = void (*)(const float* from, char* to, std::size_t n);
inline Load load_of(tenon_dtype dtype) { return dtype == TENON_F16 ? load_f16 : dtype == TENON_BF16 ? load_bf16 : load_f32; }
inline Store store_of(tenon_dtype dtype) { return dtype == TENON_F16 ? store_f16 : dtype == TENON_BF16 ? store_bf16 : store_f32; }

}  // namespace simd
}  // namespace
