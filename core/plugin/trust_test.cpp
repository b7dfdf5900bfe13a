// Owners and modes: what is trusted, and which command mends what is not.
#include "core/plugin/trust.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace tenon {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Trust : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "tenon-trust-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = fs::canonical(pattern);
    fs::create_directory(root_ / "plugins");
    fs::permissions(root_ / "plugins", fs::perms(0755));
    rules_.allow_user = true;
    rules_.user = ::geteuid();
    write("file.so", "content");
  }
  void TearDown() override { fs::remove_all(root_); }

  fs::path folder() const { return root_ / "plugins"; }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder() / name) << text;
    fs::permissions(folder() / name, fs::perms(0644));
  }
  Result<TrustedFile> open(const std::string& name, bool may_link = true, std::uint64_t limit = 1000) {
    TENON_ASSIGN(const TrustedFolder place, open_trusted_folder(folder().string(), rules_));
    return open_trusted_file(place, name, limit, may_link);
  }
  Error error(const std::string& name, bool may_link = true, std::uint64_t limit = 1000) {
    Result<TrustedFile> file = open(name, may_link, limit);
    if (file.ok()) {
      ADD_FAILURE() << name << " is trusted";
      return fail(Code::Ok, "");
    }
    return file.take_error();
  }

  fs::path root_;
  TrustRules rules_;
};

TEST_F(Trust, OwnFilesAreOpened) {
  const Result<TrustedFile> file = open("file.so");
  ASSERT_TRUE(file.ok()) << to_string(file.error());
  EXPECT_EQ(file->size, 7u);
  EXPECT_EQ(file->path, (folder() / "file.so").string());
  EXPECT_NE(file->inode, 0u);
  EXPECT_EQ(*read_trusted_text(*file), "content");
}

TEST_F(Trust, WhatOthersMayWriteIsRefusedWithTheCommand) {
  fs::permissions(folder() / "file.so", fs::perms(0664));
  EXPECT_EQ(error("file.so").code, Code::Untrusted);
  EXPECT_EQ(error("file.so").advice, cat("chmod g-w ", (folder() / "file.so").string()));
  fs::permissions(folder() / "file.so", fs::perms(0646));
  EXPECT_EQ(error("file.so").advice, cat("chmod o-w ", (folder() / "file.so").string()));
  fs::permissions(folder() / "file.so", fs::perms(0666));
  EXPECT_EQ(error("file.so").advice, cat("chmod go-w ", (folder() / "file.so").string()));
}

TEST_F(Trust, FoldersAndTheirParentsCount) {
  fs::permissions(folder(), fs::perms(0777));
  EXPECT_EQ(error("file.so").advice, cat("chmod go-w ", folder().string()));
  fs::permissions(folder(), fs::perms(0755));
  fs::permissions(root_, fs::perms(0770));
  EXPECT_EQ(error("file.so").advice, cat("chmod g-w ", root_.string()));
  // The rule that only what lies below matters: who can write above could replace the library that loads plugins.
  rules_.below = root_.string();
  EXPECT_TRUE(open("file.so").ok());
}

TEST_F(Trust, StickyFoldersPassIfTheirContentIsOurs) {
  fs::permissions(root_, fs::perms(0777) | fs::perms::sticky_bit);
  EXPECT_TRUE(open("file.so").ok());
  fs::permissions(folder(), fs::perms(0777) | fs::perms::sticky_bit);  // but the last folder has files of anybody
  EXPECT_EQ(error("file.so").code, Code::Untrusted);
}

TEST_F(Trust, OwnersAreChecked) {
  // As root a file is given away; as anybody else, a rule that trusts root alone refuses our own.
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown((folder() / "file.so").c_str(), 12345, 0), 0);
  } else {
    rules_.allow_user = false;
  }
  const Error refused = error("file.so");
  EXPECT_EQ(refused.code, Code::Untrusted);
  EXPECT_THAT(refused.message, HasSubstr("belongs to user"));
  EXPECT_THAT(refused.advice, HasSubstr("chown 0 /"));
  rules_.owner = ::geteuid() == 0 ? 12345 : ::geteuid();
  EXPECT_TRUE(open("file.so").ok());
}

TEST_F(Trust, OnlyRegularFiles) {
  ASSERT_EQ(::mkfifo((folder() / "fifo.so").c_str(), 0644), 0);
  EXPECT_THAT(error("fifo.so").message, HasSubstr("named pipe"));  // and does not wait for a writer
  fs::create_directory(folder() / "dir.so");
  EXPECT_THAT(error("dir.so").message, HasSubstr("a folder"));
  EXPECT_EQ(error("absent.so").code, Code::NotFound);
}

TEST_F(Trust, LinksOnlyWithinTheFolder) {
  fs::create_symlink("file.so", folder() / "link.so");
  EXPECT_TRUE(open("link.so", true).ok());
  EXPECT_EQ(error("link.so", false).code, Code::Untrusted);
  fs::create_symlink(folder() / "file.so", folder() / "absolute.so");
  EXPECT_EQ(error("absolute.so").code, Code::Untrusted);
  fs::create_symlink("../plugins/file.so", folder() / "dots.so");
  EXPECT_EQ(error("dots.so").code, Code::Untrusted);
  fs::create_symlink("link.so", folder() / "twice.so");
  EXPECT_EQ(error("twice.so").code, Code::Untrusted);
  fs::create_symlink("nothing.so", folder() / "dangling.so");
  EXPECT_EQ(error("dangling.so").code, Code::NotFound);
}

TEST_F(Trust, LargeFilesAreRefused) {
  write("large.so", std::string(1001, 'x'));
  EXPECT_EQ(error("large.so").code, Code::ResourceExhausted);
  EXPECT_TRUE(open("large.so", true, 1001).ok());
}

TEST_F(Trust, FoldersAreResolved) {
  fs::create_directory_symlink(folder(), root_ / "way");
  const Result<TrustedFolder> place = open_trusted_folder((root_ / "way").string(), rules_);
  ASSERT_TRUE(place.ok());
  EXPECT_EQ(place->path, folder().string());
  EXPECT_EQ(open_trusted_folder((root_ / "absent").string(), rules_).error().code, Code::NotFound);
  EXPECT_FALSE(open_trusted_folder((folder() / "file.so").string(), rules_).ok());
  EXPECT_FALSE(open_trusted_folder("/", rules_).ok());
}

}  // namespace
}  // namespace tenon
