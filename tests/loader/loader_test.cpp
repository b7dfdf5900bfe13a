// The life of good plugins: found, listed without being opened, opened on first use, created and destroyed per context; order, filters,
// shadowing.
#include <gmock/gmock.h>

#include <thread>

#include "tests/loader/harness.h"

extern "C" int32_t zoo_static_query(const tenon_host_info* host, tenon_plugin_info* out);

namespace tenon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const char* const kStaticManifest = R"(schema: 1
name: zoo.static
version: "1.0"
kind: operators
namespace: zoo_static
api: {major: 1, min_minor: 0, built_minor: 0}
ops:
- name: twice
  kernels: [{name: twice}]
  operands: [{name: x, type: float}]
  results: [{name: y, like: x}]
)";

TEST_F(LoaderTest, DiscoveryOpensNothing) {
  install("good");
  const std::size_t before = mapped_library_count();
  discover();
  EXPECT_EQ(record("zoo.good").state, PluginState::Validated);
  EXPECT_EQ(mapped_library_count(), before);
  EXPECT_FALSE(is_mapped(folder_ / "good.so"));
  ASSERT_NE(registry_->find("zoo_good.twice"), nullptr);
  EXPECT_FALSE(registry_->find("zoo_good.twice")->provider->is_open());

  EXPECT_TRUE(use("zoo_good.twice").ok());
  EXPECT_TRUE(is_mapped(folder_ / "good.so"));
  EXPECT_EQ(mapped_library_count(), before + 1);
  EXPECT_TRUE(registry_->find("zoo_good.twice")->provider->is_open());
}

TEST_F(LoaderTest, RecordsSayWhatThereIs) {
  install("good");
  discover();
  const PluginRecord before = record("zoo.good");
  EXPECT_EQ(before.version, "1.0");
  EXPECT_EQ(before.manifest_path, (folder_ / "good.tenon.yaml").string());
  EXPECT_EQ(before.library_path, (folder_ / "good.so").string());
  EXPECT_EQ(before.tier, 1);
  EXPECT_GT(before.discovery_ns, 0u);
  EXPECT_EQ(before.open_ns, 0u);
  ASSERT_NE(before.manifest, nullptr);
  EXPECT_EQ(before.manifest->ops.size(), 1u);
  EXPECT_FALSE(before.error.has_value());
  EXPECT_EQ(name(before.state), "VALIDATED");
  const OpDef* op = registry_->find("zoo_good.twice");
  EXPECT_EQ(op->provider->origin(), (folder_ / "good.so").string());
  EXPECT_EQ(op->provider->priority(), 500);
  EXPECT_EQ(op->provider->tier(), 1);
  EXPECT_FALSE(op->provider->concurrent());
  ASSERT_EQ(loader_->places().size(), 1u);
  EXPECT_EQ(loader_->places()[0].path, folder_.string());

  EXPECT_TRUE(loader_->preload("zoo.good").ok());
  EXPECT_TRUE(loader_->preload("zoo.good").ok());
  EXPECT_EQ(record("zoo.good").state, PluginState::Active);
  EXPECT_GT(record("zoo.good").open_ns, 0u);
}

TEST_F(LoaderTest, CreatedOncePerContextAndDestroyedWithIt) {
  install("stateful");
  discover();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(use("zoo_stateful.twice").ok());
  EXPECT_THAT(log_, ElementsAre("1 zoo.stateful: created"));
  loader_.reset();
  EXPECT_THAT(log_, ElementsAre("1 zoo.stateful: created", "1 zoo.stateful: destroyed"));
  discover();  // a second context, the same mapping
  EXPECT_TRUE(use("zoo_stateful.twice").ok());
  EXPECT_EQ(log_.size(), 3u);
}

TEST_F(LoaderTest, UnopenedPluginsAreNotDestroyed) {
  install("stateful");
  discover();
  loader_.reset();
  EXPECT_THAT(log_, IsEmpty());
}

TEST_F(LoaderTest, ManyThreadsOpenOnce) {
  install("stateful");
  discover();
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { good += use("zoo_stateful.twice").ok() ? 1 : 0; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good.load(), 8);
  EXPECT_THAT(log_, ElementsAre("1 zoo.stateful: created"));
}

TEST_F(LoaderTest, StaticPluginsTakeTheSamePath) {
  LoaderOptions options;
  options.statics.push_back({zoo_static_query, kStaticManifest});
  discover(options);
  EXPECT_EQ(record("zoo.static").state, PluginState::Validated);
  EXPECT_EQ(record("zoo.static").manifest_path, "static");
  EXPECT_TRUE(use("zoo_static.twice").ok());
  EXPECT_EQ(registry_->find("zoo_static.twice")->provider->origin(), "static");
  EXPECT_EQ(record("zoo.static").state, PluginState::Active);
}

TEST_F(LoaderTest, StaticPluginsAreCheckedToo) {
  LoaderOptions options;
  options.statics.push_back({zoo_static_query, "schema: 1\nname: zoo.static\n"});
  std::string other = kStaticManifest;
  other.replace(other.find("zoo.static"), 10, "zoo.others");
  options.statics.push_back({zoo_static_query, other});
  discover(options);
  EXPECT_EQ(loader_->records()[0].error->code, Code::ManifestInvalid);
  EXPECT_EQ(code_of(use("zoo_static.twice")), Code::ManifestMismatch);
}

TEST_F(LoaderTest, TheFirstOfAName) {
  const fs::path second = make_folder();
  install("good");
  install("good", second);
  LoaderOptions options;
  options.paths = {folder_.string(), second.string()};
  discover(options);
  const std::vector<PluginRecord> records = loader_->records();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].state, PluginState::Validated);
  EXPECT_EQ(records[1].state, PluginState::Shadowed);
  EXPECT_THAT(records[1].reason, HasSubstr(folder_.string()));
  EXPECT_TRUE(use("zoo_good.twice").ok());
  EXPECT_TRUE(is_mapped(folder_ / "good.so"));
  EXPECT_FALSE(is_mapped(second / "good.so"));
}

TEST_F(LoaderTest, ABrokenOneShadowsNothing) {
  const fs::path second = make_folder();
  install("good");
  install("good", second);
  write(folder_ / "good.so", read(folder_ / "good.so").substr(0, 3000));
  LoaderOptions options;
  options.paths = {folder_.string(), second.string()};
  discover(options);
  EXPECT_EQ(loader_->records()[0].state, PluginState::Rejected);
  EXPECT_EQ(loader_->records()[1].state, PluginState::Validated);
  EXPECT_TRUE(use("zoo_good.twice").ok());
  EXPECT_TRUE(is_mapped(second / "good.so"));
}

TEST_F(LoaderTest, ManifestsComeBeforeFoldersAndAFolderIsSearchedOnce) {
  install("good");
  install("stateful");
  LoaderOptions options;
  options.manifests = {(folder_ / "stateful.tenon.yaml").string()};
  options.paths = {folder_.string(), folder_.string() + "/."};
  discover(options);
  const std::vector<PluginRecord> records = loader_->records();
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].name, "zoo.stateful");
  EXPECT_EQ(records[1].name, "zoo.good");
  EXPECT_EQ(records[2].state, PluginState::Shadowed);
}

TEST_F(LoaderTest, NamesAreSortedBytewise) {
  for (const char* name : {"stateful", "good", "create_fails"}) install(name);
  discover();
  std::vector<std::string> names;
  for (const PluginRecord& record : loader_->records()) names.push_back(record.name);
  EXPECT_THAT(names, ElementsAre("zoo.create-fails", "zoo.good", "zoo.stateful"));
}

TEST_F(LoaderTest, FiltersKeepPluginsOut) {
  install("good");
  install("stateful");
  LoaderOptions options;
  options.paths = {folder_.string()};
  options.deny = {"zoo.g*"};
  discover(options);
  EXPECT_EQ(record("zoo.good").state, PluginState::Denied);
  EXPECT_FALSE(record("zoo.good").reason.empty());
  EXPECT_EQ(registry_->find("zoo_good.twice"), nullptr);
  EXPECT_EQ(code_of(loader_->preload("zoo.good")), Code::PermissionDenied);
  EXPECT_TRUE(use("zoo_stateful.twice").ok());
  options.deny.clear();
  options.allow = {"zoo.good"};
  discover(options);
  EXPECT_EQ(record("zoo.stateful").state, PluginState::Denied);
  EXPECT_TRUE(use("zoo_good.twice").ok());
}

TEST_F(LoaderTest, TheEnvironmentAddsFoldersAndFilters) {
  install("good");
  const fs::path named = make_folder();
  install("stateful", named);
  ProcessView process = bare_process();
  process.variable = [&](const char* name) -> std::string {
    if (std::string_view(name) == "TENON_PLUGIN_PATH") return "relative:" + named.string();
    if (std::string_view(name) == "TENON_PLUGINS_DENY") return "zoo.good";
    return {};
  };
  LoaderOptions options;
  options.paths = {folder_.string()};
  discover(options, process);
  EXPECT_EQ(record("zoo.good").state, PluginState::Denied);
  EXPECT_EQ(record("zoo.stateful").tier, 2);
  EXPECT_THAT(loader_->notices(), ElementsAre(HasSubstr("relative")));
  process.secure = true;
  discover(options, process);
  EXPECT_EQ(record("zoo.good").state, PluginState::Validated);
  EXPECT_EQ(loader_->records().size(), 1u);
}

TEST_F(LoaderTest, SafeModeKeepsOnlyBuiltIns) {
  const fs::path system = make_folder();
  install("good");
  install("stateful", system);
  LoaderOptions options;
  options.paths = {folder_.string()};
  options.system_dir = system.string();
  options.safe_mode = true;
  discover(options);
  ASSERT_EQ(loader_->records().size(), 1u);
  EXPECT_EQ(record("zoo.stateful").tier, 5);
  EXPECT_TRUE(use("zoo_stateful.twice").ok());
}

TEST_F(LoaderTest, PreloadNamesTheNearest) {
  install("good");
  discover();
  const Error error = loader_->preload("zoo.god").take_error();
  EXPECT_EQ(error.code, Code::NotFound);
  EXPECT_THAT(error.advice, HasSubstr("zoo.good"));
}

TEST_F(LoaderTest, AbsentFoldersAreNoticedIfSomeoneNamedThem) {
  LoaderOptions options;
  options.paths = {(folder_ / "absent").string()};
  options.system_dir = (folder_ / "neither").string();
  discover(options);
  EXPECT_THAT(loader_->records(), IsEmpty());
  EXPECT_THAT(loader_->notices(), ElementsAre(HasSubstr("absent")));
}

TEST_F(LoaderTest, LintRunsNoCode) {
  install("good");
  install("execstack");
  discover();
  const PluginRecord good = loader_->lint((folder_ / "good.tenon.yaml").string()).record;
  EXPECT_EQ(good.state, PluginState::Validated);
  EXPECT_FALSE(is_mapped(folder_ / "good.so"));
  const PluginRecord bad = loader_->lint((folder_ / "execstack.tenon.yaml").string()).record;
  EXPECT_EQ(bad.state, PluginState::Rejected);
  EXPECT_EQ(bad.error->code, Code::PluginRejected);
  EXPECT_EQ(loader_->lint((folder_ / "none.tenon.yaml").string()).record.error->code, Code::NotFound);
}

}  // namespace
}  // namespace tenon
