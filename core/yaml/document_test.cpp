#include "core/yaml/document.h"

#include <gmock/gmock.h>

#include <chrono>

namespace tenon::yaml {
namespace {

using testing::HasSubstr;

Result<Document> read(std::string text) { return parse(std::move(text), "f.yaml", kManifestLimits); }

// The error of a text that must be refused, with its place: "3:5 message".
std::string refusal(std::string text, const Limits& limits = kManifestLimits) {
  const Result<Document> result = parse(std::move(text), "f.yaml", limits);
  if (result.ok()) return "accepted";
  const Error& error = result.error();
  EXPECT_EQ(error.where.file, "f.yaml");
  EXPECT_FALSE(error.advice.empty()) << error.message;
  return cat(error.where.line, ":", error.where.column, " ", error.message);
}

TEST(Document, MappingsSequencesAndScalars) {
  const Result<Document> result = read(
      "# a comment\n"
      "name: norm\n"
      "list:\n"
      "- 1\n"
      "- [two, \"three\", 'fo''ur']\n"
      "flow: {a: 1, b: {c: x}}\n");
  ASSERT_TRUE(result.ok()) << to_string(result.error());
  EXPECT_EQ(result->file, "f.yaml");
  const Node& root = result->root;
  ASSERT_EQ(root.kind, Kind::Mapping);
  ASSERT_EQ(root.entries.size(), 3u);
  EXPECT_EQ(root.entries[0].key, "name");
  EXPECT_EQ(root.find("name")->scalar, "norm");
  const Node& list = *root.find("list");
  ASSERT_EQ(list.kind, Kind::Sequence);
  ASSERT_EQ(list.items.size(), 2u);
  EXPECT_EQ(list.items[0].scalar, "1");
  EXPECT_EQ(list.items[1].items[2].scalar, "fo'ur");
  EXPECT_EQ(root.find("flow")->find("b")->find("c")->scalar, "x");
  EXPECT_EQ(root.find("absent"), nullptr);
}

TEST(Document, PositionsCountFromOne) {
  const Result<Document> result = read("a: 1\nlist:\n- {name: x, dims: [4, 640]}\n");
  ASSERT_TRUE(result.ok());
  const Node& item = result->root.find("list")->items[0];
  EXPECT_EQ(item.line, 3);
  EXPECT_EQ(item.column, 3);
  EXPECT_EQ(item.entries[1].line, 3);
  EXPECT_EQ(item.entries[1].column, 13);
  EXPECT_EQ(item.entries[1].value.items[1].column, 23);
}

TEST(Document, QuotesAreRemembered) {
  const Result<Document> result = read("a: 1.10\nb: \"1.10\"\nc: '1.10'\nd: |\n  text\n");
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(result->root.find("a")->quoted);
  EXPECT_TRUE(result->root.find("b")->quoted);
  EXPECT_TRUE(result->root.find("c")->quoted);
  EXPECT_TRUE(result->root.find("d")->quoted);
  EXPECT_EQ(result->root.find("d")->scalar, "text\n");
}

TEST(Document, NothingIsNullAndQuotedNothingIsText) {
  const Result<Document> result = read("a:\nb: ~\nc: null\nd: \"\"\ne: \"null\"\nf: '~'\ng: [x, ~, y]\n");
  ASSERT_TRUE(result.ok());
  for (const char* key : {"a", "b", "c"}) EXPECT_TRUE(result->root.find(key)->is_null()) << key;
  for (const char* key : {"d", "e", "f"}) EXPECT_TRUE(result->root.find(key)->is_scalar()) << key;
  EXPECT_TRUE(result->root.find("g")->items[1].is_null());
}

TEST(Document, AnEmptyFileIsNull) {
  for (const char* text : {"", "\n\n", "# only a comment\n", "  \n"}) {
    const Result<Document> result = read(text);
    ASSERT_TRUE(result.ok()) << text;
    EXPECT_TRUE(result->root.is_null());
    EXPECT_EQ(result->root.line, 1);
  }
}

TEST(Document, TextsMaySpanLinesAndHoldAnyCharacter) {
  const Result<Document> result = read("a: one\n  two\nb: \"caf\xc3\xa9 \\u20ac \\t\"\n\xc3\xa9: 1\n");
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->root.find("a")->scalar, "one two");
  EXPECT_EQ(result->root.find("b")->scalar, "caf\xc3\xa9 \xe2\x82\xac \t");
  EXPECT_NE(result->root.find("\xc3\xa9"), nullptr);
}

TEST(Refused, AnchorsAliasesTagsAndMergeKeys) {
  EXPECT_EQ(refusal("a: 1\nb: &x 2\n"), "2:4 in b: the anchor &x is not allowed");
  EXPECT_EQ(refusal("b: &x\n"), "1:4 in b: the anchor &x is not allowed");
  EXPECT_EQ(refusal("&x a: 1\n"), "1:1 the anchor &x is not allowed");
  EXPECT_EQ(refusal("a: *x\n"), "1:4 an alias (*name) is not allowed");
  EXPECT_EQ(refusal("a: !!str 1\n"), "1:4 in a: a tag (!name) is not allowed");
  EXPECT_EQ(refusal("a: !!str null\n"), "1:4 in a: a tag (!name) is not allowed");
  EXPECT_EQ(refusal("a: ! 1\n"), "1:4 in a: a tag (!name) is not allowed");  // would pass for a quoted text
  EXPECT_EQ(refusal("a: ! \"1\"\n"), "1:4 in a: a tag (!name) is not allowed");
  EXPECT_EQ(refusal("- [x]\n- ! [x]\n"), "2:3 in [1]: a tag (!name) is not allowed");
  EXPECT_EQ(refusal("- !t {a: 1}\n"), "1:3 in [0]: a tag (!name) is not allowed");
  EXPECT_EQ(refusal("a: !\n"), "1:4 in a: a tag (!name) is not allowed");
  EXPECT_EQ(refusal("!"), "1:1 a tag (!name) is not allowed");
  EXPECT_EQ(refusal("a:\n  <<: {b: 1}\n"), "2:3 in a: the merge key << is not allowed");
}

TEST(Refused, DuplicateKeys) {
  EXPECT_EQ(refusal("a: 1\nb: 2\na: 3\n"), "3:1 the key \"a\" stands twice, first in line 1");
  EXPECT_EQ(refusal("x:\n- {k: 1, \"k\": 2}\n"), "2:10 in x[0]: the key \"k\" stands twice, first in line 2");
  EXPECT_EQ(refusal("b: 1\na: 2\na: 3\nb: 4\n"), "3:1 the key \"a\" stands twice, first in line 2");  // the first repetition
  EXPECT_TRUE(read("a: {k: 1}\nb: {k: 1}\n").ok());
}

TEST(Refused, KeysThatAreNotText) {
  EXPECT_EQ(refusal("? [a]\n: 1\n"), "1:3 a key must be a text");
  EXPECT_EQ(refusal("{a: 1}: 2\n"), "1:1 a key must be a text");
  EXPECT_EQ(refusal("~: 2\n"), "1:1 a key is missing");
  EXPECT_EQ(refusal("x:\n  : 2\n"), "2:3 in x: a key is missing");
}

TEST(Refused, AKeyWithoutAColon) {
  EXPECT_EQ(refusal("a: 1\nb\n"), "2:1 in b: the key \"b\" has no colon");
  EXPECT_EQ(refusal("a:\n- b\n-c\n"), "3:1 in -c: the key \"-c\" has no colon");
}

TEST(Refused, AnythingAfterTheDocument) {
  EXPECT_EQ(refusal("[a] b\n"), "1:5 unexpected content after the end of the document");
  EXPECT_EQ(refusal("- a\nb: c\n"), "2:1 unexpected content after the end of the document");
  EXPECT_EQ(refusal("a: 1\n---\nb: 2\n"), "2:1 a line starts with ---: a file is one document without markers");
  EXPECT_EQ(refusal("---\na: 1\n"), "1:1 a line starts with ---: a file is one document without markers");
  EXPECT_EQ(refusal("a: 1\n...\n"), "2:1 a line starts with ...: a file is one document without markers");
  EXPECT_EQ(refusal("%YAML 1.2\na: 1\n"), "1:1 a line starts with %: directives are not allowed");
}

TEST(Refused, BytesThatHaveNoPlaceInText) {
  EXPECT_EQ(refusal("a:\n\t- b\n"), "2:1 a tab is not allowed");
  EXPECT_EQ(refusal("a: \"x\ty\"\n"), "1:6 a tab is not allowed");
  EXPECT_EQ(refusal("a: 1\r\nb: 2\r\n"), "1:5 a carriage return is not allowed");
  EXPECT_EQ(refusal(std::string("a: \0", 4)), "1:4 the control character 0 is not allowed");
  EXPECT_EQ(refusal("a: \x1b[0m"), "1:4 the control character 27 is not allowed");
  EXPECT_EQ(refusal("a: \x7f"), "1:4 the control character 127 is not allowed");
  EXPECT_EQ(refusal("a: \xc2\x9b"), "1:4 the control character 155 is not allowed");
  EXPECT_EQ(refusal("\xef\xbb\xbf"
                    "a: 1\n"),
            "1:1 the file starts with a byte-order mark");
  EXPECT_EQ(refusal("a: 1\nb: \xff\n"), "2:0 the file is not valid UTF-8");
  EXPECT_EQ(refusal("a: 1\nb: \xc3"), "2:0 the file is not valid UTF-8");
  EXPECT_EQ(refusal(std::string("\xff\xfe"
                                "a\0:\0",
                                6)),
            "1:4 the control character 0 is not allowed");  // UTF-16
  EXPECT_EQ(refusal("a: \"x\\0y\"\n"), "1:4 in a: a text has the control character 0 in it");
  EXPECT_EQ(refusal("a: \"\\x9b\"\n"), "1:4 in a: a text has the control character 155 in it");
  EXPECT_EQ(refusal("a: \"\\N\"\n"), "1:4 in a: a text has an escape in it that gives no UTF-8");
  EXPECT_EQ(refusal("\"\\e\": 1\n"), "1:1 a text has the control character 27 in it");
}

TEST(Refused, AQuoteThatIsNotClosed) {
  EXPECT_EQ(refusal("a: 'x\n"), "1:4 in a: the quote is not closed");
  EXPECT_EQ(refusal("a: 'x''\n"), "1:4 in a: the quote is not closed");
  EXPECT_EQ(refusal("- \"x\\\"\n"), "1:3 in [0]: the quote is not closed");
  EXPECT_EQ(refusal("- \"x\\\\\""), "accepted");
  EXPECT_EQ(refusal("- 'x'''"), "accepted");
}

TEST(Refused, WhatIsNotYaml) {
  for (const char* text : {"a: b: c\n", "a: 'x\n", "a: \"x\n", "a: [1, 2\n", "{a: 1\n", "]\n", "}\n", "a: 'x' y\n", "a: \"\\q\"\n",
                           "a: @x\n", "a: `x\n", "a: \"\\uD800\"\n", "- a\n - b\n- : :\n", "a: 1\n  b: 2\n"})
    EXPECT_NE(refusal(text), "accepted") << text;
  EXPECT_EQ(refusal("a: b: c\n"), "1:5 this is not YAML: illegal map value");
}

std::string repeated(std::string_view unit, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += unit;
  return text;
}

TEST(Limits, Depth) {
  const auto nested = [](std::size_t depth) { return repeated("[", depth) + repeated("]", depth); };
  EXPECT_EQ(refusal(nested(16)), "accepted");
  EXPECT_EQ(refusal(nested(17)), "1:17 nested deeper than 16 levels");
  EXPECT_EQ(refusal(nested(40), kGraphLimits), "accepted");
  EXPECT_EQ(refusal(nested(41), kGraphLimits), "1:41 nested deeper than 40 levels");
  EXPECT_EQ(refusal(repeated("- ", 1000) + "x"), "1:33 nested deeper than 16 levels");
  EXPECT_EQ(read(nested(17)).error().code, Code::ResourceExhausted);
}

TEST(Limits, BytesEventsAndTexts) {
  EXPECT_THAT(refusal(std::string(513 << 10, ' ')), HasSubstr("the file has 525312 bytes, the limit is 524288"));
  EXPECT_THAT(refusal(cat("a: ", std::string(4097, 'x'))), HasSubstr("a text has 4097 bytes, the limit is 4096"));
  EXPECT_THAT(refusal(cat("? ", std::string(4097, 'x'), "\n: 1")), HasSubstr("a text has 4097 bytes"));
  EXPECT_EQ(refusal(cat("a: ", std::string(4096, 'x'))), "accepted");
  EXPECT_EQ(refusal(repeated("- x\n", 65535)), "accepted");
  EXPECT_EQ(refusal(repeated("- x\n", 65536)), "65536:3 the file has more than 65536 values");
}

TEST(Limits, HostileFilesFailFast) {
  const auto start = std::chrono::steady_clock::now();
  for (const std::string_view unit :
       {"[", "{", "[[ ", "[a, ", "{a: ", "- ", "? ", "a: [", "[\n", "\"", "'", "&a ", "!", "*a ", "a\n", "- a\n", "a: b\n", "|", "\\"})
    for (const Limits& limits : {kManifestLimits, kGraphLimits})
      EXPECT_NE(refusal(repeated(unit, (1 << 20) / unit.size()), limits), "") << unit;
  EXPECT_EQ(refusal(repeated("[", 1 << 20), kGraphLimits), "1:4137 brackets are nested deeper than 40 levels");
  EXPECT_THAT(refusal(repeated("[", 64 << 20), kGraphLimits), HasSubstr("nested deeper"));  // and not by filling the memory first
  EXPECT_THAT(refusal(repeated("[],", 9 << 20), kGraphLimits), HasSubstr("more than 8388608 brackets"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

TEST(Limits, ManyKeysAreNoTrouble) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += cat("key", i, ": ", i, "\n");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(refusal(text, kGraphLimits), "accepted");
  EXPECT_THAT(refusal(text + "key5: again\n", kGraphLimits), HasSubstr("\"key5\" stands twice, first in line 6"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

}  // namespace
}  // namespace tenon::yaml
