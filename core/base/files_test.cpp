#include "core/base/files.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace tenon {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// A folder of its own for each test, gone at the end.
class Files : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "tenon-files-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string at(const std::string& name) const { return (folder_ / name).string(); }
  static void put(const std::string& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }
  static std::string get(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::ptrdiff_t count() const { return std::distance(fs::directory_iterator(folder_), fs::directory_iterator()); }

  fs::path folder_;
};

TEST_F(Files, AMappingShowsTheFileAndOutlivesItsCopies) {
  put(at("a"), "hello");
  MappedFile kept;
  EXPECT_TRUE(kept.bytes().empty());
  {
    Result<MappedFile> file = MappedFile::open(at("a"));
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(file->text(), "hello");
    EXPECT_EQ(file->path(), at("a"));
    kept = *file;
  }
  fs::remove(at("a"));
  EXPECT_EQ(kept.text(), "hello");
  EXPECT_EQ(kept.bytes().size(), 5u);
}

TEST_F(Files, AnEmptyFileIsAnEmptyMapping) {
  put(at("empty"), "");
  Result<MappedFile> file = MappedFile::open(at("empty"));
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(file->bytes().empty());
  EXPECT_EQ(read_text_file(at("empty"), 10).value(), "");
}

TEST_F(Files, WhatIsNotARegularFileIsRefused) {
  const Result<MappedFile> missing = MappedFile::open(at("missing"));
  EXPECT_EQ(missing.error().code, Code::NotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("No such file or directory"));
  EXPECT_EQ(missing.error().where.file, at("missing"));
  EXPECT_FALSE(missing.error().advice.empty());

  EXPECT_THAT(MappedFile::open(folder_.string()).error().message, HasSubstr("is a directory"));
  EXPECT_EQ(MappedFile::open("/dev/null").error().code, Code::InvalidArgument);
  EXPECT_EQ(MappedFile::open("").error().code, Code::InvalidArgument);
  put(at("a"), "x");
  EXPECT_EQ(MappedFile::open(at("a") + std::string("\0b", 2)).error().code, Code::InvalidArgument);
  EXPECT_EQ(MappedFile::open(at("a") + "/b").error().code, Code::NotFound);

  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  EXPECT_THAT(MappedFile::open(at("pipe")).error().message, HasSubstr("not a regular file"));  // and it does not wait
  EXPECT_FALSE(read_text_file(at("pipe"), 10).ok());
  EXPECT_FALSE(read_text_file(folder_.string(), 10).ok());
}

TEST_F(Files, ReadingHasALimit) {
  put(at("ten"), "0123456789");
  EXPECT_EQ(read_text_file(at("ten"), 10).value(), "0123456789");
  const Result<std::string> large = read_text_file(at("ten"), 9);
  EXPECT_EQ(large.error().code, Code::ResourceExhausted);
  EXPECT_THAT(large.error().message, HasSubstr("limit of 9 bytes"));
}

// Files of /proc have size 0 until they are read.
TEST_F(Files, ReadingDoesNotTrustTheSize) {
  const Result<std::string> text = read_text_file("/proc/self/status", 1 << 20);
  ASSERT_TRUE(text.ok());
  EXPECT_THAT(*text, HasSubstr("Pid:"));
  EXPECT_EQ(read_text_file("/proc/self/status", 10).error().code, Code::ResourceExhausted);
}

TEST_F(Files, AtomicFileAppearsWithCommit) {
  {
    Result<AtomicFile> file = AtomicFile::create(at("out"));
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(file->write("one ").ok());
    const std::byte raw[] = {std::byte{'t'}, std::byte{'w'}, std::byte{'o'}};
    ASSERT_TRUE(file->write(raw).ok());
    EXPECT_FALSE(fs::exists(at("out")));
    ASSERT_TRUE(file->commit().ok());
    EXPECT_EQ(file->write("more").error().code, Code::FailedPrecondition);
    EXPECT_EQ(file->commit().error().code, Code::FailedPrecondition);
  }
  EXPECT_EQ(get(at("out")), "one two");
  EXPECT_EQ(count(), 1);
}

TEST_F(Files, WithoutCommitNothingChanges) {
  put(at("out"), "old");
  {
    Result<AtomicFile> file = AtomicFile::create(at("out"));
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(file->write("half of the n").ok());
    AtomicFile moved = *std::move(file);
    EXPECT_EQ(count(), 2);
  }
  EXPECT_EQ(get(at("out")), "old");
  EXPECT_EQ(count(), 1);
}

TEST_F(Files, TheModeComesFromTheUmask) {
  const mode_t before = ::umask(027);
  const bool written = write_file(at("out"), "x").ok();
  ::umask(before);
  ASSERT_TRUE(written);
  struct stat facts;
  ASSERT_EQ(::stat(at("out").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0640u);
}

TEST_F(Files, ALinkStaysALink) {
  put(at("target"), "old");
  fs::create_symlink(at("target"), at("link"));
  ASSERT_TRUE(write_file(at("link"), "new").ok());
  EXPECT_TRUE(fs::is_symlink(at("link")));
  EXPECT_EQ(get(at("target")), "new");
}

TEST_F(Files, ADeviceIsWrittenToAndNotReplaced) {
  ASSERT_TRUE(write_file("/dev/null", "x").ok());
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  const Status full = write_file("/dev/full", "x");
  EXPECT_EQ(full.error().code, Code::ResourceExhausted);
}

TEST_F(Files, BadPlacesAreErrors) {
  EXPECT_EQ(write_file(at("missing/out"), "x").error().code, Code::NotFound);
  EXPECT_THAT(write_file(folder_.string(), "x").error().message, HasSubstr("is a directory"));
  EXPECT_EQ(write_file("", "x").error().code, Code::InvalidArgument);
  ASSERT_TRUE(write_file(at(std::string(255, 'n')), "x").ok());  // as long as a name may be
  EXPECT_EQ(write_file(at(std::string(256, 'n')), "x").error().code, Code::InvalidArgument);
}

TEST_F(Files, AFolderWithoutPermissionIsAnError) {
  fs::permissions(folder_, fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_exec);
  const bool root = ::geteuid() == 0;  // root may write everywhere: be somebody else for a moment
  ASSERT_EQ(root ? ::seteuid(65534) : 0, 0);
  const Status refused = write_file(at("out"), "x");
  ASSERT_EQ(root ? ::seteuid(0) : 0, 0);
  fs::permissions(folder_, fs::perms::owner_all);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::PermissionDenied);
  EXPECT_EQ(count(), 0);
}

}  // namespace
}  // namespace tenon
