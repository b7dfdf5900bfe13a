// API minors by range: a newer plugin is capped, not refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/plugin/dependencies.h"
#include "core/plugin/inspect.h"
#include "core/plugin/query.h"

namespace tenon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Negotiate, TheNewestThatBothKnow) {
  EXPECT_EQ(*negotiate({1, 0, 3}, 0, 3), 3u);  // equal
  EXPECT_EQ(*negotiate({1, 0, 9}, 0, 3), 3u);  // newer plugin: capped
  EXPECT_EQ(*negotiate({1, 0, 1}, 0, 3), 1u);  // older plugin
  EXPECT_EQ(*negotiate({1, 3, 9}, 0, 3), 3u);  // needs exactly our newest
}

TEST(Negotiate, RefusalsNameBothRangesAndWhatToInstall) {
  const Error newer = negotiate({1, 4, 6}, 0, 3).take_error();
  EXPECT_EQ(newer.code, Code::Incompatible);
  EXPECT_THAT(newer.message, HasSubstr("built for plugin API 1.4-1.6, this libtenon has 1.0-1.3"));
  EXPECT_THAT(newer.advice, HasSubstr("upgrade libtenon"));
  const Error older = negotiate({1, 0, 1}, 2, 3).take_error();
  EXPECT_EQ(older.code, Code::Incompatible);
  EXPECT_THAT(older.advice, HasSubstr("newer build of the plugin"));
  EXPECT_EQ(negotiate({2, 0, 0}, 0, 3).error().code, Code::Incompatible);
  EXPECT_EQ(negotiate({0, 0, 3}, 0, 3).error().code, Code::Incompatible);
}

TEST(Variants, TheFirstWhoseFeaturesTheMachineHas) {
  Manifest manifest;
  manifest.variants = {{"big.so", {"avx512f", "avx2"}}, {"mid.so", {"avx2"}}, {"small.so", {}}};
  const std::vector<std::string> features = {"sse2", "avx2", "avx512f"};
  Machine machine;
  machine.features[0] = 0b111;
  EXPECT_EQ((*choose_variant(manifest, machine, features))->library, "big.so");
  machine.features[0] = 0b011;
  EXPECT_EQ((*choose_variant(manifest, machine, features))->library, "mid.so");
  machine.features[0] = 0;
  EXPECT_EQ((*choose_variant(manifest, machine, features))->library, "small.so");
  manifest.variants.pop_back();
  const Error none = choose_variant(manifest, machine, features).take_error();
  EXPECT_EQ(none.code, Code::CpuUnsupported);
  EXPECT_THAT(none.message, HasSubstr("big.so needs avx512f, avx2; mid.so needs avx2"));
  manifest.variants = {{"odd.so", {"no_such_feature"}}};
  EXPECT_FALSE(choose_variant(manifest, machine, features).ok());
}

TEST(Dependencies, OnlyOneOpenMpRuntimeIsKnownByItsName) {
  EXPECT_EQ(openmp_runtime({"libm.so.6", "libgomp.so.1"}), "libgomp.so");
  EXPECT_EQ(openmp_runtime({"libomp.so.5"}), "libomp.so");
  EXPECT_EQ(openmp_runtime({"libm.so.6"}), "");
}

TEST(Dependencies, WhatIsInstalledIsFound) {
  DependencyIndex index(false);
  EXPECT_TRUE(index.has("libc.so.6", ""));  // mapped
  EXPECT_TRUE(index.has("libm.so.6", ""));
  EXPECT_FALSE(index.has("libtenon-no-such-library.so.9", ""));
}

// The cache's layout, by glibc's dl-cache.h: 20 bytes magic, count, strings' length, flags and reserved up to 48; 24 bytes per entry.
TEST(Dependencies, CacheNamesAndDamagedCaches) {
  std::string cache = "glibc-ld.so.cache1.1";
  const auto word = [&](std::uint32_t value) { cache.append(reinterpret_cast<const char*>(&value), 4); };
  word(2);
  cache.resize(48, '\0');
  for (const std::uint32_t key : {96u, 106u}) {
    word(1), word(key), word(0), word(0), word(0), word(0);
  }
  cache += std::string("libone.so\0libtwo.so\0", 20);
  EXPECT_THAT(library_cache_names(cache), ElementsAre("libone.so", "libtwo.so"));
  EXPECT_THAT(library_cache_names("older format" + cache), ElementsAre("libone.so", "libtwo.so"));
  for (std::size_t length = 0; length < cache.size(); ++length) EXPECT_LE(library_cache_names(cache.substr(0, length)).size(), 2u);
  cache[20] = cache[21] = cache[22] = '\xff';  // a count beyond the file
  EXPECT_LE(library_cache_names(cache).size(), 4u);
}

}  // namespace
}  // namespace tenon
