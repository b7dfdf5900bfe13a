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

// An integer to a negative power is 1 / x^-y, truncated: 0 but for 1 and -1, and 0 for 0 too.
inline Value power(Builder& b, Value x, Value y) {
  const tenon_dtype dtype = b.type(x).dtype;
  if (is_float(dtype) || is_unsigned(dtype)) return b.power(x, y);
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
