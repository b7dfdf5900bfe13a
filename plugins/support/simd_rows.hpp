// For *.simd.cpp files: rows of f32, f16 or bf16 as pairs of f32 vectors.
//
// A *unit* is 2 * kLanes consecutive elements. load() gives it as two vectors, store() takes them back, rounding once, half to even, NaN
// stays NaN. In which of the two vectors an element lands is the type's own business: f32 and f16 keep the order, bf16 puts even elements
// into the first and odd ones into the second, which needs no shuffle. kInterleaved says which. Elementwise work and sums do not mind.
// load_part and store_part take a unit's first `count` elements and touch nothing behind them; the rest reads as zero.
#pragma once

#include "plugins/support/simd.hpp"

namespace {
namespace simd {

constexpr std::size_t kUnit = 2 * kLanes;

struct Pair {
  F a, b;
};

// What the three row types share: parts of a unit go through a buffer.
template <class Row, class Element>
struct RowBase {
  using T = Element;
  static TENON_SIMD_NOINLINE Pair load_part(const T* p, std::size_t count) {
    alignas(64) T buffer[kUnit] = {};
    for (std::size_t i = 0; i < count; ++i) buffer[i] = p[i];
    return Row::load(buffer);
  }
  static TENON_SIMD_NOINLINE void store_part(T* p, Pair v, std::size_t count) {
    alignas(64) T buffer[kUnit];
    Row::store(buffer, v);
    for (std::size_t i = 0; i < count; ++i) p[i] = buffer[i];
  }
};

struct RowF32 : RowBase<RowF32, float> {
  static constexpr bool kInterleaved = false;
  static Pair load(const float* p) { return {simd::load(p), simd::load(p + kLanes)}; }
  static void store(float* p, Pair v) {
    simd::store(p, v.a);
    simd::store(p + kLanes, v.b);
  }
  static void stream(float* p, Pair v) {
    simd::stream(p, v.a);
    simd::stream(p + kLanes, v.b);
  }
  static Pair round(Pair v) { return v; }
};

// ---- f16 ----
// Without conversion instructions, on bits, kLanes values in the low halves of 32-bit lanes.
inline F f16_to_f32(U h) {
  const U magnitude = (h & U(0x7fffu)) << 13;
  const F normal = from_bits(magnitude + U(112u << 23));
  const F subnormal = from_bits(magnitude + U(113u << 23)) - F(6.103515625e-05f);  // 2^-14
  const F special = from_bits(magnitude + U(224u << 23));                          // Inf, NaN
  const F value = from_bits(magnitude);  // compared as numbers: the order of magnitudes is that of their bits
  F out = xsimd::select(value < from_bits(U(1u << 23)), subnormal, normal);
  out = xsimd::select(value < from_bits(U(0x7c00u << 13)), out, special);
  return from_bits(bits(out) | ((h & U(0x8000u)) << 16));
}
inline U f32_to_f16(F x) {
  const U all = bits(x);
  const U sign = (all >> 16) & U(0x8000u);
  const U magnitude = all & U(0x7fffffffu);
  const F value = from_bits(magnitude);
  // Half to even: add just below half of the last kept place, and its parity; a carry moves into the exponent as it should.
  const U normal = (magnitude - U(112u << 23) + U(0xfffu) + ((magnitude >> 13) & U(1u))) >> 13;
  const U subnormal = bits(value + F(0.5f)) - U(126u << 23);  // 0.5's last place is f16's smallest number: the addition rounds
  F out = xsimd::select(value < F(6.103515625e-05f), from_bits(subnormal), from_bits(normal));
  out = xsimd::select(value < F(65536.0f), out, from_bits(U(0x7c00u)));
  out = xsimd::select(xsimd::isnan(x), from_bits(U(0x7e00u) | ((magnitude >> 13) & U(0x3ffu))), out);
  return bits(out) | sign;
}

struct RowF16 : RowBase<RowF16, std::uint16_t> {
  static constexpr bool kInterleaved = false;
#if defined(__AVX512F__)
  using Packed = __m512i;
  static Pair load(const T* p) {
    return {F(_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))),
            F(_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + kLanes))))};
  }
  static void store(T* p, Pair v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtps_ph(v.a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p + kLanes), _mm512_cvtps_ph(v.b, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
  static F as_f32(Packed v) { return F(_mm512_castsi512_ps(v)); }
  static Pair unpack(Packed v) {
    return {F(_mm512_cvtph_ps(_mm512_castsi512_si256(v))), F(_mm512_cvtph_ps(_mm512_extracti64x4_epi64(v, 1)))};
  }
  static Packed pack(Pair v) {
    const __m256i low = _mm512_cvtps_ph(v.a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m256i high = _mm512_cvtps_ph(v.b, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
  }
#elif defined(__F16C__)
  using Packed = __m256i;
  static Pair load(const T* p) {
    return {F(_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))),
            F(_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + kLanes))))};
  }
  static void store(T* p, Pair v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(v.a, _MM_FROUND_TO_NEAREST_INT));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p + kLanes), _mm256_cvtps_ph(v.b, _MM_FROUND_TO_NEAREST_INT));
  }
  static F as_f32(Packed v) { return F(_mm256_castsi256_ps(v)); }
  static Pair unpack(Packed v) {
    return {F(_mm256_cvtph_ps(_mm256_castsi256_si128(v))), F(_mm256_cvtph_ps(_mm256_extracti128_si256(v, 1)))};
  }
  static Packed pack(Pair v) {
    const __m128i low = _mm256_cvtps_ph(v.a, _MM_FROUND_TO_NEAREST_INT);
    const __m128i high = _mm256_cvtps_ph(v.b, _MM_FROUND_TO_NEAREST_INT);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
  }
#elif defined(__aarch64__)
  using Packed = float16x8_t;
  static Pair load(const T* p) { return unpack(vreinterpretq_f16_u16(vld1q_u16(p))); }
  static void store(T* p, Pair v) { store_bits(p, as_f32(pack(v))); }
  static F as_f32(Packed v) { return F(vreinterpretq_f32_f16(v)); }
  static Pair unpack(Packed v) { return {F(vcvt_f32_f16(vget_low_f16(v))), F(vcvt_high_f32_f16(v))}; }
  static Packed pack(Pair v) { return vcvt_high_f16_f32(vcvt_f16_f32(v.a), v.b); }
#else
  using Packed = __m128i;
  static Pair load(const T* p) { return unpack(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))); }
  static void store(T* p, Pair v) { store_bits(p, as_f32(pack(v))); }
  static F as_f32(Packed v) { return F(_mm_castsi128_ps(v)); }
  static Pair unpack(Packed v) {
    const __m128i zero = _mm_setzero_si128();
    return {f16_to_f32(U(_mm_unpacklo_epi16(v, zero))), f16_to_f32(U(_mm_unpackhi_epi16(v, zero)))};
  }
  static Packed pack(Pair v) {
    // SSE2 packs with signed saturation only: from the sign-extended low half it keeps all 16 bits.
    const __m128i low = _mm_srai_epi32(_mm_slli_epi32(f32_to_f16(v.a), 16), 16);
    const __m128i high = _mm_srai_epi32(_mm_slli_epi32(f32_to_f16(v.b), 16), 16);
    return _mm_packs_epi32(low, high);
  }
#endif
  static void stream(T* p, Pair v) { simd::stream(p, as_f32(pack(v))); }
  static Pair round(Pair v) { return unpack(pack(v)); }
};

// ---- bf16: the high half of an f32 ----
// Rounds into the high half, half to even; the low half is rubbish. A NaN stays one if its low half is zero: the addition could carry out
// of another's mantissa. That holds for NaN that came from bf16 data or from arithmetic; f32 data from outside goes through tame() once.
inline U round_to_high_half(F x) {
  const U all = bits(x);
  return all + U(0x7fffu) + ((all >> 16) & U(1u));
}
inline F tame(F x) { return xsimd::select(xsimd::isnan(x), from_bits(U(0x7fc00000u)), x); }

struct RowBF16 : RowBase<RowBF16, std::uint16_t> {
  static constexpr bool kInterleaved = true;
  static Pair load(const T* p) {
    const U both = load_bits(p);
    return {from_bits(both << 16), from_bits(both & U(0xffff0000u))};
  }
  static F pack(Pair v) { return from_bits((round_to_high_half(v.a) >> 16) | (round_to_high_half(v.b) & U(0xffff0000u))); }
  static void store(T* p, Pair v) { store_bits(p, pack(v)); }
  static void stream(T* p, Pair v) { simd::stream(p, pack(v)); }
  static Pair round(Pair v) {
    return {from_bits(round_to_high_half(v.a) & U(0xffff0000u)), from_bits(round_to_high_half(v.b) & U(0xffff0000u))};
  }
};

}  // namespace simd
}  // namespace
