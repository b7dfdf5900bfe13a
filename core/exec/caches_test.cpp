#include "core/exec/caches.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace tenon {
namespace {

class CacheFolder : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/tenon-caches-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  void add(int index, const char* level, const char* type, const char* size) const {
    const std::filesystem::path cache = folder / ("index" + std::to_string(index));
    std::filesystem::create_directories(cache);
    std::ofstream(cache / "level") << level << '\n';
    std::ofstream(cache / "type") << type << '\n';
    std::ofstream(cache / "size") << size << '\n';
  }
  std::filesystem::path folder;
};

TEST_F(CacheFolder, IsWhatOneProcessorSees) {
  add(0, "1", "Data", "48K");
  add(1, "1", "Instruction", "64K");
  add(2, "2", "Unified", "1024K");
  add(3, "3", "Unified", "32768K");
  const Caches caches = detect_caches(folder.string());
  EXPECT_EQ(caches.l1d, 48u << 10);
  EXPECT_EQ(caches.l2, 1u << 20);
  EXPECT_EQ(caches.l3, 32u << 20);
}

TEST_F(CacheFolder, SizesOfAnotherFormAreNotTaken) {
  add(0, "1", "Data", "999999999999K");
  add(1, "2", "Unified", "1M");
  add(2, "3", "Unified", "");
  const Caches given = detect_caches(folder.string()), absent = detect_caches((folder / "nothing").string());
  EXPECT_EQ(given.l1d, absent.l1d);  // what sysconf says
  EXPECT_EQ(given.l2, absent.l2);
  EXPECT_EQ(given.l3, absent.l3);
}

}  // namespace
}  // namespace tenon
