// Target profiles: the built-in ones, a profile of the user's, and everything that is refused, with its place.
#include <gmock/gmock.h>

#include <cstdio>
#include <filesystem>

#include "core/base/files.h"
#include "core/op/carrier_yaml.h"
#include "core/target/target.h"

namespace tenon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = CarrierForm::Kind;

// "3:5 message" of a profile that is refused.
std::string refusal(const std::string& rest) {
  const Result<Target> target = parse_target("schema: 1\nname: mine\n" + rest, "mine.yaml");
  if (target.ok()) return "accepted";
  EXPECT_EQ(target.error().where.file, "mine.yaml");
  return cat(target.error().where.line, ":", target.error().where.column, " ", target.error().message);
}

TEST(Profile, TheBuiltInOnes) {
  EXPECT_THAT(builtin_target_names(), ElementsAre("custom-call", "iree", "litert", "reduction-calls", "stablehlo", "xla"));
  for (const std::string& name : builtin_target_names()) {
    const Result<Target> target = find_target(name);
    ASSERT_TRUE(target.ok()) << to_string(target.error());
    EXPECT_EQ(target->name, name);
    EXPECT_EQ(target->forms, name);
    EXPECT_EQ(target->origin, "built in");
    EXPECT_FALSE(target->summary.empty());
    EXPECT_TRUE(target->operators.empty()) << "an operator's form stands in its own op.yaml";
    EXPECT_EQ(target->yaml, read_text_file(cat(TENON_SOURCE_DIR, "/configs/targets/", name, ".yaml"), 1 << 20).value());
  }
  EXPECT_EQ(find_target("stablehlo")->parameters, ParameterStyle::Arguments);
  EXPECT_EQ(find_target("iree")->parameters, ParameterStyle::Globals);
  EXPECT_EQ(find_target("iree")->scope, "model");
  EXPECT_EQ(find_target("litert")->parameters, ParameterStyle::Constants);
  EXPECT_THAT(find_target("litert")->carriers, ElementsAre(Kind::Composite));
  EXPECT_EQ(find_target("custom-call")->default_form, Kind::CustomCall);
  EXPECT_EQ(find_target("custom-call")->api_version, 4);
  EXPECT_FALSE(find_target("reduction-calls")->executable);
  EXPECT_EQ(find_target("reduction-calls")->config, "discardable");
  EXPECT_EQ(find_target("reduction-calls")->api_version, 1);
}

TEST(Profile, AFileOfTheUsersAndItsRows) {
  const std::string path = cat(::testing::TempDir(), "/tenon_profile_test.yaml");
  ASSERT_TRUE(write_file(path,
                         "schema: 1\n"
                         "name: mine\n"
                         "forms: litert\n"
                         "carriers: [custom_call, composite]\n"
                         "custom_call: {config: string, api_version: 2}\n"
                         "operators:\n"
                         "  example.one: {custom_call: first, config: dictionary}\n"
                         "  two:\n"
                         "    composite: odd.two\n"
                         "    version: 3\n"
                         "    attributes:\n"
                         "      eps: {from: epsilon, type: f32}\n"
                         "      kind: {value: fast}\n"
                         "      dims: {from: axes, list: bracket}\n"
                         "    when: {rank: [2, 4], dtypes: [f16, f32], absent: [bias], present: [scale], constant: [scale], equals: {axis: "
                         "-1, flag: true, name: \"1\"}}\n"
                         "  three: {inline: true}\n"
                         "x-note: kept\n")
                  .ok());
  const Result<Target> target = find_target(path);
  ASSERT_TRUE(target.ok()) << to_string(target.error());
  EXPECT_EQ(target->origin, path);
  EXPECT_EQ(target->forms, "litert");
  EXPECT_EQ(target->api_version, 2);
  ASSERT_EQ(target->operators.size(), 3u);
  EXPECT_EQ(target->operators[0].first, "example.one");
  EXPECT_TRUE(target->operators[0].second.all_attributes);
  EXPECT_EQ(target->operators[0].second.config, "dictionary");
  const CarrierForm& two = target->operators[1].second;
  EXPECT_EQ(form_text(two), "composite odd.two");
  EXPECT_EQ(two.version, 3);
  EXPECT_FALSE(two.all_attributes);
  ASSERT_EQ(two.attributes.size(), 3u);
  EXPECT_EQ(two.attributes[0].from, "epsilon");
  EXPECT_EQ(two.attributes[0].type, "f32");
  EXPECT_EQ(*two.attributes[1].value, Attr(std::string("fast")));
  EXPECT_EQ(two.attributes[2].list, ListStyle::Bracket);
  EXPECT_EQ(two.min_rank, 2);
  EXPECT_EQ(two.max_rank, 4);
  EXPECT_THAT(two.dtypes, ElementsAre(DType::F16, DType::F32));
  EXPECT_THAT(two.constant, ElementsAre("scale"));
  EXPECT_EQ(two.equals, (Dict{{"axis", IntAttr{-1}}, {"flag", true}, {"name", std::string("1")}}));
  EXPECT_EQ(form_text(target->operators[2].second), "inline");
  std::filesystem::remove(path);
  EXPECT_EQ(find_target(path).error().code, Code::NotFound);
}

TEST(Profile, UnknownNamesAreAnswered) {
  EXPECT_EQ(find_target("itree").error().advice, "did you mean iree?");
  EXPECT_THAT(find_target("vulkan").error().advice, HasSubstr("custom-call, iree, litert, reduction-calls, stablehlo, xla"));
}

TEST(Profile, WhatIsRefused) {
  EXPECT_EQ(refusal(""), "accepted");
  EXPECT_EQ(refusal("colour: red\n"), "3:1 the target profile: unknown key \"colour\"");
  EXPECT_EQ(refusal("default: custom_call\n"), "3:10 default: custom_call is not listed in carriers");
  EXPECT_EQ(refusal("default: call\n"), "3:10 unknown form \"call\"");
  EXPECT_EQ(refusal("carriers: [inline]\n"), "3:11 unknown form \"inline\"");
  EXPECT_EQ(refusal("custom_call: {config: yaml}\n"), "3:23 config must be dictionary, string, mhlo or discardable, got \"yaml\"");
  EXPECT_EQ(refusal("custom_call: {api_version: 1}\n"), "3:28 api_version 1 and config: dictionary do not go together");
  EXPECT_EQ(refusal("custom_call: {api_version: 4, config: mhlo}\n"), "3:28 api_version 4 and config: mhlo do not go together");
  EXPECT_EQ(refusal("parameters: {style: files}\n"), "3:21 parameters: unknown style \"files\"");
  EXPECT_EQ(refusal("parameters: {style: arguments, scope: m}\n"), "3:39 parameters: scope is for style: globals");
  EXPECT_EQ(refusal("executable: no\n"), "3:13 the target profile: \"executable\" must be true or false, got \"no\"");
  EXPECT_EQ(refusal("operators: [one]\n"), "3:12 operators is a mapping from operator to form");
  const std::string row = "carriers: [custom_call]\noperators:\n  one: ";
  EXPECT_EQ(refusal(row + "{composite: a.b}\n"), "5:8 operator one: the target does not take a composite");
  EXPECT_EQ(refusal(row + "{}\n"), "5:8 the form for mine needs exactly one of composite, custom_call and inline");
  EXPECT_EQ(refusal(row + "{custom_call: a, inline: true}\n"),
            "5:8 the form for mine needs exactly one of composite, custom_call and inline");
  EXPECT_EQ(refusal(row + "{custom_call: a, version: 1}\n"), "5:25 the form for mine: unknown key \"version\"");
  EXPECT_EQ(refusal(row + "{custom_call: a, config: json}\n"), "5:33 config must be dictionary, string, mhlo or discardable, got \"json\"");
  EXPECT_EQ(refusal(row + "{custom_call: a, api_version: 5}\n"), "5:38 api_version must be from 0 to 4, got 5");
  EXPECT_EQ(refusal(row + "{custom_call: a, api_version: 1}\n"), "5:38 api_version 1 needs a config");
  EXPECT_EQ(refusal(row + "{custom_call: a, api_version: 1, config: dictionary}\n"),
            "5:38 api_version 1 and config: dictionary do not go together");
  EXPECT_EQ(refusal(row + "{custom_call: a, attributes: {b: c}}\n"), "5:41 attribute b must be a mapping, got \"c\"");
  EXPECT_EQ(refusal(row + "{custom_call: a, attributes: {b: {}}}\n"), "5:41 attribute b needs either from or value");
  EXPECT_EQ(refusal(row + "{custom_call: a, attributes: {b: {from: c, type: f33}}}\n"), "5:41 attribute b: unknown type \"f33\"");
  EXPECT_EQ(refusal(row + "{custom_call: a, attributes: {b: {from: c, list: round}}}\n"),
            "5:57 list must be dense, array or bracket, got \"round\"");
  EXPECT_EQ(refusal(row + "{custom_call: a, attributes: {b: {value: [1, a]}}}\n"),
            "5:49 attribute b: a list has numbers only, or texts only");
  EXPECT_EQ(refusal(row + "{custom_call: a, when: {rank: [1]}}\n"), "5:38 rank is a number or a range [least, most]");
  EXPECT_EQ(refusal(row + "{custom_call: a, when: {rank: [3, 2]}}\n"), "5:38 rank must lie within 0 to 32, got 3 to 2");
  EXPECT_EQ(refusal(row + "{custom_call: a, when: {dtypes: [f33]}}\n"), "5:41 when: dtypes: unknown dtype \"f33\"");
  EXPECT_EQ(refusal(row + "{custom_call: a, when: {ranks: 2}}\n"), "5:32 when: unknown key \"ranks\"");
  const auto whole = [](std::string text) { return parse_target(std::move(text), "t.yaml").error().message; };
  EXPECT_EQ(whole("name: mine\n"), "the target profile has no \"schema\"");
  EXPECT_EQ(whole("schema: 2\nname: mine\n"), "schema 2 is not known");
  EXPECT_EQ(whole("schema: 1\n"), "the target profile has no \"name\"");
  EXPECT_EQ(whole("schema: 1\nname: ''\n"), "a target needs a name");
  EXPECT_EQ(whole("- 1\n"), "the target profile must be a mapping, got a list");
}

TEST(Profile, ACompositeNeedsANamespace) {
  const auto form = [](const std::string& text) {
    const yaml::Document document = *yaml::parse(text, "f.yaml", yaml::kManifestLimits);
    const Result<CarrierForm> parsed = parse_carrier_form(document, document.root, "there");
    return parsed.ok() ? form_text(*parsed) : parsed.error().message;
  };
  EXPECT_EQ(form("composite: a.b"), "composite a.b");
  EXPECT_EQ(form("composite: ab"), "a composite's name has a namespace, got \"ab\"");
  EXPECT_EQ(form("composite: ab."), "a composite's name has a namespace, got \"ab.\"");
  EXPECT_EQ(form("{composite: a.b, version: -1}"), "version must be from 0 to 2147483647, got -1");
  EXPECT_EQ(form("{composite: a.b, api_version: 4}"), "the form for there: unknown key \"api_version\"");
}

}  // namespace
}  // namespace tenon
