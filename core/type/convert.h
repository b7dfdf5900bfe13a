// Scalar conversions between the element types. Float to a narrower float rounds to nearest even; NaN stays NaN (quiet).
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/type/dtype.h"

namespace tenon {

std::uint16_t f64_to_f16(double value);  // one rounding, also from double
double f16_to_f64(std::uint16_t bits);
std::uint16_t f64_to_bf16(double value);
double bf16_to_f64(std::uint16_t bits);
std::uint8_t f64_to_f8e4m3fn(double value);  // overflow: NaN (the format has no infinity), as ml_dtypes
double f8e4m3fn_to_f64(std::uint8_t bits);
std::uint8_t f64_to_f8e5m2(double value);
double f8e5m2_to_f64(std::uint8_t bits);

// One element in memory (possibly unaligned) as a double or an int64, and back. For float dtypes load_f64 is exact; store_f64 rounds
// once. load_i64 and store_i64 are for i1 and integers (ui64 travels as its bit pattern); store_i64 keeps the low bits (wraps).
double load_f64(DType dtype, const void* element);
void store_f64(DType dtype, void* element, double value);
std::int64_t load_i64(DType dtype, const void* element);
void store_i64(DType dtype, void* element, std::int64_t value);

// True if `value` is representable in the integer dtype (i1: 0 or 1). ui64 takes values of 0 and more.
bool fits(DType dtype, std::int64_t value);
std::int64_t lowest_i64(DType dtype);
std::int64_t highest_i64(DType dtype);  // ui64: the bit pattern of its maximum, -1

// StableHLO convert from a float: truncates toward zero, saturates, NaN gives 0; to i1: != 0.
std::int64_t saturating_i64(DType to, double value);

}  // namespace tenon
