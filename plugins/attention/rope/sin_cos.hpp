// For kernel.simd.cpp: sine and cosine of f32 angles as the interpreter has them, in double, rounded once.
#pragma once

#include "plugins/support/simd.hpp"

namespace {
namespace simd {

using D = xsimd::batch<double, Arch>;
using U64 = xsimd::batch<std::uint64_t, Arch>;

// Angles up to some thousands. Polynomials of fdlibm over a quarter turn around 0, good to 2^-58: what f32 sees is the rounded exact value.
inline void sin_cos(const double* angles, double* sines, double* cosines) {
  const D x = D::load_aligned(angles);
  const D shifted = x * D(6.36619772367581382433e-01) + D(6755399441055744.0);  // 1.5 * 2^52: the sum rounds to an integer
  const D n = shifted - D(6755399441055744.0);
  const D r = (x - n * D(1.57079632673412561417e+00)) - n * D(6.07710050650619224932e-11);  // pi / 2 in two parts
  const D z = r * r;
  D s(1.58969099521155010221e-10);
  s = s * z - D(2.50507602534068634195e-08);
  s = s * z + D(2.75573137070700676789e-06);
  s = s * z - D(1.98412698298579493134e-04);
  s = s * z + D(8.33333333332248946124e-03);
  s = s * z - D(1.66666666666666324348e-01);
  s = r + r * z * s;
  D c(-1.13596475577881948265e-11);
  c = c * z + D(2.08757232129817482790e-09);
  c = c * z - D(2.75573143513906633035e-07);
  c = c * z + D(2.48015872894767294178e-05);
  c = c * z - D(1.38888888888741095749e-03);
  c = c * z + D(4.16666666666666019037e-02);
  c = D(1.0) - (D(0.5) * z - z * z * c);
  // Quarter turns: an odd number swaps the two, half a turn changes both signs.
  const U64 q = xsimd::bitwise_cast<U64>(shifted);
  const U64 odd = U64(0) - (q & U64(1));
  const U64 sine = xsimd::bitwise_cast<U64>(s), cosine = xsimd::bitwise_cast<U64>(c), change = (sine ^ cosine) & odd;
  const auto sign = [](U64 quarter) { return (quarter & U64(2)) << 62; };
  xsimd::bitwise_cast<D>((sine ^ change) ^ sign(q)).store_aligned(sines);
  xsimd::bitwise_cast<D>((cosine ^ change) ^ sign(q + U64(1))).store_aligned(cosines);
}

// Of kLanes angles.
inline void sin_cos(F angle, float* sines, float* cosines) {
  alignas(64) float narrow[kLanes];
  alignas(64) double wide[kLanes], s[kLanes], c[kLanes];
  store(narrow, angle);
  for (std::size_t i = 0; i < kLanes; ++i) wide[i] = static_cast<double>(narrow[i]);
  for (std::size_t i = 0; i < kLanes; i += D::size) sin_cos(wide + i, s + i, c + i);
  for (std::size_t i = 0; i < kLanes; ++i) {
    sines[i] = static_cast<float>(s[i]);
    cosines[i] = static_cast<float>(c[i]);
  }
}

}  // namespace simd
}  // namespace
