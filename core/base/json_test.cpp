#include "core/base/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tenon {
namespace {

TEST(Json, ObjectsAndArraysInTheOrderOfTheCalls) {
  JsonWriter json;
  json.begin_object().field("name", "norm").field("count", 3).field("ok", true).field("time", 0.5).key("shape").begin_array();
  json.value(4).value(std::int64_t{640}).end_array().key("none").null().key("empty").begin_object().end_object().end_object();
  EXPECT_EQ(json.text(), R"({"name":"norm","count":3,"ok":true,"time":0.5,"shape":[4,640],"none":null,"empty":{}})");
  EXPECT_EQ(json.take(), R"({"name":"norm","count":3,"ok":true,"time":0.5,"shape":[4,640],"none":null,"empty":{}})");
}

TEST(Json, NestedArraysAndATextOfEachKind) {
  JsonWriter json;
  json.begin_array().begin_array().end_array().begin_array().value(std::string("a")).value("b").end_array().value(false).end_array();
  EXPECT_EQ(json.text(), R"([[],["a","b"],false])");
}

TEST(Json, NumbersAreExact) {
  JsonWriter json;
  json.begin_array().value(std::numeric_limits<std::int64_t>::min()).value(std::numeric_limits<std::uint64_t>::max()).value(1e-6);
  json.value(0.1f).value(7u).end_array();
  EXPECT_EQ(json.text(), "[-9223372036854775808,18446744073709551615,1e-06,0.10000000149011612,7]");
}

TEST(Json, WhatJsonHasNoNumberForIsText) {
  JsonWriter json;
  const double inf = std::numeric_limits<double>::infinity();
  json.begin_array().value(inf).value(-inf).value(std::nan("")).end_array();
  EXPECT_EQ(json.text(), R"(["inf","-inf","nan"])");
}

TEST(Json, TextIsEscaped) {
  EXPECT_EQ(json_quote("a\"b\\c\nd\te\r"), R"("a\"b\\c\nd\te\r")");
  EXPECT_EQ(json_quote(std::string_view("\0\x1b\x7f", 3)), R"("\u0000\u001b\u007f")");
  EXPECT_EQ(json_quote("\xc3\xa9 \xf0\x9f\x98\x80"), "\"\xc3\xa9 \xf0\x9f\x98\x80\"");
  EXPECT_EQ(json_quote(""), "\"\"");
}

TEST(Json, BytesThatAreNotUtf8BecomeTheReplacementCharacter) {
  EXPECT_EQ(json_quote("a\xff"
                       "b"),
            "\"a\xef\xbf\xbd"
            "b\"");
  EXPECT_EQ(json_quote("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");  // a character that is cut off
  EXPECT_EQ(json_quote("\xc3\""), "\"\xef\xbf\xbd\\\"\"");            // a quote behind a broken character is still escaped
}

}  // namespace
}  // namespace tenon
