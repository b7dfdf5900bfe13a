// For *.simd.cpp files: blocks of f32 turned by four rows of four, the same at every level.
#pragma once

#include <cstddef>

namespace {
namespace simd {

// to[j * to_step + i] = from[i * from_step + j] for i, j below 4.
inline void transpose_4x4(const float* from, std::size_t from_step, float* to, std::size_t to_step) {
  using V = float __attribute__((vector_size(16)));
  V a, b, c, d;
  __builtin_memcpy(&a, from, 16);
  __builtin_memcpy(&b, from + from_step, 16);
  __builtin_memcpy(&c, from + 2 * from_step, 16);
  __builtin_memcpy(&d, from + 3 * from_step, 16);
  const V ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const V ef = __builtin_shufflevector(a, b, 2, 6, 3, 7), gh = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  const V rows[4] = {__builtin_shufflevector(ab, cd, 0, 1, 4, 5), __builtin_shufflevector(ab, cd, 2, 3, 6, 7),
                     __builtin_shufflevector(ef, gh, 0, 1, 4, 5), __builtin_shufflevector(ef, gh, 2, 3, 6, 7)};
  for (std::size_t j = 0; j < 4; ++j) __builtin_memcpy(to + j * to_step, &rows[j], 16);
}

// The same for four rows of any length.
inline void transpose_4(const float* from, std::size_t from_step, std::size_t length, float* to, std::size_t to_step) {
  std::size_t j = 0;
  for (; length - j >= 4; j += 4) transpose_4x4(from + j, from_step, to + j * to_step, to_step);
  for (; j < length; ++j)
    for (std::size_t i = 0; i < 4; ++i) to[j * to_step + i] = from[i * from_step + j];
}
// And back: four columns of any length become rows.
inline void transpose_to_4(const float* from, std::size_t from_step, std::size_t length, float* to, std::size_t to_step) {
  std::size_t j = 0;
  for (; length - j >= 4; j += 4) transpose_4x4(from + j * from_step, from_step, to + j, to_step);
  for (; j < length; ++j)
    for (std::size_t i = 0; i < 4; ++i) to[i * to_step + j] = from[j * from_step + i];
}

}  // namespace simd
}  // namespace
