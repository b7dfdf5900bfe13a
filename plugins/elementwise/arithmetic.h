// Functions of two numbers of one type and shape: what binary operators and their scalar forms compute. Integer powers and shifts are
// guarded in the text, because engines differ, or stop, where they have no value; the builder does so for the divisors of integers, of
// which 0 gives a quotient of all ones and the dividend for remainder.
#pragma once

#include "plugins/elementwise/elementwise.h"

namespace tenon::elementwise {

// Of the divisor's sign, where remainder has the dividend's.
inline Value modulo(Builder& b, Value x, Value y) {
  const Value r = b.remainder(x, y);
  if (is_unsigned(b.type(x).dtype)) return r;
  const Value nothing = b.splat_like(r, 0);
  const Value differs = b.compare("NE", b.compare("LT", r, nothing), b.compare("LT", y, nothing));
  return b.select(b.logical_and(differs, b.compare("NE", r, nothing)), b.add(r, y), r);
}

// Whether a number is below 0 or is -0.
inline Value is_negative(Builder& b, Value x) {
  const Value zero = b.splat_like(x, 0);
  return b.logical_or(b.compare("LT", x, zero), b.compare("LT", b.divide(b.splat_like(x, 1), x), zero));
}

// IREE's power is exp(y log x), which has no value for a negative or a zero base and loses 1^y: so |x|^y, with IEEE 754's results where one
// of the two is 0, 1 or infinite, and the sign of an odd power.
inline Value float_power(Builder& b, Value x, Value y) {
  const Value zero = b.splat_like(x, 0), one = b.splat_like(x, 1);
  const Value infinity = b.splat_like(x, std::numeric_limits<double>::infinity());
  const Value nan = b.splat_like(x, std::numeric_limits<double>::quiet_NaN());
  const Value a = b.abs(x), half = b.multiply(y, b.splat_like(x, 0.5));
  const Value y_is_number = b.compare("EQ", y, y);
  const Value whole = b.compare("EQ", b.floor(y), y);
  const Value odd = b.logical_and(whole, b.compare("NE", b.floor(half), half));
  const Value at_zero = b.select(b.compare("GT", y, zero), zero, infinity);
  Value r = b.power(a, y);
  r = b.select(b.logical_and(b.compare("EQ", a, zero), y_is_number), at_zero, r);
  r = b.select(b.logical_and(b.compare("EQ", a, one), y_is_number), one, r);
  r = b.select(b.logical_and(odd, is_negative(b, x)), b.negate(r), r);
  const Value fraction = b.logical_and(b.compare("LT", x, zero), b.logical_and(b.logical_not(whole), b.is_finite(x)));
  r = b.select(fraction, nan, r);
  return b.select(b.logical_or(b.compare("EQ", y, zero), b.compare("EQ", x, one)), one, r);
}

// The angle of (x, y). IREE's atan2 loses the sign of -0, and has no value for two infinities.
inline Value angle(Builder& b, Value y, Value x) {
  const Value infinity = b.splat_like(x, std::numeric_limits<double>::infinity());
  const Value height = b.abs(y);
  const Value both = b.logical_and(b.compare("EQ", height, infinity), b.compare("EQ", b.abs(x), infinity));
  const Value r = b.atan2(b.select(both, b.splat_like(y, 1), height), b.select(both, b.sign(x), x));
  return b.select(is_negative(b, y), b.negate(r), r);
}

// An integer to a negative power is 1 / x^-y, truncated: 0 but for 1 and -1, and 0 for 0 too.
inline Value power(Builder& b, Value x, Value y) {
  const tenon_dtype dtype = b.type(x).dtype;
  if (is_float(dtype)) return float_power(b, x, y);
  if (is_unsigned(dtype)) return b.power(x, y);
  const Value zero = b.splat_like(x, 0), one = b.splat_like(x, 1), minus_one = b.splat_like(x, -1);
  const Value odd = b.compare("NE", b.logical_and(y, one), zero);
  const Value unit = b.select(b.compare("EQ", x, minus_one), b.select(odd, minus_one, one), zero);
  const Value inverse = b.select(b.compare("EQ", x, one), one, unit);
  return b.select(b.compare("LT", y, zero), inverse, b.power(x, b.maximum(y, zero)));
}

// Two booleans have the larger one in their disjunction.
inline Value maximum(Builder& b, Value x, Value y) { return b.type(x).dtype == TENON_I1 ? b.logical_or(x, y) : b.maximum(x, y); }
inline Value minimum(Builder& b, Value x, Value y) { return b.type(x).dtype == TENON_I1 ? b.logical_and(x, y) : b.minimum(x, y); }

inline Value prelu(Builder& b, Value x, Value slope) { return b.select(b.compare("GT", x, b.splat_like(x, 0)), x, b.multiply(slope, x)); }

// How many bits an integer has.
inline double width(tenon_dtype dtype) { return 8 << (dtype - (is_unsigned(dtype) ? TENON_UI8 : TENON_I8)); }

// An amount that is negative or not below the width shifts every bit out; engines have no result for it.
inline Value shifts_within(Builder& b, Value amount) {
  const tenon_dtype dtype = b.type(amount).dtype;
  const Value below = b.compare("LT", amount, b.splat_like(amount, width(dtype)));
  return is_unsigned(dtype) ? below : b.logical_and(below, b.compare("GE", amount, b.splat_like(amount, 0)));
}
inline Value shift_left(Builder& b, Value x, Value amount) {
  const Value within = shifts_within(b, amount), zero = b.splat_like(x, 0);
  return b.select(within, b.op1("shift_left", {x, b.select(within, amount, zero)}), zero);
}
inline Value shift_right(Builder& b, Value x, Value amount) {
  const tenon_dtype dtype = b.type(x).dtype;
  const Value within = shifts_within(b, amount), zero = b.splat_like(x, 0);
  if (is_unsigned(dtype)) return b.select(within, b.op1("shift_right_logical", {x, b.select(within, amount, zero)}), zero);
  const Value most = b.splat_like(x, width(dtype) - 1);
  return b.op1("shift_right_arithmetic", {x, b.select(within, amount, most)});
}

template <char kFirst, char kSecond>
Value compare(Builder& b, Value x, Value y) {
  const char direction[] = {kFirst, kSecond, 0};
  return b.compare(direction, x, y);
}

}  // namespace tenon::elementwise
