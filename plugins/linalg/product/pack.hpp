// For product.simd.cpp: parts of the two sides, converted and put in the order in which tiles read them.
#pragma once

#include "plugins/linalg/product/convert.hpp"

namespace {

// Where the elements of a part lie, in elements from the side's begin: outer[i] + depth[k].
struct Place {
  const std::int64_t* outer;
  const std::int64_t* depth;
  std::size_t count, length;    // of the two
  bool outer_runs, depth_runs;  // they lie side by side
};

inline bool runs(const std::int64_t* offsets, std::size_t n) {
  for (std::size_t i = 1; i < n; ++i)
    if (offsets[i] != offsets[0] + static_cast<std::int64_t>(i)) return false;
  return true;
}

// Rows: [count][kStride], the depth side by side; kRows of them, zeros behind the last.
template <class S, class T>
TENON_SIMD_NOINLINE void pack_rows(const char* data, const Place& place, std::size_t rows, std::size_t stride, T* to) {
  const S* const from = reinterpret_cast<const S*>(data);
  for (std::size_t r = 0; r < rows; ++r, to += stride) {
    if (r >= place.count) {
      for (std::size_t k = 0; k < place.length; ++k) to[k] = T(0);
    } else if (place.depth_runs) {
      widen(from + place.outer[r] + place.depth[0], place.length, to);
    } else {
      S buffer[kRun];
      for (std::size_t k = 0; k < place.length; k += kRun) {
        const std::size_t n = least(kRun, place.length - k);
        for (std::size_t j = 0; j < n; ++j) buffer[j] = from[place.outer[r] + place.depth[k + j]];
        widen(buffer, n, to + k);
      }
    }
  }
}

// Four rows of four, turned: GNU vectors, because xsimd's smallest one of a level may be wider.
typedef float Four __attribute__((vector_size(16)));
inline Four load_four(const float* p) {
  Four v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
inline void turn_four(const float* from, std::size_t from_stride, float* to, std::size_t to_stride) {
  const Four a = load_four(from), b = load_four(from + from_stride), c = load_four(from + 2 * from_stride),
             d = load_four(from + 3 * from_stride);
  const Four ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Four cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  const Four rows[4] = {__builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5), __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7),
                        __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5), __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7)};
  for (std::size_t i = 0; i < 4; ++i) __builtin_memcpy(to + i * to_stride, &rows[i], sizeof rows[i]);
}
// to[j][i] = from[i][j]
template <class T>
inline void turn(const T* from, std::size_t from_stride, std::size_t rows, std::size_t columns, T* to, std::size_t to_stride) {
  std::size_t i = 0;
  if constexpr (std::is_same_v<T, float>) {
    for (; rows - i >= 4; i += 4) {
      std::size_t j = 0;
      for (; columns - j >= 4; j += 4) turn_four(from + i * from_stride + j, from_stride, to + j * to_stride + i, to_stride);
      for (; j < columns; ++j)
        for (std::size_t r = i; r < i + 4; ++r) to[j * to_stride + r] = from[r * from_stride + j];
    }
  }
  for (; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) to[j * to_stride + i] = from[i * from_stride + j];
}

// Lanes: [length][kWidth], zeros behind the last.
template <class S, class T, std::size_t kWidth>
TENON_SIMD_NOINLINE void pack_lanes(const char* data, const Place& place, T* to) {
  const S* const from = reinterpret_cast<const S*>(data);
  if (place.count < kWidth)
    for (std::size_t i = 0; i < place.length * kWidth; ++i) to[i] = T(0);
  if (place.outer_runs) {
    const S* const first = from + place.outer[0];
    if (place.count == kWidth)
      for (std::size_t k = 0; k < place.length; ++k) widen(first + place.depth[k], kWidth, to + k * kWidth);
    else
      for (std::size_t k = 0; k < place.length; ++k) widen(first + place.depth[k], place.count, to + k * kWidth);
    return;
  }
  constexpr std::size_t kBlock = 4;
  alignas(64) T buffer[kBlock * kRun];
  for (std::size_t i = 0; i < place.count; i += kBlock) {
    const std::size_t rows = least(kBlock, place.count - i);
    for (std::size_t k = 0; k < place.length; k += kRun) {
      const Place part{place.outer + i, place.depth + k, rows, least(kRun, place.length - k), false, place.depth_runs};
      pack_rows<S, T>(data, part, rows, kRun, buffer);
      turn(buffer, kRun, rows, part.length, to + k * kWidth + i, kWidth);
    }
  }
}

}  // namespace
