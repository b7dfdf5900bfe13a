#include "core/base/status.h"

#include <gmock/gmock.h>

namespace tenon {
namespace {

using testing::HasSubstr;

Result<int> half(int number) {
  if (number % 2 != 0) return fail(Code::InvalidArgument, number, " is odd").operand("number").advise("give an even number");
  return number / 2;
}

Result<int> quarter(int number) {
  TENON_ASSIGN(const int once, half(number));
  TENON_ASSIGN(const int twice, half(once));
  return twice;
}

Status check_quarter(int number) {
  TENON_TRY([&]() -> Status {
    Result<int> result = quarter(number);
    if (!result) return result.take_error();
    return {};
  }());
  return {};
}

TEST(Status, AResultIsAValueOrAnError) {
  Result<int> good = half(8);
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(*good, 4);
  const Result<int> bad = half(7);
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code, Code::InvalidArgument);
  EXPECT_EQ(bad.error().raw_code, TENON_INVALID_ARGUMENT);
  EXPECT_EQ(bad.error().message, "7 is odd");
}

TEST(Status, ErrorsTravelThroughTheMacros) {
  EXPECT_EQ(quarter(12).value(), 3);
  EXPECT_EQ(quarter(6).error().message, "3 is odd");
  EXPECT_TRUE(check_quarter(4).ok());
  EXPECT_EQ(check_quarter(6).error().where.operand, "number");
}

TEST(Status, AResultMayHoldWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 5);
}

TEST(Status, TextForAPersonHasCodePlaceAndAdvice) {
  const Error error = fail(Code::NotFound, "no operator \"rms\"").file("graph.yaml", 3, 7).node("norm").advise("see the list");
  EXPECT_EQ(to_string(error),
            "error: NOT_FOUND: no operator \"rms\"\n"
            " --> graph.yaml:3:7\n"
            " --> node \"norm\"\n"
            "  advice: see the list");
}

TEST(Status, UnknownLinesAndColumnsAreLeftOut) {
  EXPECT_EQ(to_string(fail(Code::DataLoss, "short").file("a.npy")), "error: DATA_LOSS: short\n --> a.npy");
  EXPECT_EQ(to_string(fail(Code::DataLoss, "short").file("a.yaml", 4)), "error: DATA_LOSS: short\n --> a.yaml:4");
  EXPECT_EQ(to_string(fail(Code::Internal, "odd")), "error: INTERNAL: odd");
}

TEST(Status, ACauseIsPartOfTheText) {
  const Error error = fail(Code::PluginRejected, "refused")
                          .plugin("org.example.p")
                          .because(fail(Code::ManifestInvalid, "no name").file("p.yaml", 1, 1).because(fail(Code::NotFound, "inner")));
  EXPECT_EQ(to_string(error),
            "error: PLUGIN_REJECTED: refused\n"
            " --> plugin \"org.example.p\"\n"
            "  because: MANIFEST_INVALID: no name\n"
            " --> p.yaml:1:1\n"
            "  because: NOT_FOUND: inner");
}

TEST(Status, ControlCharactersDoNotReachTheTerminal) {
  const std::string text = to_string(fail(Code::InvalidArgument, "name \"\x1b[31m\" is odd").file("a\x07.yaml"));
  EXPECT_THAT(text, HasSubstr("\\x1b[31m"));
  EXPECT_THAT(text, HasSubstr("a\\x07.yaml"));
  EXPECT_EQ(to_string(fail(Code::Internal, "\xc2\x9bm \xc3\x9b \xe2\x82\xac")), "error: INTERNAL: \\xc2\\x9bm \xc3\x9b \xe2\x82\xac");
}

TEST(Status, CodesHaveTheNamesOfTheHeader) {
  EXPECT_EQ(code_name(Code::Ok), "OK");
  EXPECT_EQ(code_name(TENON_INCOMPATIBLE), "INCOMPATIBLE");
  EXPECT_EQ(code_name(TENON_FP_ENV_CHANGED), "FP_ENV_CHANGED");
  EXPECT_EQ(code_name(99999), "UNKNOWN");
  EXPECT_EQ(code_name(-1), "UNKNOWN");
  Error foreign = fail(Code::Unknown, "strange");
  foreign.raw_code = 4711;  // a newer plugin's code
  EXPECT_EQ(to_string(foreign), "error: UNKNOWN (4711): strange");
}

}  // namespace
}  // namespace tenon
