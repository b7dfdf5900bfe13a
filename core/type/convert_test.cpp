#include "core/type/convert.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>

namespace tenon {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
const double kNaN = std::nan("");

// A format by its definition: (-1)^s * 2^(e - bias) * (1 + m / 2^mantissa), subnormals 2^(1 - bias) * m / 2^mantissa.
struct Format {
  std::string name;
  int bits, mantissa, bias;
  bool has_infinity;
  std::function<std::uint32_t(double)> from;
  std::function<double(std::uint32_t)> to;

  std::uint32_t count() const { return 1u << (bits - 1); }  // of codes without sign
  std::uint32_t sign() const { return 1u << (bits - 1); }
  // Without infinity only the last code is not a number.
  bool is_finite(std::uint32_t code) const { return code < count() - (has_infinity ? 1u << mantissa : 1u); }
  double value(std::uint32_t code) const {
    const int exponent = static_cast<int>(code >> mantissa);
    const double fraction = std::ldexp(static_cast<double>(code & ((1u << mantissa) - 1)), -mantissa);
    return exponent == 0 ? std::ldexp(fraction, 1 - bias) : std::ldexp(1 + fraction, exponent - bias);
  }
  std::uint32_t largest() const {
    std::uint32_t code = count() - 1;
    while (!is_finite(code)) --code;
    return code;
  }
};

const Format kFormats[] = {
    {"f16", 16, 10, 15, true, [](double v) { return f64_to_f16(v); },
     [](std::uint32_t b) { return f16_to_f64(static_cast<std::uint16_t>(b)); }},
    {"bf16", 16, 7, 127, true, [](double v) { return f64_to_bf16(v); },
     [](std::uint32_t b) { return bf16_to_f64(static_cast<std::uint16_t>(b)); }},
    {"f8e5m2", 8, 2, 15, true, [](double v) { return f64_to_f8e5m2(v); },
     [](std::uint32_t b) { return f8e5m2_to_f64(static_cast<std::uint8_t>(b)); }},
    {"f8e4m3fn", 8, 3, 7, false, [](double v) { return f64_to_f8e4m3fn(v); },
     [](std::uint32_t b) { return f8e4m3fn_to_f64(static_cast<std::uint8_t>(b)); }},
};

TEST(Convert, EveryPatternHasItsValueAndComesBack) {
  for (const Format& f : kFormats) {
    for (std::uint32_t code = 0; code < f.count(); ++code) {
      for (const std::uint32_t sign : {0u, f.sign()}) {
        const double value = f.to(sign | code);
        if (f.is_finite(code)) {
          ASSERT_EQ(value, sign != 0 ? -f.value(code) : f.value(code)) << f.name << " " << code;
          ASSERT_EQ(std::signbit(value), sign != 0) << f.name << " " << code;
          ASSERT_EQ(f.from(value), sign | code) << f.name;
        } else if (f.has_infinity && (code & ((1u << f.mantissa) - 1)) == 0) {
          ASSERT_EQ(value, sign != 0 ? -kInf : kInf) << f.name << " " << code;
          ASSERT_EQ(f.from(value), sign | code) << f.name;
        } else {
          ASSERT_TRUE(std::isnan(value)) << f.name << " " << code;
          const std::uint32_t back = f.from(value);
          ASSERT_TRUE(std::isnan(f.to(back))) << f.name << " " << code;
          ASSERT_EQ(back & f.sign(), sign) << f.name << " " << code;
          ASSERT_NE(back & (1u << (f.mantissa - 1)), 0u) << f.name << " " << code << ": not quiet";
        }
      }
    }
  }
}

TEST(Convert, RoundsToTheNearestAndTiesToEven) {
  for (const Format& f : kFormats) {
    for (std::uint32_t code = 0; code < f.largest(); ++code) {
      const double low = f.value(code), high = f.value(code + 1);
      const double middle = low + (high - low) / 2;  // exact in double
      const std::uint32_t even = code % 2 == 0 ? code : code + 1;
      for (const double sign : {1.0, -1.0}) {
        const std::uint32_t bit = sign < 0 ? f.sign() : 0;
        ASSERT_EQ(f.from(sign * middle), bit | even) << f.name << " tie above " << low;
        // One step of double away from the tie: a conversion by way of float would not see it.
        ASSERT_EQ(f.from(sign * std::nextafter(middle, 0.0)), bit | code) << f.name << " just below the tie above " << low;
        ASSERT_EQ(f.from(sign * std::nextafter(middle, kInf)), bit | (code + 1)) << f.name << " just above the tie above " << low;
        ASSERT_EQ(f.from(sign * std::nextafter(low, kInf)), bit | code) << f.name << " just above " << low;
        ASSERT_EQ(f.from(sign * std::nextafter(high, 0.0)), bit | (code + 1)) << f.name << " just below " << high;
      }
    }
  }
}

TEST(Convert, OverflowAndUnderflow) {
  for (const Format& f : kFormats) {
    const std::uint32_t largest = f.largest();
    const double top = f.value(largest), step = top - f.value(largest - 1);
    const double edge = top + step / 2;  // halfway to what would be the next number
    ASSERT_EQ(f.from(std::nextafter(edge, 0.0)), largest) << f.name;
    // A tie goes to the even code: for f8e4m3fn that is the largest number itself (464 becomes 448), else infinity.
    ASSERT_EQ(f.from(edge), largest % 2 == 0 ? largest : largest + 1) << f.name;
    for (const double beyond : {std::nextafter(edge, kInf), top * 2, top * 4, 1e300, kInf}) {
      const double value = f.to(f.from(beyond));
      if (f.has_infinity)
        ASSERT_EQ(value, kInf) << f.name << " " << beyond;
      else
        ASSERT_TRUE(std::isnan(value)) << f.name << " " << beyond;
      ASSERT_EQ(f.from(-beyond), f.sign() | f.from(beyond)) << f.name << " " << beyond;
    }
    const double smallest = f.value(1);
    ASSERT_EQ(f.from(smallest / 2), 0u) << f.name;
    ASSERT_EQ(f.from(std::nextafter(smallest / 2, 1.0)), 1u) << f.name;
    for (const double tiny : {smallest / 4, 1e-300, 5e-324, 0.0}) {
      ASSERT_EQ(f.from(tiny), 0u) << f.name << " " << tiny;
      ASSERT_EQ(f.from(-tiny), f.sign()) << f.name << " " << tiny;
    }
  }
}

TEST(Convert, KnownValues) {
  EXPECT_EQ(f64_to_f16(1.0), 0x3c00);
  EXPECT_EQ(f64_to_f16(65504), 0x7bff);
  EXPECT_EQ(f64_to_f16(65520), 0x7c00);
  EXPECT_EQ(f64_to_bf16(1.0), 0x3f80);
  EXPECT_EQ(f64_to_bf16(3.140625), 0x4049);
  EXPECT_EQ(f64_to_f8e4m3fn(448), 0x7e);
  EXPECT_EQ(f64_to_f8e4m3fn(464), 0x7e);
  EXPECT_EQ(f64_to_f8e4m3fn(465), 0x7f);
  EXPECT_EQ(f64_to_f8e5m2(57344), 0x7b);
  EXPECT_EQ(f64_to_f8e5m2(61440), 0x7c);
  // 1 + 2^-8 is a tie of bf16; the 2^-40 decides, and a float does not hold it.
  EXPECT_EQ(f64_to_bf16(1 + std::ldexp(1, -8) + std::ldexp(1, -40)), 0x3f81);
  EXPECT_EQ(f64_to_f16(1 + std::ldexp(1, -11) + std::ldexp(1, -40)), 0x3c01);
}

TEST(Elements, FloatsAreReadAndWrittenUnaligned) {
  alignas(8) unsigned char memory[16] = {};
  for (const DType dtype : {DType::F8E4M3FN, DType::F8E5M2, DType::F16, DType::BF16, DType::F32, DType::F64}) {
    for (const double value : {0.0, -1.5, 448.0, kNaN}) {
      store_f64(dtype, memory + 1, value);
      const double back = load_f64(dtype, memory + 1);
      if (std::isnan(value))
        EXPECT_TRUE(std::isnan(back)) << name(dtype);
      else
        EXPECT_EQ(back, value) << name(dtype);
    }
  }
  store_f64(DType::F32, memory, 0.1);
  EXPECT_EQ(load_f64(DType::F32, memory), static_cast<double>(0.1f));
}

TEST(Elements, IntegersWrap) {
  struct Row {
    DType dtype;
    std::int64_t value, expected;
  };
  const Row rows[] = {
      {DType::I1, 1, 1},
      {DType::I1, 2, 0},
      {DType::I4, 7, 7},
      {DType::I4, 8, -8},
      {DType::I4, -9, 7},
      {DType::UI4, 17, 1},
      {DType::UI4, -1, 15},
      {DType::I8, 128, -128},
      {DType::UI8, 256, 0},
      {DType::UI8, -1, 255},
      {DType::I16, 32768, -32768},
      {DType::UI16, -1, 65535},
      {DType::I32, 1LL << 31, -(1LL << 31)},
      {DType::UI32, -1, 4294967295},
      {DType::I64, INT64_MIN, INT64_MIN},
      {DType::UI64, -1, -1},
  };
  for (const Row& row : rows) {
    unsigned char memory[9] = {0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa};
    store_i64(row.dtype, memory, row.value);
    EXPECT_EQ(load_i64(row.dtype, memory), row.expected) << name(row.dtype) << " " << row.value;
    EXPECT_EQ(memory[storage_size(row.dtype)], 0xaa) << name(row.dtype) << ": wrote beyond the element";
  }
}

TEST(Elements, BytesThatAreNoValueAreReadAsOne) {
  const unsigned char two = 2, high = 0xf7;
  EXPECT_EQ(load_i64(DType::I1, &two), 1);
  EXPECT_EQ(load_i64(DType::I4, &high), 7);
  EXPECT_EQ(load_i64(DType::UI4, &high), 7);
}

TEST(Elements, IntegersAsDoublesAndBack) {
  const std::uint64_t large = ~std::uint64_t{0};
  EXPECT_EQ(load_f64(DType::UI64, &large), 18446744073709551616.0);
  EXPECT_EQ(load_f64(DType::I64, &large), -1.0);
  std::int8_t small = 0;
  store_f64(DType::I8, &small, 1000.0);
  EXPECT_EQ(small, 127);
  EXPECT_EQ(load_f64(DType::I8, &small), 127.0);
}

TEST(Ranges, OfEveryInteger) {
  EXPECT_EQ(lowest_i64(DType::I4), -8);
  EXPECT_EQ(highest_i64(DType::I4), 7);
  EXPECT_EQ(highest_i64(DType::UI4), 15);
  EXPECT_EQ(lowest_i64(DType::I8), -128);
  EXPECT_EQ(highest_i64(DType::I16), 32767);
  EXPECT_EQ(highest_i64(DType::UI32), 4294967295);
  EXPECT_EQ(lowest_i64(DType::I64), INT64_MIN);
  EXPECT_EQ(highest_i64(DType::I64), INT64_MAX);
  EXPECT_EQ(highest_i64(DType::UI64), -1);
  EXPECT_EQ(lowest_i64(DType::UI64), 0);
  EXPECT_EQ(highest_i64(DType::I1), 1);
  EXPECT_TRUE(fits(DType::UI64, INT64_MAX));
  EXPECT_FALSE(fits(DType::UI64, -1));
  EXPECT_TRUE(fits(DType::I64, INT64_MIN));
  EXPECT_TRUE(fits(DType::I1, 1));
  EXPECT_FALSE(fits(DType::I1, 2));
  EXPECT_FALSE(fits(DType::I1, -1));
  EXPECT_FALSE(fits(DType::UI8, 256));
  EXPECT_TRUE(fits(DType::I8, -128));
  EXPECT_FALSE(fits(DType::I8, -129));
}

TEST(Saturating, TruncatesAndSaturates) {
  EXPECT_EQ(saturating_i64(DType::I32, 2.9), 2);
  EXPECT_EQ(saturating_i64(DType::I32, -2.9), -2);
  EXPECT_EQ(saturating_i64(DType::I32, 3e9), 2147483647);
  EXPECT_EQ(saturating_i64(DType::I32, -kInf), -2147483648LL);
  EXPECT_EQ(saturating_i64(DType::I4, 100), 7);
  EXPECT_EQ(saturating_i64(DType::UI8, -0.5), 0);
  EXPECT_EQ(saturating_i64(DType::UI8, -7), 0);
  EXPECT_EQ(saturating_i64(DType::UI8, 255.9), 255);
  EXPECT_EQ(saturating_i64(DType::I64, 0x1p63), INT64_MAX);
  EXPECT_EQ(saturating_i64(DType::I64, -0x1p63), INT64_MIN);
  EXPECT_EQ(saturating_i64(DType::I64, kInf), INT64_MAX);
  EXPECT_EQ(saturating_i64(DType::I64, -1e300), INT64_MIN);
  EXPECT_EQ(saturating_i64(DType::UI64, 0x1p63), INT64_MIN);  // the bit pattern of 2^63
  EXPECT_EQ(saturating_i64(DType::UI64, kInf), -1);
  EXPECT_EQ(saturating_i64(DType::UI64, -1), 0);
  for (const DType dtype : {DType::I4, DType::UI8, DType::I64, DType::UI64}) EXPECT_EQ(saturating_i64(dtype, kNaN), 0) << name(dtype);
}

TEST(Saturating, ABooleanIsWhatDiffersFromZero) {
  EXPECT_EQ(saturating_i64(DType::I1, 0.0), 0);
  EXPECT_EQ(saturating_i64(DType::I1, -0.0), 0);
  EXPECT_EQ(saturating_i64(DType::I1, 0.25), 1);
  EXPECT_EQ(saturating_i64(DType::I1, kNaN), 1);
}

}  // namespace
}  // namespace tenon
