#include "core/type/convert.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace tenon {

namespace {

// A narrow binary format: sign, exponent, `mantissa` bits. max_finite is the code of the largest finite value (without sign); what
// rounds beyond it becomes `overflow`; every NaN has the bits of `quiet`.
struct Format {
  int mantissa;
  int bias;
  std::uint32_t sign;
  std::uint32_t max_finite;
  std::uint32_t overflow;
  std::uint32_t quiet;
};

constexpr Format kF16 = {10, 15, 0x8000, 0x7bff, 0x7c00, 0x7e00};
constexpr Format kBf16 = {7, 127, 0x8000, 0x7f7f, 0x7f80, 0x7fc0};
constexpr Format kF8e5m2 = {2, 15, 0x80, 0x7b, 0x7c, 0x7e};
// S.1111.111 is the only NaN, and there is no infinity: 0x7e is the largest number, 448.
constexpr Format kF8e4m3fn = {3, 7, 0x80, 0x7e, 0x7f, 0x7f};

constexpr int kDoubleMantissa = 52;
constexpr int kDoubleBias = 1023;
constexpr std::uint64_t kDoubleMantissaMask = (std::uint64_t{1} << kDoubleMantissa) - 1;

// Straight from the double's bits, with integers: by way of float there would be two roundings.
template <Format F>
std::uint32_t narrow(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const std::uint32_t sign = (bits >> 63) != 0 ? F.sign : 0;
  const int biased = static_cast<int>(bits >> kDoubleMantissa & 0x7ff);
  const std::uint64_t fraction = bits & kDoubleMantissaMask;
  if (biased == 0x7ff) {
    if (fraction == 0) return sign | F.overflow;
    // The upper bits of a NaN's payload survive, as in hardware conversions.
    return sign | F.quiet | static_cast<std::uint32_t>(fraction >> (kDoubleMantissa - F.mantissa));
  }
  if (biased == 0) return sign;  // zero, or a double's subnormal: far below half of the smallest number of any format here
  const int exponent = biased - kDoubleBias;
  constexpr int lowest = 1 - F.bias;  // exponent of the smallest normal number
  if (exponent > F.bias + 1) return sign | F.overflow;
  const std::uint64_t significand = fraction | (std::uint64_t{1} << kDoubleMantissa);
  // The value is significand * 2^(exponent - 52); the result counts units of 2^(max(exponent, lowest) - mantissa).
  const int shift = kDoubleMantissa - F.mantissa + (exponent < lowest ? lowest - exponent : 0);
  if (shift > kDoubleMantissa + 1) return sign;  // less than half a unit
  std::uint64_t units = significand >> shift;
  const std::uint64_t rest = significand & ((std::uint64_t{1} << shift) - 1);
  const std::uint64_t half = std::uint64_t{1} << (shift - 1);
  if (rest > half || (rest == half && (units & 1) != 0)) ++units;
  // A carry out of the mantissa moves into the exponent, which is right: codes are in the order of the values.
  const auto above = static_cast<std::uint64_t>(exponent < lowest ? 0 : exponent - lowest);
  const std::uint64_t code = (above << F.mantissa) + units;
  return sign | (code > F.max_finite ? F.overflow : static_cast<std::uint32_t>(code));
}

template <Format F>
double widen(std::uint32_t bits) {
  const bool negative = (bits & F.sign) != 0;
  const std::uint32_t code = bits & (F.sign - 1);
  const std::uint64_t sign = negative ? std::uint64_t{1} << 63 : 0;
  const std::uint32_t fraction = code & ((1u << F.mantissa) - 1);
  if (code > F.max_finite) {
    constexpr bool has_infinity = F.overflow != F.quiet;
    const std::uint64_t special = std::uint64_t{0x7ff} << kDoubleMantissa;
    if (has_infinity && fraction == 0) return std::bit_cast<double>(sign | special);
    const std::uint64_t payload = std::uint64_t{fraction} << (kDoubleMantissa - F.mantissa);
    return std::bit_cast<double>(sign | special | std::uint64_t{1} << (kDoubleMantissa - 1) | payload);
  }
  const std::uint32_t exponent = code >> F.mantissa;
  if (exponent == 0) {
    const std::uint64_t unit = static_cast<std::uint64_t>(kDoubleBias + 1 - F.bias - F.mantissa) << kDoubleMantissa;
    const double magnitude = static_cast<double>(fraction) * std::bit_cast<double>(unit);
    return negative ? -magnitude : magnitude;
  }
  const auto biased = static_cast<std::uint64_t>(static_cast<int>(exponent) - F.bias + kDoubleBias);
  return std::bit_cast<double>(sign | biased << kDoubleMantissa | std::uint64_t{fraction} << (kDoubleMantissa - F.mantissa));
}

template <class T>
T read(const void* element) {
  T value;
  std::memcpy(&value, element, sizeof value);
  return value;
}

template <class T>
void write(void* element, T value) {
  std::memcpy(element, &value, sizeof value);
}

}  // namespace

std::uint16_t f64_to_f16(double value) { return static_cast<std::uint16_t>(narrow<kF16>(value)); }
double f16_to_f64(std::uint16_t bits) { return widen<kF16>(bits); }
std::uint16_t f64_to_bf16(double value) { return static_cast<std::uint16_t>(narrow<kBf16>(value)); }
double bf16_to_f64(std::uint16_t bits) { return widen<kBf16>(bits); }
std::uint8_t f64_to_f8e4m3fn(double value) { return static_cast<std::uint8_t>(narrow<kF8e4m3fn>(value)); }
double f8e4m3fn_to_f64(std::uint8_t bits) { return widen<kF8e4m3fn>(bits); }
std::uint8_t f64_to_f8e5m2(double value) { return static_cast<std::uint8_t>(narrow<kF8e5m2>(value)); }
double f8e5m2_to_f64(std::uint8_t bits) { return widen<kF8e5m2>(bits); }

double load_f64(DType dtype, const void* element) {
  switch (dtype) {
    case DType::F8E4M3FN:
      return f8e4m3fn_to_f64(read<std::uint8_t>(element));
    case DType::F8E5M2:
      return f8e5m2_to_f64(read<std::uint8_t>(element));
    case DType::F16:
      return f16_to_f64(read<std::uint16_t>(element));
    case DType::BF16:
      return bf16_to_f64(read<std::uint16_t>(element));
    case DType::F32:
      return static_cast<double>(read<float>(element));
    case DType::F64:
      return read<double>(element);
    case DType::UI64:
      return static_cast<double>(read<std::uint64_t>(element));
    default:
      return static_cast<double>(load_i64(dtype, element));
  }
}

void store_f64(DType dtype, void* element, double value) {
  switch (dtype) {
    case DType::F8E4M3FN:
      return write(element, f64_to_f8e4m3fn(value));
    case DType::F8E5M2:
      return write(element, f64_to_f8e5m2(value));
    case DType::F16:
      return write(element, f64_to_f16(value));
    case DType::BF16:
      return write(element, f64_to_bf16(value));
    case DType::F32:
      return write(element, static_cast<float>(value));
    case DType::F64:
      return write(element, value);
    default:
      return store_i64(dtype, element, saturating_i64(dtype, value));
  }
}

std::int64_t load_i64(DType dtype, const void* element) {
  switch (dtype) {
    case DType::I1:
      return read<std::uint8_t>(element) != 0 ? 1 : 0;
    // The upper half of the byte is nobody's: only the low four bits are the value.
    case DType::I4:
      return static_cast<std::int64_t>((read<std::uint8_t>(element) & 15) ^ 8) - 8;
    case DType::UI4:
      return read<std::uint8_t>(element) & 15;
    case DType::I8:
      return read<std::int8_t>(element);
    case DType::I16:
      return read<std::int16_t>(element);
    case DType::I32:
      return read<std::int32_t>(element);
    case DType::I64:
      return read<std::int64_t>(element);
    case DType::UI8:
      return read<std::uint8_t>(element);
    case DType::UI16:
      return read<std::uint16_t>(element);
    case DType::UI32:
      return read<std::uint32_t>(element);
    case DType::UI64:
      return static_cast<std::int64_t>(read<std::uint64_t>(element));
    case DType::Invalid:
      return 0;
    default:
      return saturating_i64(DType::I64, load_f64(dtype, element));
  }
}

void store_i64(DType dtype, void* element, std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  switch (dtype) {
    case DType::I1:
      return write(element, static_cast<std::uint8_t>(bits & 1));
    case DType::I4:
      return write(element, static_cast<std::int8_t>(static_cast<std::int64_t>((bits & 15) ^ 8) - 8));
    case DType::UI4:
      return write(element, static_cast<std::uint8_t>(bits & 15));
    case DType::I8:
    case DType::UI8:
      return write(element, static_cast<std::uint8_t>(bits));
    case DType::I16:
    case DType::UI16:
      return write(element, static_cast<std::uint16_t>(bits));
    case DType::I32:
    case DType::UI32:
      return write(element, static_cast<std::uint32_t>(bits));
    case DType::I64:
    case DType::UI64:
      return write(element, bits);
    case DType::Invalid:
      return;
    default:
      return store_f64(dtype, element, static_cast<double>(value));
  }
}

std::int64_t lowest_i64(DType dtype) {
  if (!is_signed(dtype)) return 0;
  return std::numeric_limits<std::int64_t>::min() >> (64 - info(dtype).bits);
}

std::int64_t highest_i64(DType dtype) {
  const int bits = info(dtype).bits;
  if (is_signed(dtype)) return std::numeric_limits<std::int64_t>::max() >> (64 - bits);
  if (dtype == DType::UI64) return -1;
  return bits == 0 ? 0 : static_cast<std::int64_t>((std::uint64_t{1} << bits) - 1);
}

bool fits(DType dtype, std::int64_t value) {
  if (dtype == DType::UI64) return value >= 0;
  return value >= lowest_i64(dtype) && value <= highest_i64(dtype);
}

std::int64_t saturating_i64(DType to, double value) {
  if (to == DType::I1) return value != 0 ? 1 : 0;
  if (std::isnan(value)) return 0;
  if (to == DType::UI64) {
    if (value <= 0) return 0;
    if (value >= 0x1p64) return highest_i64(to);
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(value));
  }
  // As doubles the bounds of 64 bits are powers of two, so that the comparison leaves only what the cast can take.
  if (value >= 0x1p63) return highest_i64(to);
  if (value < -0x1p63) return lowest_i64(to);
  const auto whole = static_cast<std::int64_t>(value);
  if (whole < lowest_i64(to)) return lowest_i64(to);
  if (whole > highest_i64(to)) return highest_i64(to);
  return whole;
}

}  // namespace tenon
