// For *.simd.cpp files: one float vector type, and what xsimd lacks. Such a file is compiled once per level of configs/arch.json; the build
// defines TENON_SIMD_ARCH (the xsimd type) and TENON_SIMD_NAMESPACE. Everything here has internal linkage, because objects of two levels
// must not share a symbol: the linker would keep one of them for both.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#if defined(__GNUC__) && !defined(__clang__)
// g++ 12 sees an uninitialised value inside its own AVX-512 intrinsics, wherever they are inlined.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <xsimd/xsimd.hpp>

// For functions that many others call: without it each caller gets a copy.
#define TENON_SIMD_NOINLINE __attribute__((noinline))

namespace {
namespace simd {

using Arch = TENON_SIMD_ARCH;
using F = xsimd::batch<float, Arch>;          // a vector of f32
using U = xsimd::batch<std::uint32_t, Arch>;  // its bits
constexpr std::size_t kLanes = F::size;
constexpr std::size_t kVectorBytes = kLanes * sizeof(float);

inline F load(const float* p) { return F::load_unaligned(p); }
inline void store(float* p, F v) { v.store_unaligned(p); }
inline U bits(F v) { return xsimd::bitwise_cast<U>(v); }
inline F from_bits(U v) { return xsimd::bitwise_cast<F>(v); }

// a * b + c with one rounding where the level has the instruction. xsimd 8.1 has none for AVX-512: its fma multiplies and adds there.
inline F fma(F a, F b, F c) {
#if defined(__AVX512F__)
  return F(_mm512_fmadd_ps(a, b, c));
#else
  return xsimd::fma(a, b, c);
#endif
}

// Rounded once, as a division and a root must be: xsimd 8.1 estimates both in f32 on neon64.
inline F divide(F a, F b) {
#if defined(__aarch64__)
  return F(vdivq_f32(a, b));
#else
  return a / b;
#endif
}
inline F root(F a) {
#if defined(__aarch64__)
  return F(vsqrtq_f32(a));
#else
  return xsimd::sqrt(a);
#endif
}

// Any bytes, of whatever type they are.
inline U load_bits(const void* p) {
#if defined(__aarch64__)
  return U(vreinterpretq_u32_u8(vld1q_u8(static_cast<const std::uint8_t*>(p))));
#else
  return U::load_unaligned(static_cast<const std::uint32_t*>(p));
#endif
}
inline void store_bits(void* p, F v) {
#if defined(__aarch64__)
  vst1q_u8(static_cast<std::uint8_t*>(p), vreinterpretq_u8_f32(v));
#else
  v.store_unaligned(static_cast<float*>(p));
#endif
}

// Past the cache, for data that nobody reads soon: p is aligned to kVectorBytes. stream_fence before the data is handed on.
inline void stream(void* p, F v) {
#if defined(__AVX512F__)
  _mm512_stream_ps(static_cast<float*>(p), v);
#elif defined(__AVX__)
  _mm256_stream_ps(static_cast<float*>(p), v);
#elif defined(__SSE2__)
  _mm_stream_ps(static_cast<float*>(p), v);
#else
  store_bits(p, v);
#endif
}
inline void stream_fence() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

// Into the first-level cache. Any address is allowed: a bad one is ignored.
inline void prefetch(const void* p) { __builtin_prefetch(p, 0, 3); }

// The square root of one value; std::sqrt may leave a symbol behind.
inline float square_root(float x) { return __builtin_sqrtf(x); }

}  // namespace simd
}  // namespace
