#include "core/base/text.h"

#include <gmock/gmock.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <limits>

#include "tenon/base.h"

namespace tenon {
namespace {

using testing::ElementsAre;
constexpr double kInf = std::numeric_limits<double>::infinity();

TEST(Cat, EveryKindOfPart) {
  const char* pointer = "pointer";
  EXPECT_EQ(cat("literal ", pointer, ' ', std::string("text "), std::string_view("view")), "literal pointer text view");
  EXPECT_EQ(cat(true, ' ', false), "true false");
  EXPECT_EQ(cat(std::int8_t{-5}, ' ', std::uint8_t{200}, ' ', std::size_t{7}), "-5 200 7");
  EXPECT_EQ(cat(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(cat(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(cat(0.1, ' ', 1e-6, ' ', 3.0), "0.1 1e-06 3");
  EXPECT_EQ(cat(), "");
}

TEST(Numbers, ShortestReadsBack) {
  for (const double value : {0.0, -0.0, 0.1, 1e-6, 1.0 / 3, 5e-324, 1.7976931348623157e308, -2.5, 123456789.0, kInf, -kInf}) {
    const std::optional<double> back = parse_f64(shortest(value));
    ASSERT_TRUE(back) << value;
    EXPECT_EQ(std::bit_cast<std::uint64_t>(*back), std::bit_cast<std::uint64_t>(value)) << value;
  }
  EXPECT_EQ(shortest(-0.0), "-0");
  EXPECT_EQ(shortest(0.1f), "0.1");  // not 0.10000000149011612
  EXPECT_EQ(shortest(kInf), "inf");
  EXPECT_EQ(shortest(-kInf), "-inf");
  EXPECT_EQ(shortest(std::nan("")), "nan");
  EXPECT_EQ(shortest(-std::nan("")), "nan");
}

TEST(Numbers, Integers) {
  EXPECT_EQ(parse_i64("42"), 42);
  EXPECT_EQ(parse_i64("-42"), -42);
  EXPECT_EQ(parse_i64("+42"), 42);
  EXPECT_EQ(parse_i64("0x1F"), 31);
  EXPECT_EQ(parse_i64("-0x10"), -16);
  EXPECT_EQ(parse_i64("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse_i64("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parse_u64("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  for (const char* wrong : {"", "-", "+", "--1", "+-1", " 1", "1 ", "1.0", "1e3", "0x", "0x-1", "1_000", "abc", "9223372036854775808",
                            "-9223372036854775809", "99999999999999999999"})
    EXPECT_FALSE(parse_i64(wrong)) << wrong;
  for (const char* wrong : {"-1", "18446744073709551616", ""}) EXPECT_FALSE(parse_u64(wrong)) << wrong;
}

TEST(Numbers, Floats) {
  EXPECT_EQ(parse_f64("1e-5"), 1e-5);
  EXPECT_EQ(parse_f64("1.0e-5"), 1e-5);
  EXPECT_EQ(parse_f64("+.5"), 0.5);
  EXPECT_EQ(parse_f64("5."), 5.0);
  EXPECT_EQ(parse_f64("1E+2"), 100.0);
  EXPECT_EQ(parse_f64("-0"), 0.0);
  EXPECT_TRUE(std::signbit(*parse_f64("-0")));
  EXPECT_EQ(parse_f64(".inf"), kInf);
  EXPECT_EQ(parse_f64("-.inf"), -kInf);
  EXPECT_EQ(parse_f64("-inf"), -kInf);
  EXPECT_TRUE(std::isnan(*parse_f64(".nan")));
  EXPECT_EQ(parse_f64("5e-324"), 5e-324);
  for (const char* wrong : {"", ".", "-", "e5", "1e", "1e+", "+-1", "1 ", " 1", "0x10", "1e5x", "1,5", "infinity", "NAN", "1.2.3"})
    EXPECT_FALSE(parse_f64(wrong)) << wrong;
}

TEST(Numbers, OutOfRangeIsAnErrorOnlyWhereNoDoubleIsNear) {
  for (const std::string& large : {std::string("1e400"), std::string("-1e400"), std::string("1e309"), std::string("1.8e308"),
                                   std::string("1e99999999999999999999"), cat(1, std::string(400, '0')), std::string("0.001e312")})
    EXPECT_FALSE(parse_f64(large)) << large;
  for (const std::string& tiny : {std::string("1e-400"), std::string("1e-99999999999999999999"), cat("0.", std::string(400, '0'), 1),
                                  std::string("1000e-400"), std::string("0e400"), std::string("0.0e99999999999999999999")})
    EXPECT_EQ(parse_f64(tiny), 0.0) << tiny;
  EXPECT_TRUE(std::signbit(*parse_f64("-1e-400")));
  // The digits decide, not the sign of the exponent.
  EXPECT_FALSE(parse_f64(cat(1, std::string(400, '0'), "e-50")));
  EXPECT_EQ(parse_f64(cat("0.", std::string(400, '0'), "1e50")), 0.0);
  // Many digits with an exponent that brings them back.
  EXPECT_EQ(parse_f64(cat(1, std::string(400, '0'), "e-400")), 1.0);
  EXPECT_EQ(parse_f64(cat("0.", std::string(399, '0'), "1e400")), 1.0);
}

TEST(Text, SplitAndJoin) {
  EXPECT_THAT(split("a,b,,c", ','), ElementsAre("a", "b", "", "c"));
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_THAT(split(",", ','), ElementsAre("", ""));
  const std::vector<std::string> parts = {"x", "y", "z"};
  EXPECT_EQ(join(parts, ", "), "x, y, z");
  EXPECT_EQ(join({}, ", "), "");
}

TEST(Text, Dims) {
  const std::vector<std::int64_t> dims = {2, TENON_DYNAMIC, 4};
  EXPECT_EQ(dims_text(dims), "[2,?,4]");
  EXPECT_EQ(dims_text({}), "[]");
}

TEST(NearestName, FindsLikelySlips) {
  const std::vector<std::string> names = {"epsilon", "axis", "keepdims", "dtype"};
  EXPECT_EQ(nearest_name("epsilom", names), "epsilon");
  EXPECT_EQ(nearest_name("espilon", names), "epsilon");  // two neighbours swapped: one slip
  EXPECT_EQ(nearest_name("Epsilon", names), "epsilon");
  EXPECT_EQ(nearest_name("keep_dims", names), "keepdims");
  EXPECT_EQ(nearest_name("axes", names), "axis");
}

TEST(NearestName, IsSilentOtherwise) {
  const std::vector<std::string> names = {"epsilon", "axis", "x"};
  EXPECT_EQ(nearest_name("shape", names), "");
  EXPECT_EQ(nearest_name("", names), "");
  EXPECT_EQ(nearest_name("y", names), "");  // nothing in common with x
  EXPECT_EQ(nearest_name("epsilon", {}), "");
  EXPECT_EQ(nearest_name(std::string(100000, 'a'), std::vector<std::string>{std::string(100000, 'b')}), "");
}

TEST(Text, FoldName) {
  EXPECT_EQ(fold_name("Rms_Norm"), "rmsnorm");
  EXPECT_EQ(fold_name("___"), "");
}

TEST(Glob, StarsAndQuestionMarks) {
  EXPECT_TRUE(glob_match("model.*.weight", "model.layers.3.weight"));
  EXPECT_TRUE(glob_match("*", ""));
  EXPECT_TRUE(glob_match("", ""));
  EXPECT_TRUE(glob_match("a?c", "abc"));
  EXPECT_TRUE(glob_match("a?c",
                         "a\xc3\xa9"
                         "c"));  // one character of two bytes
  EXPECT_TRUE(glob_match("*.so", "a.so.so"));
  EXPECT_FALSE(glob_match("a?c", "ac"));
  EXPECT_FALSE(glob_match("a*b", "abc"));
  EXPECT_FALSE(glob_match("", "a"));
  EXPECT_FALSE(glob_match("[ab]", "a"));  // no classes
}

TEST(Glob, ManyStarsStayFast) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(glob_match(pattern + "b", std::string(10000, 'a')));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(Utf8, FollowsTheUnicodeStandard) {
  for (const std::string_view good :
       {std::string_view(""), std::string_view("plain"), std::string_view("\xc3\xa9"), std::string_view("\xe2\x82\xac"),
        std::string_view("\xf0\x9f\x98\x80"), std::string_view("\xf4\x8f\xbf\xbf"), std::string_view("\xed\x9f\xbf")})
    EXPECT_TRUE(is_valid_utf8(good)) << good;
  for (const std::string_view bad :
       {std::string_view("\x80"), std::string_view("\xc0\x80"), std::string_view("\xc1\xbf"), std::string_view("\xe0\x80\x80"),
        std::string_view("\xed\xa0\x80"), std::string_view("\xf0\x80\x80\x80"), std::string_view("\xf4\x90\x80\x80"),
        std::string_view("\xf5\x80\x80\x80"), std::string_view("\xff"), std::string_view("\xc3"), std::string_view("\xe2\x82"),
        std::string_view("\xf0\x9f\x98"), std::string_view("\xc3\x28"), std::string_view("ok \xe2\x28\xa1")})
    EXPECT_FALSE(is_valid_utf8(bad));
}

}  // namespace
}  // namespace tenon
