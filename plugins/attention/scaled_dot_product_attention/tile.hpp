// For kernel.simd.cpp: the two products, as tiles of accumulators that stay in registers. A lane is a row (a query), so that elements of
// keys and values are broadcast and never turned, and maximum, exp and sum need no horizontal step.
#pragma once

#include "plugins/support/simd.hpp"

namespace {
namespace attend {

using namespace simd;

// rows * vectors chains must cover the latency of an FMA on two pipes, and rows * vectors + vectors + 1 must not exceed the registers.
struct Tile {
  std::size_t rows, vectors;
};
#if defined(__AVX512F__)
constexpr Tile kTile = {8, 2};
#elif defined(__aarch64__)
constexpr Tile kTile = {6, 4};
#else
constexpr Tile kTile = {6, 2};
#endif
constexpr std::size_t kVectors = kTile.vectors;
constexpr std::size_t kPanel = kVectors * kLanes;
constexpr std::size_t kColumns = kTile.rows;

// scores[r][lane] = sum over d of keys[r][d] * query[d][lane]. In runs of kRun terms that are added up at the end: the error of a sum grows
// with the length of its chain. `most`: the largest scores of each lane so far, NaN dropped; updated.
constexpr std::size_t kRun = 64;
template <std::size_t kRows>
inline void score_rows(const float* query, const float* keys, std::size_t size, float* scores, F (&most)[kVectors]) {
  for (std::size_t begin = 0; begin < size; begin += kRun) {
    const std::size_t end = size - begin > kRun ? begin + kRun : size;
    F acc[kRows][kVectors];
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kRows; ++r)
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v) acc[r][v] = F(0.0f);
    for (std::size_t d = begin; d < end; ++d) {
      F q[kVectors];
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v) q[v] = load(query + d * kPanel + v * kLanes);
#pragma GCC unroll 8
      for (std::size_t r = 0; r < kRows; ++r) {
        const F k(keys[r * size + d]);
#pragma GCC unroll 4
        for (std::size_t v = 0; v < kVectors; ++v) acc[r][v] = fma(k, q[v], acc[r][v]);
      }
    }
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kRows; ++r)
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v) {
        float* s = scores + r * kPanel + v * kLanes;
        if (begin != 0) acc[r][v] = load(s) + acc[r][v];
        if (end == size) most[v] = xsimd::max(acc[r][v], most[v]);
        store(s, acc[r][v]);
      }
  }
}

// output[c][lane] += sum over keys of values[key][c] * weights[key][lane]. A sum of its own for each run of keys, as above.
template <std::size_t kRows>
inline void value_columns(const float* weights, const float* values, std::size_t keys, float* output) {
  F acc[kRows][kVectors];
#pragma GCC unroll 8
  for (std::size_t c = 0; c < kRows; ++c)
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) acc[c][v] = F(0.0f);
  for (std::size_t j = 0; j < keys; ++j) {
    F p[kVectors];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) p[v] = load(weights + j * kPanel + v * kLanes);
#pragma GCC unroll 8
    for (std::size_t c = 0; c < kRows; ++c) {
      const F x(values[j * kColumns + c]);
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v) acc[c][v] = fma(x, p[v], acc[c][v]);
    }
  }
#pragma GCC unroll 8
  for (std::size_t c = 0; c < kRows; ++c)
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      float* o = output + c * kPanel + v * kLanes;
      store(o, load(o) + acc[c][v]);
    }
}

// use(number of rows as a constant) for what is left of `count` rows behind whole tiles.
template <std::size_t kRows = kTile.rows - 1, class Use>
inline void left_over(std::size_t count, Use use) {
  if constexpr (kRows > 0) {
    if (count == kRows)
      use(std::integral_constant<std::size_t, kRows>());
    else
      left_over<kRows - 1>(count, use);
  }
}

TENON_SIMD_NOINLINE void score_block(const float* query, const float* keys, std::size_t size, std::size_t count, float* scores,
                                     float* maxima) {
  F most[kVectors];
#pragma GCC unroll 4
  for (std::size_t v = 0; v < kVectors; ++v) most[v] = load(maxima + v * kLanes);
  std::size_t j = 0;
  for (; count - j >= kTile.rows; j += kTile.rows) score_rows<kTile.rows>(query, keys + j * size, size, scores + j * kPanel, most);
  left_over(count - j, [&](auto rows) { score_rows<decltype(rows)::value>(query, keys + j * size, size, scores + j * kPanel, most); });
#pragma GCC unroll 4
  for (std::size_t v = 0; v < kVectors; ++v) store(maxima + v * kLanes, most[v]);
}

// `stride`: from one group of columns to the next.
constexpr std::size_t kKeyRun = 96;
TENON_SIMD_NOINLINE void value_block(const float* weights, const float* values, std::size_t stride, std::size_t size, std::size_t keys,
                                     float* output) {
  for (std::size_t j = 0; j < keys; j += kKeyRun, weights += kKeyRun * kPanel, values += kKeyRun * kColumns) {
    const std::size_t run = keys - j < kKeyRun ? keys - j : kKeyRun;
    const float* group = values;
    std::size_t c = 0;
    for (; size - c >= kColumns; c += kColumns, group += stride) value_columns<kColumns>(weights, group, run, output + c * kPanel);
    left_over(size - c, [=](auto rows) { value_columns<decltype(rows)::value>(weights, group, run, output + c * kPanel); });
  }
}

}  // namespace attend
}  // namespace
