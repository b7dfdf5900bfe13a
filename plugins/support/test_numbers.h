// For kernel tests: doubles in and out of the four float types, by arithmetic of its own, and of the integers and i1; and the distance from
// an exact value in ulps.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "plugins/support/dtypes.h"

namespace tenon::test_numbers {

using kernels::element_bytes;

inline int mantissa_bits(tenon_dtype dtype) { return dtype == TENON_F64 ? 52 : dtype == TENON_F32 ? 23 : dtype == TENON_F16 ? 10 : 7; }
inline int lowest_exponent(tenon_dtype dtype) { return dtype == TENON_F64 ? -1022 : dtype == TENON_F16 ? -14 : -126; }

// use(element): with a zero of the integer type that stores a dtype; false for floats.
template <class Use>
bool with_integer(tenon_dtype dtype, Use use) {
  switch (dtype) {
    case TENON_I1:
    case TENON_UI8:
      return use(std::uint8_t{}), true;
    case TENON_I8:
      return use(std::int8_t{}), true;
    case TENON_I16:
      return use(std::int16_t{}), true;
    case TENON_UI16:
      return use(std::uint16_t{}), true;
    case TENON_I32:
      return use(std::int32_t{}), true;
    case TENON_UI32:
      return use(std::uint32_t{}), true;
    case TENON_I64:
      return use(std::int64_t{}), true;
    case TENON_UI64:
      return use(std::uint64_t{}), true;
    default:
      return false;
  }
}

inline double read(tenon_dtype dtype, const char* at) {
  double integer = 0;
  if (with_integer(dtype, [&](auto element) {
        std::memcpy(&element, at, sizeof element);
        integer = static_cast<double>(element);
      }))
    return integer;
  if (dtype == TENON_F64 || dtype == TENON_F32) {
    double wide;
    float narrow;
    if (dtype == TENON_F64) return std::memcpy(&wide, at, 8), wide;
    return std::memcpy(&narrow, at, 4), static_cast<double>(narrow);
  }
  std::uint16_t bits;
  std::memcpy(&bits, at, 2);
  const int m = mantissa_bits(dtype), e = 15 - m;
  const int exponent = bits >> m & ((1 << e) - 1), fraction = bits & ((1 << m) - 1);
  double value;
  if (exponent == (1 << e) - 1)
    value = fraction != 0 ? std::nan("") : HUGE_VAL;
  else
    value = std::ldexp(exponent == 0 ? fraction : fraction + (1 << m), std::max(exponent, 1) - ((1 << (e - 1)) - 1) - m);
  return bits & 0x8000 ? -value : value;
}

// Rounded to the dtype's grid by arithmetic on doubles.
inline double rounded(tenon_dtype dtype, double value) {
  if (dtype == TENON_F64 || value == 0 || !std::isfinite(value)) return value;
  const int place = std::max(std::ilogb(value), lowest_exponent(dtype)) - mantissa_bits(dtype);
  const double on_grid = std::ldexp(std::nearbyint(std::ldexp(value, -place)), place);
  const double largest = dtype == TENON_F16 ? 65504 : std::ldexp(2 - std::ldexp(1, -mantissa_bits(dtype)), 127);
  return std::fabs(on_grid) > largest ? std::copysign(HUGE_VAL, value) : on_grid;
}

inline void write(tenon_dtype dtype, double value, char* at) {
  const auto put = [at](auto element) { std::memcpy(at, &element, sizeof element); };
  if (with_integer(dtype, [&](auto element) { put(static_cast<decltype(element)>(value)); })) return;
  if (dtype == TENON_F64) return put(value);
  if (dtype == TENON_F32) return put(static_cast<float>(value));
  if (std::isnan(value)) return put(static_cast<std::uint16_t>(dtype == TENON_F16 ? 0x7e00 : 0x7fc0));
  // The grid point's bits, from the bits of the same number in f32.
  const float narrow = static_cast<float>(rounded(dtype, value));
  std::uint32_t bits;
  std::memcpy(&bits, &narrow, 4);
  if (dtype == TENON_BF16) return put(static_cast<std::uint16_t>(bits >> 16));
  const std::uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x7f800000) return put(static_cast<std::uint16_t>(sign | 0x7c00));
  if (magnitude < 113u << 23) return put(static_cast<std::uint16_t>(sign | static_cast<std::uint32_t>(std::ldexp(std::fabs(narrow), 24))));
  put(static_cast<std::uint16_t>(sign | (magnitude - (112u << 23)) >> 13));
}

// The distance from the exact value, in units of the result's last place there.
inline double ulps(tenon_dtype dtype, double got, double exact) {
  if (std::isnan(exact) || std::isnan(got)) return std::isnan(exact) && std::isnan(got) ? 0 : HUGE_VAL;
  if (got == rounded(dtype, exact)) return 0;
  if (!std::isfinite(got) || !std::isfinite(exact)) return HUGE_VAL;
  const int exponent = std::max(exact == 0 ? -2000 : std::ilogb(exact), lowest_exponent(dtype));
  return std::fabs(got - exact) / std::ldexp(1, exponent - mantissa_bits(dtype));
}

}  // namespace tenon::test_numbers
