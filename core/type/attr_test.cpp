// Attribute values: reading, comparing, printing for people, and the way through the C interface and back.
#include "core/type/attr.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace tenon {
namespace {

using testing::HasSubstr;

Dict sample() {
  return {{"flag", true},
          {"count", IntAttr{3}},
          {"epsilon", FloatAttr{1e-6, DType::F32}},
          {"kind", std::string("a \"b\"")},
          {"dtype", DType::BF16},
          {"axes", IntsAttr{{0, -1}}},
          {"scales", FloatsAttr{{0.5, 2}}},
          {"mask", BoolsAttr{{true, false}}},
          {"callee", SymbolAttr{"f"}},
          {"words", StringsAttr{{"x", ""}}},
          {"inner", DictAttr{{{"a", IntAttr{1}}, {"b", DictAttr{{{"c", false}}}}}}}};
}

TEST(Attr, ReadsWithAKnownKind) {
  const Dict dict = sample();
  EXPECT_EQ(get_bool(dict, "flag"), true);
  EXPECT_EQ(get_int(dict, "count"), 3);
  EXPECT_EQ(get_float(dict, "epsilon"), 1e-6);
  EXPECT_EQ(get_float(dict, "count"), 3.0) << "an integer is a float too";
  EXPECT_EQ(get_string(dict, "kind"), "a \"b\"");
  EXPECT_EQ(get_string(dict, "callee"), "f");
  EXPECT_EQ(get_ints(dict, "axes"), (std::vector<std::int64_t>{0, -1}));
  EXPECT_EQ(get_bools(dict, "mask"), (std::vector<bool>{true, false}));
}

TEST(Attr, AbsentOrOtherKindsGiveTheFallback) {
  const Dict dict = sample();
  EXPECT_EQ(get_int(dict, "nothing", 7), 7);
  EXPECT_EQ(get_int(dict, "kind", 7), 7);
  EXPECT_EQ(get_float(dict, "flag", 0.5), 0.5);
  EXPECT_EQ(get_bool(dict, "count", true), true);
  EXPECT_EQ(get_string(dict, "count", "x"), "x");
  EXPECT_TRUE(get_ints(dict, "mask").empty());
  EXPECT_TRUE(get_bools(dict, "axes").empty());
  EXPECT_EQ(find(dict, "Flag"), nullptr);
}

TEST(Attr, SetReplacesOrAppendsAndSortIsByName) {
  Dict dict;
  set(dict, "b", IntAttr{1});
  set(dict, "a", true);
  dict[0].defaulted = true;
  set(dict, "b", IntAttr{2});
  ASSERT_EQ(dict.size(), 2u);
  EXPECT_EQ(get_int(dict, "b"), 2);
  EXPECT_FALSE(dict[0].defaulted) << "now it was given";
  sort_by_name(dict);
  EXPECT_EQ(dict[0].name, "a");
}

TEST(Attr, FloatsCompareByBits) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(FloatAttr{nan}, FloatAttr{nan});
  EXPECT_FALSE(FloatAttr{0.0} == FloatAttr{-0.0});
  EXPECT_FALSE((FloatAttr{1, DType::F32} == FloatAttr{1, DType::F64}));
  EXPECT_EQ((FloatsAttr{{nan, 1}}), (FloatsAttr{{nan, 1}}));
  EXPECT_FALSE((FloatsAttr{{0.0}} == FloatsAttr{{-0.0}}));
  EXPECT_FALSE((FloatsAttr{{1}} == FloatsAttr{{1, 1}}));
  EXPECT_EQ(sample(), sample());
  Dict other = sample();
  set(other, "inner", DictAttr{});
  EXPECT_FALSE(other == sample());
}

TEST(Attr, TextForPeople) {
  std::string text;
  for (const NamedAttr& item : sample()) text += item.name + "=" + to_string(item.value) + " (" + kind_name(item.value) + ")\n";
  EXPECT_EQ(text,
            "flag=true (bool)\n"
            "count=3 (integer)\n"
            "epsilon=1e-06 (float)\n"
            "kind=\"a \\\"b\\\"\" (string)\n"
            "dtype=bf16 (dtype)\n"
            "axes=[0, -1] (list of integers)\n"
            "scales=[0.5, 2] (list of floats)\n"
            "mask=[true, false] (list of bools)\n"
            "callee=@f (symbol)\n"
            "words=[\"x\", \"\"] (list of strings)\n"
            "inner={a = 1, b = {c = false}} (dictionary)\n");
}

TEST(Attr, ThroughCAndBack) {
  for (NamedAttr item : sample()) {
    SCOPED_TRACE(item.name);
    item.defaulted = item.name == "count";
    AttrViewStorage storage;
    const tenon_attr view = to_c(item, storage);
    const Result<NamedAttr> back = from_c(view);
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(back->name, item.name);
    EXPECT_EQ(back->defaulted, item.defaulted);
    if (item.name == "callee") {
      EXPECT_EQ(back->value, Attr(std::string("f"))) << "C has no symbols";
    } else if (item.name == "epsilon") {
      EXPECT_EQ(back->value, Attr(FloatAttr{1e-6})) << "C has one kind of float";
    } else {
      EXPECT_EQ(back->value, item.value);
    }
  }
}

TEST(Attr, ManyViewsShareOneStorage) {
  AttrViewStorage storage;
  const Dict dict = sample();
  std::vector<tenon_attr> views;
  for (int i = 0; i < 50; ++i) {
    for (const NamedAttr& item : dict) views.push_back(to_c(item, storage));
  }
  for (std::size_t i = 0; i < views.size(); ++i) {
    const Result<NamedAttr> back = from_c(views[i]);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(kind_name(back->value) == "string", kind_name(dict[i % dict.size()].value) == "string" || back->name == "callee");
  }
}

tenon_attr named(const char* name, tenon_attr_kind kind) {
  tenon_attr attr = TENON_ATTR_INIT;
  attr.name = name;
  attr.name_length = name == nullptr ? 0 : std::string_view(name).size();
  attr.kind = kind;
  return attr;
}

std::string refusal(const tenon_attr& attr) {
  const Result<NamedAttr> result = from_c(attr);
  if (result.ok()) return "(accepted)";
  EXPECT_EQ(result.error().code, Code::InvalidArgument);
  return result.error().message;
}

TEST(AttrFromC, RefusesWhatIsNotThere) {
  EXPECT_THAT(refusal(named(nullptr, TENON_ATTR_I64)), HasSubstr("has no name"));
  EXPECT_THAT(refusal(named("", TENON_ATTR_I64)), HasSubstr("has no name"));
  tenon_attr attr = named(nullptr, TENON_ATTR_I64);
  attr.name_length = 3;
  EXPECT_THAT(refusal(attr), HasSubstr("is NULL but has a length of 3"));
  EXPECT_THAT(refusal(named("x", TENON_ATTR_NONE)), HasSubstr("kind 0 is not known"));
  EXPECT_THAT(refusal(named("x", 99)), HasSubstr("kind 99 is not known"));
  for (const tenon_attr_kind kind :
       {TENON_ATTR_STRING, TENON_ATTR_I64S, TENON_ATTR_F64S, TENON_ATTR_BOOLS, TENON_ATTR_STRINGS, TENON_ATTR_DICT}) {
    attr = named("x", kind);
    EXPECT_EQ(refusal(attr), "(accepted)") << "empty, kind " << kind;
    attr.count = 2;
    EXPECT_THAT(refusal(attr), HasSubstr("NULL")) << kind;
    attr.count = SIZE_MAX;
    EXPECT_NE(refusal(attr), "(accepted)") << kind;
  }
}

TEST(AttrFromC, RefusesWrongValues) {
  tenon_attr attr = named("x", TENON_ATTR_BOOL);
  attr.i64 = 2;
  EXPECT_THAT(refusal(attr), HasSubstr("a bool must be 0 or 1, got 2"));
  attr = named("x", TENON_ATTR_DTYPE);
  for (const std::int64_t number : {std::int64_t{0}, std::int64_t{999}, std::int64_t{-1}, INT64_MAX}) {
    attr.i64 = number;
    EXPECT_THAT(refusal(attr), HasSubstr("is no element type")) << number;
  }
  const std::int64_t flags[] = {0, 1, 7};
  attr = named("x", TENON_ATTR_BOOLS);
  attr.i64s = flags;
  attr.count = 3;
  EXPECT_THAT(refusal(attr), HasSubstr("got 7"));
  attr = named("x", TENON_ATTR_STRING);
  attr.text = "\xff";
  attr.count = 1;
  EXPECT_THAT(refusal(attr), HasSubstr("not UTF-8"));
  const tenon_attr number = named("n", TENON_ATTR_I64);
  attr = named("x", TENON_ATTR_STRINGS);
  attr.items = &number;
  attr.count = 1;
  EXPECT_THAT(refusal(attr), HasSubstr("item 0 of a list of strings has kind 2"));
  const tenon_attr twice[] = {number, number};
  attr = named("x", TENON_ATTR_DICT);
  attr.items = twice;
  attr.count = 2;
  EXPECT_THAT(refusal(attr), HasSubstr("the name \"n\" occurs twice"));
}

TEST(AttrFromC, DictionariesNestFourDeep) {
  std::vector<tenon_attr> levels(6, named("d", TENON_ATTR_DICT));
  for (std::size_t i = 1; i < levels.size(); ++i) {
    levels[i].items = &levels[i - 1];
    levels[i].count = 1;
  }
  EXPECT_EQ(refusal(levels[3]), "(accepted)");
  EXPECT_THAT(refusal(levels[4]), HasSubstr("nest deeper than 4"));
  levels[0].items = &levels[0];  // a cycle ends too
  levels[0].count = 1;
  EXPECT_THAT(refusal(levels[0]), HasSubstr("nest deeper than 4"));
}

}  // namespace
}  // namespace tenon
