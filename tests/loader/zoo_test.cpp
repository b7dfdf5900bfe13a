// The zoo: each bad plugin is refused with its code, and costs nothing but itself.
#include <gmock/gmock.h>

#include "core/op/fp_environment.h"
#include "tests/loader/harness.h"

namespace tenon {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

enum class When {
  Discovery,  // without running any of its code
  Open,       // its code had to run to find out
};

struct Animal {
  const char* name;
  When when;
  Code code;
  const char* message;
};
void PrintTo(const Animal& animal, std::ostream* out) { *out << animal.name; }

std::string plugin_name(std::string name) {
  for (char& c : name)
    if (c == '_') c = '-';
  return "zoo." + name;
}

class Zoo : public LoaderTest, public ::testing::WithParamInterface<Animal> {};

TEST_P(Zoo, IsRefusedAndHidesNoGoodOne) {
  const Animal& animal = GetParam();
  install(animal.name);
  install("good");
  const FpState before = FpState::read();
  discover();
  const std::string name = plugin_name(animal.name);
  if (animal.when == When::Open) {
    EXPECT_EQ(record(name).state, PluginState::Validated) << (record(name).error ? to_string(*record(name).error) : "");
    Status status = use(cat("zoo_", animal.name, ".twice"));
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, animal.code) << to_string(status.error());
    EXPECT_EQ(status.error().where.plugin, name);
    // The same again, from what is remembered.
    Status again = use(cat("zoo_", animal.name, ".twice"));
    ASSERT_FALSE(again.ok());
    EXPECT_EQ(again.error().message, status.error().message);
  } else {
    EXPECT_EQ(code_of(use(cat("zoo_", animal.name, ".twice"))), Code::NotFound);
    EXPECT_FALSE(is_mapped(folder_ / (std::string(animal.name) + ".so")));
  }
  const PluginRecord bad = record(name);
  EXPECT_EQ(bad.state, PluginState::Rejected);
  ASSERT_TRUE(bad.error.has_value());
  EXPECT_EQ(bad.error->code, animal.code) << to_string(*bad.error);
  EXPECT_THAT(bad.error->message, HasSubstr(animal.message));
  EXPECT_FALSE(bad.error->advice.empty());
  EXPECT_EQ(code_of(loader_->preload(name)), animal.code);

  EXPECT_TRUE(use("zoo_good.twice").ok());
  EXPECT_EQ(record("zoo.good").state, PluginState::Active);
  EXPECT_TRUE(FpState::read() == before);
}

INSTANTIATE_TEST_SUITE_P(WithoutRunningIt, Zoo,
                         ::testing::Values(Animal{"no_note", When::Discovery, Code::ManifestMismatch, "no note"},
                                           Animal{"execstack", When::Discovery, Code::PluginRejected, "executable stack"},
                                           Animal{"textrel", When::Discovery, Code::PluginRejected, "text relocations"},
                                           Animal{"rpath_absolute", When::Discovery, Code::PluginRejected, "/opt/elsewhere"},
                                           Animal{"rpath_parent", When::Discovery, Code::PluginRejected, "$ORIGIN/.."},
                                           Animal{"missing_dependency", When::Discovery, Code::DependencyMissing, "libzoo_absent.so"}),
                         [](const auto& animal) { return std::string(animal.param.name); });

INSTANTIATE_TEST_SUITE_P(WhenOpened, Zoo,
                         ::testing::Values(Animal{"missing_symbol", When::Open, Code::DependencyMissing, "tenon_zoo_nobody_defines_this"},
                                           Animal{"no_query", When::Open, Code::PluginRejected, "does not export tenon_plugin_query_v1"},
                                           Animal{"query_is_data", When::Open, Code::PluginRejected, "no function"},
                                           Animal{"query_fails", When::Open, Code::PluginRejected, "failed with code 13"},
                                           Animal{"query_incompatible", When::Open, Code::Incompatible, "does not work with this libtenon"},
                                           Animal{"query_silent", When::Open, Code::ManifestMismatch, "the library is"},
                                           Animal{"throws_query", When::Open, Code::PluginRejected, "thrown by the query"},
                                           Animal{"create_fails", When::Open, Code::Unavailable, "no device here"},
                                           Animal{"info_size", When::Open, Code::PluginRejected, "4096 bytes"},
                                           Animal{"info_small", When::Open, Code::PluginRejected, "size 32"},
                                           Animal{"info_kind", When::Open, Code::PluginRejected, "kind"},
                                           Animal{"info_next", When::Open, Code::PluginRejected, "extension is outside"},
                                           Animal{"info_overrun", When::Open, Code::PluginRejected, "wrote beyond"},
                                           Animal{"must_understand", When::Open, Code::NotUnderstood, "must be understood"},
                                           Animal{"next_cycle", When::Open, Code::PluginRejected, "has no end"},
                                           Animal{"built_lies", When::Open, Code::ManifestMismatch, "API 1.0-1.7"},
                                           Animal{"other_name", When::Open, Code::ManifestMismatch, "zoo.somebody-else"},
                                           Animal{"other_version", When::Open, Code::ManifestMismatch, "version 2.0"},
                                           Animal{"other_runtime", When::Open, Code::ManifestMismatch, "runtime is go"},
                                           Animal{"sanitizer", When::Open, Code::Incompatible, "sanitizer"}),
                         [](const auto& animal) { return std::string(animal.param.name); });

INSTANTIATE_TEST_SUITE_P(Tables, Zoo,
                         ::testing::Values(Animal{"operators_outside", When::Open, Code::PluginRejected, "operators is outside"},
                                           Animal{"operators_heap", When::Open, Code::PluginRejected, "operators is outside"},
                                           Animal{"operator_null", When::Open, Code::PluginRejected, "operator 0 is NULL"},
                                           Animal{"operator_misaligned", When::Open, Code::PluginRejected, "not aligned"},
                                           Animal{"operator_size", When::Open, Code::PluginRejected, "size 40"},
                                           Animal{"operator_zero", When::Open, Code::PluginRejected, "size 0"},
                                           Animal{"operator_huge", When::Open, Code::PluginRejected, "outside the plugin's library"},
                                           Animal{"operator_kind", When::Open, Code::PluginRejected, "kind"},
                                           Animal{"operator_name", When::Open, Code::ManifestMismatch, "thrice"},
                                           Animal{"operator_name_long", When::Open, Code::PluginRejected, "at most 256"},
                                           Animal{"operator_name_outside", When::Open, Code::PluginRejected, "name is outside"},
                                           Animal{"operator_version", When::Open, Code::ManifestMismatch, "version 2"},
                                           Animal{"operator_flags", When::Open, Code::NotUnderstood, "flags"},
                                           Animal{"count_two", When::Open, Code::ManifestMismatch, "2 operators"},
                                           Animal{"count_none", When::Open, Code::ManifestMismatch, "0 operators"},
                                           Animal{"count_huge", When::Open, Code::ManifestMismatch, "operators, the manifest 1"},
                                           Animal{"lower_null", When::Open, Code::PluginRejected, "lower is NULL"},
                                           Animal{"lower_outside", When::Open, Code::PluginRejected, "lower is no function"},
                                           Animal{"infer_null", When::Open, Code::PluginRejected, "infer is NULL"},
                                           Animal{"run_null", When::Open, Code::PluginRejected, "run is NULL"},
                                           Animal{"kernel_null", When::Open, Code::PluginRejected, "kernel 0 is NULL"},
                                           Animal{"kernel_size", When::Open, Code::PluginRejected, "size 24"},
                                           Animal{"kernel_count", When::Open, Code::PluginRejected, "1000000000 kernels"},
                                           Animal{"kernel_name", When::Open, Code::ManifestMismatch, "kernel other"},
                                           Animal{"kernel_none", When::Open, Code::ManifestMismatch, "the library has none"},
                                           Animal{"kernel_level", When::Open, Code::ManifestMismatch, "avx1024"},
                                           Animal{"kernel_flags", When::Open, Code::NotUnderstood, "flags 128"}),
                         [](const auto& animal) { return std::string(animal.param.name); });

// Plugins that load, but disturb the arithmetic: undone and counted; an error only where the context is strict.
class FpZoo : public LoaderTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(FpZoo, ArithmeticIsRestored) {
  install(GetParam());
  const FpState before = FpState::read();
  discover();
  EXPECT_TRUE(use(cat("zoo_", GetParam(), ".twice")).ok());
  EXPECT_TRUE(FpState::read() == before);
  volatile float denormal = 1e-40f;
  EXPECT_NE(denormal * 1.0f, 0.0f);
  EXPECT_EQ(record(plugin_name(GetParam())).state, PluginState::Active);
  EXPECT_EQ(record(plugin_name(GetParam())).fp_violations, 1u);
  int notes = 0;
  for (const std::string& line : log_) notes += line.find("changed") != std::string::npos;
  EXPECT_EQ(notes, 1);
}

TEST_P(FpZoo, StrictContextsRefuse) {
  install(GetParam());
  install("good");
  environment_.strict_fp = true;
  const FpState before = FpState::read();
  discover();
  EXPECT_EQ(code_of(use(cat("zoo_", GetParam(), ".twice"))), Code::FpEnvChanged);
  EXPECT_TRUE(FpState::read() == before);
  EXPECT_TRUE(use("zoo_good.twice").ok());
}

INSTANTIATE_TEST_SUITE_P(Plugins, FpZoo, ::testing::Values("ftz_constructor", "ftz_query", "ftz_create", "rounding_infer"),
                         [](const auto& animal) { return std::string(animal.param); });

TEST_F(LoaderTest, ExceptionsOfACallbackBecomeErrors) {
  install("throws");
  discover();
  const Status status = use("zoo_throws.twice");
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, HasSubstr("thrown by infer"));
  EXPECT_EQ(status.error().where.plugin, "zoo.throws");
  EXPECT_EQ(record("zoo.throws").state, PluginState::Active);  // the plugin was fine until it was called
}

TEST_F(LoaderTest, ExtensionsThatMayBeSkippedAreSkipped) {
  install("may_skip");
  discover();
  EXPECT_TRUE(use("zoo_may_skip.twice").ok());
}

TEST_F(LoaderTest, DependenciesBesideThePluginAreFoundThroughOrigin) {
  install("local_dependency");
  fs::copy_file(fs::path(ZOO_FOLDER) / "absent" / "libzoo_beside.so", folder_ / "libzoo_beside.so");
  discover();
  EXPECT_TRUE(use("zoo_local_dependency.twice").ok());
}

}  // namespace
}  // namespace tenon
