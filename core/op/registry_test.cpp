// Finding operators by any of their names; what happens when two plugins define the same one; kernels from elsewhere.
#include "core/op/test_support.h"

namespace tenon {
namespace {

using namespace testing;  // NOLINT
using ::testing::ElementsAre;
using ::testing::HasSubstr;

OpSchema named(std::string op_namespace, std::string name, std::vector<std::string> aliases = {}) {
  OpSchema schema;
  schema.op_namespace = std::move(op_namespace);
  schema.name = std::move(name);
  schema.aliases = std::move(aliases);
  return schema;
}

TEST(Registry, FindsByNameAliasAndNamespace) {
  Registry registry;
  const auto ours = std::make_shared<FakeProvider>("org.tenon.ours");
  const auto theirs = std::make_shared<FakeProvider>("org.example.theirs");
  registry.add(named("tenon", "blur_norm", {"BlurNormalization"}), ours, 0);
  registry.add(named("tenon", "soften"), ours, 1);
  registry.add(named("example", "my_norm"), theirs, 0);
  registry.add(named("example", "soften"), theirs, 1);

  const OpDef* norm = registry.find("blur_norm");
  ASSERT_NE(norm, nullptr);
  EXPECT_EQ(norm->schema.full_name(), "tenon.blur_norm");
  for (const char* spelling : {"BlurNorm", "BLUR_NORM", "blurnorm", "tenon.blur_norm", "tenon.BlurNorm", "blur_normalization"})
    EXPECT_EQ(registry.find(spelling), norm) << spelling;
  // Another plugin's operators need their namespace, unless that plugin itself asks: there it comes first.
  EXPECT_EQ(registry.find("my_norm"), nullptr);
  EXPECT_NE(registry.find("example.MyNorm"), nullptr);
  EXPECT_EQ(registry.find("my_norm", "example"), registry.find("example.my_norm"));
  EXPECT_EQ(registry.find("soften", "example")->schema.op_namespace, "example");
  EXPECT_EQ(registry.find("soften")->schema.op_namespace, "tenon");
  EXPECT_EQ(registry.find("blur_norm", "example"), norm);
  for (const char* wrong : {"", ".", "tenon.", ".blur_norm", "other.blur_norm", "layer norm"}) EXPECT_EQ(registry.find(wrong), nullptr);

  std::vector<std::string> names;
  for (const OpDef* op : registry.all()) names.push_back(op->schema.full_name());
  EXPECT_THAT(names, ElementsAre("example.my_norm", "example.soften", "tenon.blur_norm", "tenon.soften"));
}

TEST(Registry, AnUnknownNameSuggestsTheNearestAndOpensNothing) {
  Registry empty;
  EXPECT_THAT(error_of(empty.require("norm")), HasSubstr("no plugin was found"));
  Registry registry;
  const auto provider = std::make_shared<FakeProvider>();
  registry.add(named("tenon", "blur_norm"), provider, 0);
  registry.add(named("example", "my_norm"), provider, 1);
  const Result<const OpDef*> slip = registry.require("blur_nrom");
  EXPECT_EQ(code_of(slip), Code::NotFound);
  EXPECT_THAT(error_of(slip), HasSubstr("unknown operator blur_nrom"));
  EXPECT_THAT(error_of(slip), HasSubstr("did you mean blur_norm?"));
  EXPECT_THAT(error_of(registry.require("my_norm")), HasSubstr("did you mean example.my_norm?"));
  EXPECT_THAT(error_of(registry.require("exmaple.my_norm")), HasSubstr("did you mean example.my_norm?"));
  EXPECT_THAT(error_of(registry.require("something_else")), HasSubstr("`tenon ops` lists the operators"));
  EXPECT_TRUE(registry.require("blur_norm").ok());
  EXPECT_EQ(provider->opened, 0);
}

// The first in search order wins, the second is listed with both plugins' names, kernels included.
TEST(Registry, ASecondDefinitionIsShadowed) {
  Registry registry;
  const auto first = std::make_shared<FakeProvider>("org.example.first");
  const auto second = std::make_shared<FakeProvider>("org.example.second");
  registry.add(named("tenon", "blur_norm"), first, 0);
  registry.add(named("tenon", "BlurNorm", {"ln"}), second, 0);
  EXPECT_EQ(registry.find("blur_norm")->provider, first);
  EXPECT_EQ(registry.find("ln"), nullptr);
  ASSERT_EQ(registry.shadowed().size(), 1u);
  EXPECT_EQ(registry.shadowed()[0].plugin, "org.example.second");
  EXPECT_EQ(registry.shadowed()[0].by_plugin, "org.example.first");
  EXPECT_EQ(registry.kernels_of(*registry.find("blur_norm")).size(), 1u);
  EXPECT_EQ(registry.all().size(), 1u);
}

TEST(Registry, KernelsForAnOperatorOfAnotherPack) {
  Registry registry;
  const auto fast = std::make_shared<FakeProvider>("org.example.fast");
  const auto ours = std::make_shared<FakeProvider>("org.tenon.ours");
  OpSchema extra = named("example", "blur_norm");
  extra.kernels_for = "tenon.blur_norm";
  registry.add(extra, fast, 7);  // before the definition: the order of discovery does not matter here
  EXPECT_EQ(registry.find("example.blur_norm"), nullptr);
  registry.add(named("tenon", "blur_norm"), ours, 3);
  const std::vector<KernelSource> sources = registry.kernels_of(*registry.find("blur_norm"));
  ASSERT_EQ(sources.size(), 2u);
  EXPECT_EQ(sources[0].provider, ours);
  EXPECT_EQ(sources[0].index, 3u);
  EXPECT_EQ(sources[1].provider, fast);
  EXPECT_EQ(sources[1].index, 7u);
  EXPECT_EQ(sources[1].schema->kernels_for, "tenon.blur_norm");
}

}  // namespace
}  // namespace tenon
