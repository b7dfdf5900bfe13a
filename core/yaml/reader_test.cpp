#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "core/yaml/document.h"

namespace tenon::yaml {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Document document(std::string text) {
  Result<Document> result = parse(std::move(text), "f.yaml", kManifestLimits);
  EXPECT_TRUE(result.ok()) << to_string(result.error());
  return result.ok() ? *std::move(result) : Document{};
}

// A reader of a whole file, with the document that it needs.
struct Opened {
  explicit Opened(std::string text) : file(document(std::move(text))), reader(*Reader::open(file, file.root, "node \"norm\"")) {}
  Document file;
  Reader reader;
};

TEST(Reader, ReadsWhatIsThereAndFinishes) {
  Opened o("name: norm\nversion: \"1.10\"\ncount: 3\nfast: true\nlist: [a, \"b\", 3]\nx-note: whatever\n");
  Reader& r = o.reader;
  EXPECT_EQ(r.string("name").value(), "norm");
  EXPECT_EQ(r.string("version").value(), "1.10");
  EXPECT_EQ(r.integer("count").value(), 3);
  EXPECT_EQ(r.integer_or("absent", 7).value(), 7);
  EXPECT_EQ(r.string_or("missing", "fallback").value(), "fallback");
  EXPECT_TRUE(r.boolean_or("fast", false).value());
  EXPECT_TRUE(r.boolean_or("slow", true).value());
  EXPECT_THAT(r.strings_or_empty("list").value(), ElementsAre("a", "b", "3"));
  EXPECT_THAT(r.strings_or_empty("none").value(), IsEmpty());
  EXPECT_EQ(r.optional("nothing"), nullptr);
  EXPECT_TRUE(r.finish().ok());
}

TEST(Reader, AValueThatIsNullCountsAsAbsent) {
  Opened o("a: ~\nb:\nc: null\nd:\n");
  EXPECT_EQ(o.reader.string_or("a", "x").value(), "x");
  EXPECT_EQ(o.reader.integer_or("b", 5).value(), 5);
  EXPECT_THAT(o.reader.strings_or_empty("c").value(), IsEmpty());
  const Result<const Node*> required = o.reader.required("d");
  ASSERT_FALSE(required.ok());
  EXPECT_EQ(required.error().message, "node \"norm\": \"d\" has no value");
  EXPECT_EQ(required.error().where.line, 4);
}

TEST(Reader, AMissingKeyIsReportedAtTheMapping) {
  Opened o("\n\nname: x\n");
  const Result<std::string> missing = o.reader.string("op");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().message, "node \"norm\" has no \"op\"");
  EXPECT_EQ(missing.error().where.file, "f.yaml");
  EXPECT_EQ(missing.error().where.line, 3);
  EXPECT_EQ(missing.error().advice, "add \"op: ...\"");
}

TEST(Reader, AnUnknownKeyIsReportedWithTheNearestKnownOne) {
  Opened o("name: x\nattribtes: {}\n");
  (void)o.reader.optional("name");
  (void)o.reader.optional("attributes");
  const Status status = o.reader.finish();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "node \"norm\": unknown key \"attribtes\"");
  EXPECT_EQ(status.error().advice, "did you mean \"attributes\"?");
  EXPECT_EQ(status.error().where.line, 2);
  EXPECT_EQ(status.error().where.column, 1);
  EXPECT_TRUE(o.reader.finish(false).ok());
}

TEST(Reader, AnUnknownKeyThatIsNearNothingListsTheKnownOnes) {
  Opened o("zzz: 1\n");
  (void)o.reader.optional("name");
  (void)o.reader.optional("op");
  EXPECT_EQ(o.reader.finish().error().advice, "the keys here are: name, op");
}

TEST(Reader, OnlyAMappingCanBeOpened) {
  for (const char* text : {"[a]", "a", ""}) {
    const Document file = document(text);
    const Result<Reader> reader = Reader::open(file, file.root, "the file");
    ASSERT_FALSE(reader.ok()) << text;
    EXPECT_THAT(reader.error().message, HasSubstr("the file must be a mapping, got "));
    EXPECT_EQ(reader.error().where.line, 1);
  }
}

TEST(Reader, WrongKindsAreNamed) {
  Opened o("name: [x]\ncount: three\nfast: yes\nlist: a\nitems: [a, [b]]\nnone: [~]\n");
  EXPECT_EQ(o.reader.string("name").error().message, "node \"norm\": \"name\" must be a text, got a list");
  EXPECT_EQ(o.reader.integer("count").error().message, "node \"norm\": \"count\" must be an integer, got \"three\"");
  EXPECT_EQ(o.reader.integer_or("count", 1).error().where.line, 2);
  EXPECT_EQ(o.reader.boolean_or("fast", true).error().message, "node \"norm\": \"fast\" must be true or false, got \"yes\"");
  EXPECT_EQ(o.reader.strings_or_empty("list").error().message, "node \"norm\": \"list\" must be a list, got \"a\"");
  EXPECT_EQ(o.reader.strings_or_empty("items").error().message, "node \"norm\": \"items\" item 1 must be a text, got a list");
  EXPECT_FALSE(o.reader.strings_or_empty("none").ok());
}

Node scalar(std::string text, bool quoted = false) {
  Node node;
  node.kind = Kind::Scalar;
  node.scalar = std::move(text);
  node.quoted = quoted;
  node.line = 2;
  node.column = 5;
  return node;
}

TEST(Scalars, Floats) {
  const Document file{"f.yaml", {}};
  const auto value = [&file](const char* text, bool quoted = false) { return as_f64(file, scalar(text, quoted), "epsilon").value(); };
  EXPECT_EQ(value("1e-5"), 1e-5);
  EXPECT_EQ(value("1.0e-5"), 1e-5);
  EXPECT_EQ(value("1e-5", true), 1e-5);
  EXPECT_EQ(value("0.00001"), 1e-5);
  EXPECT_EQ(value("3"), 3.0);
  EXPECT_EQ(value("+.5"), 0.5);
  EXPECT_TRUE(std::signbit(value("-0")));
  EXPECT_EQ(value(".inf"), HUGE_VAL);
  EXPECT_EQ(value("-.inf"), -HUGE_VAL);
  EXPECT_EQ(value("+.INF"), HUGE_VAL);
  EXPECT_TRUE(std::isnan(value(".nan")));
  EXPECT_TRUE(std::isnan(value(".NaN")));
  EXPECT_EQ(value("1e-400"), 0.0);
}

TEST(Scalars, WhatIsNoFloat) {
  const Document file{"f.yaml", {}};
  for (const char* text : {"", "-", ".", "x", "1e400", "-1e400", "1_000", "0x10", "1,5", "1e", "inf", "nan", "-inf", "NaN", "true", "1 2",
                           "-.nan", ".infinity", "._inf"}) {
    const Result<double> result = as_f64(file, scalar(text), "epsilon");
    ASSERT_FALSE(result.ok()) << text;
    EXPECT_THAT(result.error().message, HasSubstr("epsilon must be a number, got"));
    EXPECT_EQ(result.error().where.line, 2);
    EXPECT_EQ(result.error().where.column, 5);
  }
  EXPECT_EQ(as_f64(file, scalar("inf"), "epsilon").error().advice, "write .inf, -.inf or .nan");
  EXPECT_FALSE(as_f64(file, Node(), "epsilon").ok());
}

TEST(Scalars, Integers) {
  const Document file{"f.yaml", {}};
  const auto value = [&file](const char* text) { return as_i64(file, scalar(text), "axis").value(); };
  EXPECT_EQ(value("0"), 0);
  EXPECT_EQ(value("-0"), 0);
  EXPECT_EQ(value("-1"), -1);
  EXPECT_EQ(value("+12"), 12);
  EXPECT_EQ(value("0xff"), 255);
  EXPECT_EQ(value("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(value("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(as_i64(file, scalar("7", true), "axis").value(), 7);
}

TEST(Scalars, WhatIsNoInteger) {
  const Document file{"f.yaml", {}};
  for (const char* text : {"", "1.0", "1e3", "x", "1_000", "0o17", "0b1", "010", "-", "--1", "9223372036854775808", "-9223372036854775809",
                           "0x", ".inf", "null"})
    EXPECT_FALSE(as_i64(file, scalar(text), "axis").ok()) << text;
  EXPECT_THAT(as_i64(file, scalar("9223372036854775808"), "axis").error().message, HasSubstr("beyond 64 bits"));
  EXPECT_EQ(as_i64(file, scalar("010"), "axis").error().advice, "remove the leading zero");
}

TEST(Scalars, BooleansAndTexts) {
  const Document file{"f.yaml", {}};
  EXPECT_TRUE(as_bool(file, scalar("true"), "keepdims").value());
  EXPECT_FALSE(as_bool(file, scalar("false"), "keepdims").value());
  for (const char* text : {"True", "TRUE", "yes", "no", "on", "off", "1", "0", ""})
    EXPECT_FALSE(as_bool(file, scalar(text), "keepdims").ok()) << text;
  EXPECT_EQ(as_string(file, scalar("12"), "name").value(), "12");
  EXPECT_EQ(as_string(file, scalar("", true), "name").value(), "");
  EXPECT_EQ(as_string(file, Node(), "name").error().message, "name must be a text, got nothing");
}

TEST(Scalars, LongTextsAreNotRepeatedInErrors) {
  const Document file{"f.yaml", {}};
  EXPECT_EQ(as_i64(file, scalar(std::string(4000, 'x')), "axis").error().message, "axis must be an integer, got a single value");
}

TEST(Errors, StandAtTheirNode) {
  const Document file = document("a: 1\nb: [x, y]\n");
  const Error error = error_at(file, file.root.find("b")->items[1], "y is odd", Code::NotFound);
  EXPECT_EQ(to_string(error), "error: NOT_FOUND: y is odd\n --> f.yaml:2:8");
}

}  // namespace
}  // namespace tenon::yaml
