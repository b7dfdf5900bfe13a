// For product.simd.cpp: the product of a packed tile of rows and a packed tile of lanes, over one panel of the depth. All sums of a tile
// are in registers.
#pragma once

#include "plugins/linalg/product/convert.hpp"

namespace {

// What to tune for a level. `depth`: how many products follow one another in one sum before it is added to the tile; the numbers depend on
// it, so it is no matter of the machine's caches. A tile of lanes of that depth takes half of a first-level cache of 32 KiB.
struct Tuning {
  std::size_t rows, vectors, depth;
};
constexpr Tuning kTuning = std::is_same_v<simd::Arch, xsimd::neon64> ? Tuning{6, 4, 256}
                           : kLanes == 16                            ? Tuning{8, 2, 128}
                                                                     : Tuning{6, 2, 256};
constexpr std::size_t kDepth = kTuning.depth;
constexpr std::size_t kStride = kDepth + 16;  // between packed rows: a power of two would put all of them into the same cache sets

template <class T>
constexpr std::size_t kTileRows = 4;
template <>
constexpr std::size_t kTileRows<float> = kTuning.rows;
template <class T>
constexpr std::size_t kTileLanes = 2 * simd::kVectorBytes / sizeof(T);
template <>
constexpr std::size_t kTileLanes<float> = kTuning.vectors* kLanes;

template <int kRows, int kVectors>
TENON_SIMD_NOINLINE void multiply_f32(const float* rows, const float* lanes, std::size_t depth, float* out, bool add) {
  F acc[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) acc[r][v] = F(0.0f);
  for (std::size_t k = 0; k < depth; ++k) {
    F column[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) column[v] = F::load_aligned(lanes + k * kTileLanes<float> + static_cast<std::size_t>(v) * kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const F x(rows[static_cast<std::size_t>(r) * kStride + k]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) acc[r][v] = simd::fma(x, column[v], acc[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      float* const to = out + static_cast<std::size_t>(r) * kTileLanes<float> + static_cast<std::size_t>(v) * kLanes;
      (add ? F::load_aligned(to) + acc[r][v] : acc[r][v]).store_aligned(to);
    }
}

// f64 and integers: GNU vectors, whose product and sum of every element type the compiler knows.
template <class T>
TENON_SIMD_NOINLINE void multiply_plain(const T* rows, const T* lanes, std::size_t depth, T* out, bool add) {
  typedef T V __attribute__((vector_size(simd::kVectorBytes)));
  constexpr std::size_t kCount = simd::kVectorBytes / sizeof(T);
  constexpr int kRows = static_cast<int>(kTileRows<T>);
  V acc[kRows][2] = {};
  for (std::size_t k = 0; k < depth; ++k) {
    const V* const column = reinterpret_cast<const V*>(lanes + k * kTileLanes<T>);
    const V first = column[0], second = column[1];
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      const T x = rows[static_cast<std::size_t>(r) * kStride + k];
      acc[r][0] += x * first;
      acc[r][1] += x * second;
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v) {
      V* const to = reinterpret_cast<V*>(out + static_cast<std::size_t>(r) * kTileLanes<T> + static_cast<std::size_t>(v) * kCount);
      *to = add ? *to + acc[r][v] : acc[r][v];
    }
}

// out (+)= rows x lanes. What lies behind `row_count` and `lane_count` need not be computed.
template <class T>
inline void multiply(const T* rows, const T* lanes, std::size_t depth, T* out, bool add, std::size_t row_count, std::size_t lane_count) {
  if constexpr (std::is_same_v<T, float>) {
    constexpr int kRows = static_cast<int>(kTuning.rows), kVectors = static_cast<int>(kTuning.vectors);
    if (row_count <= kTuning.rows / 2) {
      if (lane_count <= kTileLanes<float> / 2)
        multiply_f32<kRows / 2, kVectors / 2>(rows, lanes, depth, out, add);
      else
        multiply_f32<kRows / 2, kVectors>(rows, lanes, depth, out, add);
    } else if (lane_count <= kTileLanes<float> / 2) {
      multiply_f32<kRows, kVectors / 2>(rows, lanes, depth, out, add);
    } else {
      multiply_f32<kRows, kVectors>(rows, lanes, depth, out, add);
    }
  } else {
    multiply_plain<T>(rows, lanes, depth, out, add);
  }
}

}  // namespace
