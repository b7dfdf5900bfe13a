// Where plugins are looked for, in which order, and when the environment counts.
#include "core/plugin/search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace tenon {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

ProcessView process(std::map<std::string, std::string> variables, std::uint32_t user = 1000) {
  ProcessView view;
  view.user = user;
  view.variable = [variables](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  };
  view.own_folder = "/opt/tenon/lib";
  view.own_owner = 7;
  return view;
}

std::vector<std::string> paths(const SearchPlan& plan) {
  std::vector<std::string> list;
  for (const SearchPlace& place : plan.places) list.push_back(cat(place.tier, " ", place.path));
  return list;
}

std::vector<std::string> skipped(const SearchPlan& plan) {
  std::vector<std::string> list;
  for (const SkippedPlace& place : plan.skipped) list.push_back(cat(place.tier, " ", place.path, ": ", place.why));
  return list;
}

#if defined(__x86_64__)
TEST(Search, FiveTiersInOrder) {
  LoaderOptions options;
  options.paths = {"/api/a", "/api/b"};
  options.manifests = {"/api/m.tenon.yaml"};
  const SearchPlan plan = plan_search(options, process({{"HOME", "/home/u"}, {"TENON_ADD_PLUGIN_PATH", "/more:/most"}}));
  EXPECT_THAT(paths(plan), ElementsAre("1 /api/m.tenon.yaml", "1 /api/a", "1 /api/b", "2 /more", "2 /most",
                                       "3 /home/u/.local/share/tenon/plugins-1", "4 /usr/local/lib/x86_64-linux-gnu/tenon/plugins-1",
                                       "4 /usr/local/lib/tenon/plugins-1", "5 /opt/tenon/lib/tenon/plugins-1"));
  EXPECT_TRUE(plan.places[0].manifest);
  EXPECT_FALSE(plan.places[1].manifest);
}
#endif

TEST(Search, PluginPathReplacesTheFoldersOfTheSystem) {
  LoaderOptions options;
  options.paths = {"/api"};
  const SearchPlan plan =
      plan_search(options, process({{"HOME", "/home/u"}, {"TENON_PLUGIN_PATH", "/only"}, {"TENON_ADD_PLUGIN_PATH", "/more"}}));
  EXPECT_THAT(paths(plan), ElementsAre("1 /api", "2 /only"));
}

TEST(Search, RelativeFoldersAreIgnoredWithANotice) {
  const SearchPlan plan = plan_search({}, process({{"XDG_DATA_HOME", "data"}, {"TENON_PLUGIN_PATH", "plugins:.::/abs"}}));
  EXPECT_THAT(paths(plan), ElementsAre("2 /abs"));
  ASSERT_EQ(plan.notices.size(), 2u);
  EXPECT_THAT(plan.notices[0], HasSubstr("\"plugins\" is ignored"));
  const SearchPlan relative_data = plan_search({}, process({{"XDG_DATA_HOME", "data"}, {"HOME", "/home/u"}}));
  EXPECT_THAT(relative_data.notices, ElementsAre(HasSubstr("XDG_DATA_HOME")));
  EXPECT_EQ(paths(relative_data)[0], "3 /home/u/.local/share/tenon/plugins-1");
}

TEST(Search, UserFolderIsOffForRootAndOnRequest) {
  const auto has_user = [](const SearchPlan& plan) {
    for (const SearchPlace& place : plan.places)
      if (place.tier == 3) return true;
    return false;
  };
  EXPECT_TRUE(has_user(plan_search({}, process({{"XDG_DATA_HOME", "/data"}}))));
  EXPECT_FALSE(has_user(plan_search({}, process({{"XDG_DATA_HOME", "/data"}}, 0))));
  LoaderOptions as_root;
  as_root.user_dir_as_root = true;
  EXPECT_TRUE(has_user(plan_search(as_root, process({{"XDG_DATA_HOME", "/data"}}, 0))));
  LoaderOptions off;
  off.no_user_dir = true;
  EXPECT_FALSE(has_user(plan_search(off, process({{"XDG_DATA_HOME", "/data"}}))));
  EXPECT_FALSE(has_user(plan_search({}, process({}))));  // no HOME
}

TEST(Search, SecureProcessesReadNoEnvironmentAndOnlyTiersOneAndFive) {
  ProcessView view = process({{"HOME", "/home/u"}, {"TENON_PLUGIN_PATH", "/only"}, {"TENON_PLUGINS_DENY", "*"}});
  view.secure = true;
  LoaderOptions options;
  options.paths = {"/api"};
  const SearchPlan plan = plan_search(options, view);
  EXPECT_THAT(paths(plan), ElementsAre("1 /api", "5 /opt/tenon/lib/tenon/plugins-1"));
  EXPECT_THAT(plan.deny, IsEmpty());
}

TEST(Search, NoEnvironmentMeansNoVariable) {
  LoaderOptions options;
  options.no_environment = true;
  options.no_system = true;
  const SearchPlan plan = plan_search(
      options, process({{"HOME", "/home/u"}, {"TENON_PLUGIN_PATH", "/only"}, {"TENON_SAFE_MODE", "1"}, {"TENON_PLUGINS_ALLOW", "x"}}));
  EXPECT_THAT(paths(plan), IsEmpty());
  EXPECT_FALSE(plan.safe_mode);
  EXPECT_THAT(plan.allow_more, IsEmpty());
}

TEST(Search, SafeModeKeepsTheBuiltIns) {
  LoaderOptions options;
  options.paths = {"/api"};
  const SearchPlan by_variable = plan_search(options, process({{"TENON_SAFE_MODE", "1"}, {"TENON_PLUGIN_PATH", "/only"}, {"HOME", "/h"}}));
  EXPECT_THAT(paths(by_variable), ElementsAre("5 /opt/tenon/lib/tenon/plugins-1"));
  options.safe_mode = true;
  EXPECT_THAT(paths(plan_search(options, process({}))), ElementsAre("5 /opt/tenon/lib/tenon/plugins-1"));
  EXPECT_FALSE(plan_search({}, process({{"TENON_SAFE_MODE", "0"}})).safe_mode);
}

TEST(Search, FoldersThatAreNotSearchedHaveAReason) {
  LoaderOptions options;
  options.paths = {"/api"};
  EXPECT_THAT(skipped(plan_search(options, process({{"HOME", "/home/u"}}))), IsEmpty());
  EXPECT_THAT(skipped(plan_search(options, process({{"HOME", "/home/u"}}, 0))),
              ElementsAre(HasSubstr("3 /home/u/.local/share/tenon/plugins-1: root's")));
  const std::vector<std::string> replaced = skipped(plan_search(options, process({{"HOME", "/home/u"}, {"TENON_PLUGIN_PATH", "/only"}})));
  EXPECT_THAT(replaced, Contains(HasSubstr("3 /home/u/.local/share/tenon/plugins-1: TENON_PLUGIN_PATH replaces it")));
  EXPECT_THAT(replaced, Contains(HasSubstr("5 /opt/tenon/lib/tenon/plugins-1: TENON_PLUGIN_PATH replaces it")));
  EXPECT_THAT(replaced, Not(Contains(HasSubstr("/only"))));
  const std::vector<std::string> safe = skipped(plan_search(options, process({{"TENON_SAFE_MODE", "1"}, {"TENON_PLUGIN_PATH", "/only"}})));
  EXPECT_THAT(safe, Contains(HasSubstr("1 /api: safe mode")));
  EXPECT_THAT(safe, Contains(HasSubstr("2 /only: safe mode")));
  EXPECT_THAT(safe, Not(Contains(HasSubstr("5 "))));
}

TEST(Search, OwnersDependOnTheTier) {
  LoaderOptions options;
  options.paths = {"/api"};
  const SearchPlan plan = plan_search(options, process({{"HOME", "/home/u"}}));
  for (const SearchPlace& place : plan.places) {
    EXPECT_EQ(place.rules.allow_user, place.tier <= 3) << place.path;
    EXPECT_EQ(place.rules.owner.has_value(), place.tier == 5) << place.path;
    if (place.tier == 5) {
      EXPECT_EQ(place.rules.owner, 7u);
      EXPECT_EQ(place.rules.below, "/opt/tenon/lib");
    }
  }
}

TEST(Search, UnknownOwnFolderMeansNoTierFive) {
  ProcessView view = process({});
  view.own_folder.clear();
  for (const SearchPlace& place : plan_search({}, view).places) EXPECT_NE(place.tier, 5);
  LoaderOptions options;
  options.system_dir = "/given";
  EXPECT_EQ(plan_search(options, view).places.back().path, "/given");
}

TEST(Search, DenyWinsOverAllow) {
  LoaderOptions options;
  const SearchPlan plan =
      plan_search(options, process({{"TENON_PLUGINS_ALLOW", "org.example.*,tenon.*"}, {"TENON_PLUGINS_DENY", "*.bad"}}));
  std::string reason;
  EXPECT_TRUE(passes_filters(options, plan, "org.example.norm", reason));
  EXPECT_FALSE(passes_filters(options, plan, "org.example.bad", reason));
  EXPECT_THAT(reason, HasSubstr("TENON_PLUGINS_DENY"));
  EXPECT_FALSE(passes_filters(options, plan, "com.other", reason));
  EXPECT_THAT(reason, HasSubstr("TENON_PLUGINS_ALLOW"));
  options.allow = {"tenon.*"};
  EXPECT_FALSE(passes_filters(options, plan, "org.example.norm", reason));  // both lists must let it in
  EXPECT_TRUE(passes_filters(options, plan, "tenon.shape", reason));
  options.deny = {"tenon.s*"};
  EXPECT_FALSE(passes_filters(options, plan, "tenon.shape", reason));
}

}  // namespace
}  // namespace tenon
