// Damaged, foreign and untrusted files: every one is refused before any of its code runs, and a good plugin beside it works.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "core/base/sha256.h"
#include "tests/loader/harness.h"

namespace tenon {
namespace {

using ::testing::HasSubstr;

class Files : public LoaderTest {
 protected:
  void SetUp() override {
    LoaderTest::SetUp();
    install("stateful");
    install("good");
  }
  fs::path library() const { return folder_ / "good.so"; }
  fs::path manifest() const { return folder_ / "good.tenon.yaml"; }

  // zoo.good is refused with this code, its library was not mapped, and zoo.stateful works.
  Error refused() {
    discover();
    std::optional<Error> error;
    for (const PluginRecord& record : loader_->records())
      if (record.name != "zoo.stateful" && record.state == PluginState::Rejected) error = record.error;
    EXPECT_FALSE(is_mapped(library()));
    EXPECT_EQ(registry_->find("zoo_good.twice"), nullptr);
    EXPECT_TRUE(use("zoo_stateful.twice").ok());
    if (error) return *error;
    ADD_FAILURE() << "nothing was refused";
    return fail(Code::Ok, "");
  }
};

TEST_F(Files, TruncatedLibraries) {
  const std::string whole = read(library());
  ASSERT_GT(whole.size(), 4096u);
  std::vector<std::size_t> lengths = {0, 1, 4, 16, 63, 64, 65, 100, 4095, 4096, whole.size() - 1};
  for (std::size_t i = 1; i < 40; ++i) lengths.push_back(whole.size() * i / 40);
  for (const std::size_t length : lengths) {
    write(library(), whole.substr(0, length));
    const Error error = refused();
    EXPECT_EQ(error.code, Code::PluginRejected) << length << ": " << to_string(error);
  }
}

TEST_F(Files, AnotherMachinesLibrary) {
  std::string image = read(library());
  image[18] = static_cast<char>(0xf3);  // e_machine: RISC-V
  image[19] = 0;
  write(library(), image);
  const Error error = refused();
  EXPECT_EQ(error.code, Code::Incompatible);
  EXPECT_THAT(error.message, HasSubstr("riscv64"));
}

TEST_F(Files, NoElfFile) {
  write(library(), "#!/bin/sh\nexit 1\n" + std::string(200, ' '));
  EXPECT_THAT(refused().message, HasSubstr("not an ELF file"));
}

TEST_F(Files, StaleManifest) {
  write(manifest(), read(manifest()) + "# changed after the library was built\n");
  const Error error = refused();
  EXPECT_EQ(error.code, Code::ManifestMismatch);
  EXPECT_THAT(error.message, HasSubstr("ops"));
}

TEST_F(Files, AnotherVersionsManifest) {
  edit("good", "\"1.0\"", "\"1.1\"");
  EXPECT_EQ(refused().code, Code::ManifestMismatch);
}

TEST_F(Files, AnotherPluginsLibrary) {
  edit("good", "library: good.so", "library: stateful.so");
  EXPECT_THAT(refused().message, HasSubstr("the library is zoo.stateful, the manifest zoo.good"));
}

TEST_F(Files, ApiRangesThatDoNotMeet) {
  edit("good", "min_minor: 0, built_minor: 0", "min_minor: 50, built_minor: 52");
  const Error too_new = refused();
  EXPECT_EQ(too_new.code, Code::Incompatible);
  EXPECT_THAT(too_new.message, HasSubstr("built for plugin API 1.50-1.52, this libtenon has 1.0-1."));
  EXPECT_THAT(too_new.advice, HasSubstr("upgrade libtenon"));
  install("good");
  edit("good", "major: 1", "major: 0");
  EXPECT_THAT(refused().advice, HasSubstr("newer build of the plugin"));
}

TEST_F(Files, AnotherArchitecturesManifest) {
  edit("good", cat("arch: ", host_machine()), "arch: vax");
  EXPECT_EQ(refused().code, Code::Incompatible);
}

TEST_F(Files, CpuFeaturesThatTheMachineLacks) {
  edit("good", "library: good.so", "variants: [{library: good.so, cpu: [avx9000]}]");
  EXPECT_EQ(refused().code, Code::CpuUnsupported);
}

TEST_F(Files, LibrariesAndGlibcThatAreNotThere) {
  edit("good", "kind: operators", "kind: operators\nrequires: {libs: [libzoo-nowhere.so.3]}");
  EXPECT_THAT(refused().message, HasSubstr("libzoo-nowhere.so.3"));
  install("good");
  edit("good", "kind: operators", "kind: operators\nrequires: {glibc: \"9.99\"}");
  EXPECT_EQ(refused().code, Code::DependencyMissing);
}

TEST_F(Files, ImportersAreNotOpenedYet) {
  write(manifest(), read(manifest())
                        .replace(0, std::string::npos,
                                 cat("schema: 1\nname: zoo.importer\nversion: \"1\"\nkind: importer\napi: {major: 1, min_minor: 0, "
                                     "built_minor: 0}\narch: ",
                                     host_machine(), "\nlibrary: good.so\nformats:\n- {name: onnx}\n")));
  EXPECT_EQ(refused().code, Code::Unimplemented);
}

TEST_F(Files, ManifestsWithErrorsSayWhere) {
  edit("good", "version: \"1.0\"", "version: 1.0");
  const Error error = refused();
  EXPECT_EQ(error.code, Code::ManifestInvalid);
  EXPECT_EQ(error.where.file, manifest().string());
  EXPECT_EQ(error.where.line, 2);
  EXPECT_EQ(error.where.column, 10);
}

TEST_F(Files, HashesAreCheckedWhenTheLibraryIsOpened) {
  const std::string image = read(library());
  const std::string digest = sha256_hex(std::as_bytes(std::span(image)));
  edit("good", "kind: operators", "kind: operators\nsha256: {good.so: \"" + digest + "\"}");
  discover();
  EXPECT_TRUE(use("zoo_good.twice").ok());
  const fs::path second = make_folder();
  fs::copy_file(library(), second / "good.so");
  std::string text = read(manifest());
  text.replace(text.find(digest), 64, std::string(64, '0'));
  write(second / "good.tenon.yaml", text);
  LoaderOptions options;
  options.paths = {second.string()};
  discover(options);
  EXPECT_EQ(record("zoo.good").state, PluginState::Validated);
  EXPECT_EQ(code_of(use("zoo_good.twice")), Code::ManifestMismatch);
  EXPECT_FALSE(is_mapped(second / "good.so"));
  EXPECT_EQ(loader_->lint((second / "good.tenon.yaml").string()).record.error->code, Code::ManifestMismatch);
}

TEST_F(Files, WritableByOthers) {
  fs::permissions(library(), fs::perms(0664));
  Error error = refused();
  EXPECT_EQ(error.code, Code::Untrusted);
  EXPECT_EQ(error.advice, cat("chmod g-w ", library().string()));
  fs::permissions(library(), fs::perms(0644));
  fs::permissions(manifest(), fs::perms(0666));
  error = refused();
  EXPECT_EQ(error.advice, cat("chmod go-w ", manifest().string()));
}

TEST_F(Files, FolderWritableByOthers) {
  const fs::path loose = folder_ / "loose" / "plugins";
  fs::create_directories(loose);
  fs::permissions(loose, fs::perms(0755));
  fs::permissions(folder_ / "loose", fs::perms(0777));
  install("good", loose);
  LoaderOptions options;
  options.paths = {loose.string(), folder_.string()};
  discover(options);
  const PluginRecord record = loader_->records()[0];
  EXPECT_EQ(record.state, PluginState::Rejected);
  EXPECT_EQ(record.error->code, Code::Untrusted);
  EXPECT_EQ(record.error->advice, cat("chmod go-w ", (folder_ / "loose").string()));
  EXPECT_TRUE(use("zoo_good.twice").ok());  // the one in the sound folder
  EXPECT_FALSE(is_mapped(loose / "good.so"));
}

TEST_F(Files, SymbolicLinks) {
  fs::rename(library(), folder_ / "real.so");
  fs::create_symlink(folder_ / "real.so", library());
  EXPECT_EQ(refused().code, Code::Untrusted);
  fs::remove(library());
  fs::create_symlink("real.so", library());  // within the folder: as distributions install
  discover();
  EXPECT_TRUE(use("zoo_good.twice").ok());
  fs::rename(manifest(), folder_ / "real.yaml");
  fs::create_symlink("real.yaml", manifest());
  discover();
  EXPECT_EQ(registry_->find("zoo_good.twice"), nullptr);
}

TEST_F(Files, WhatIsNoRegularFile) {
  for (const fs::path& path : {library(), manifest()}) {
    install("good");
    fs::remove(path);
    ASSERT_EQ(::mkfifo(path.c_str(), 0644), 0);
    EXPECT_THAT(refused().message, HasSubstr("named pipe"));  // and nothing waits for a writer
    fs::remove(path);
    fs::create_directory(path);
    EXPECT_THAT(refused().message, HasSubstr("a folder"));
    fs::remove(path);
  }
}

TEST_F(Files, MissingLibrary) {
  fs::remove(library());
  EXPECT_EQ(refused().code, Code::NotFound);
}

TEST_F(Files, OversizedManifest) {
  write(manifest(), std::string((512u << 10) + 1, '#'));
  EXPECT_EQ(refused().code, Code::ResourceExhausted);
}

TEST_F(Files, ChangesBetweenDiscoveryAndFirstUse) {
  discover();
  EXPECT_EQ(record("zoo.good").state, PluginState::Validated);
  fs::permissions(library(), fs::perms(0666));
  EXPECT_EQ(code_of(use("zoo_good.twice")), Code::Untrusted);
  EXPECT_FALSE(is_mapped(library()));
  EXPECT_EQ(record("zoo.good").state, PluginState::Rejected);
}

TEST_F(Files, ALibraryReplacedWhileItIsMapped) {
  discover();
  EXPECT_TRUE(use("zoo_good.twice").ok());
  const std::string image = read(library());
  write(folder_ / "new.so", image);
  fs::rename(folder_ / "new.so", library());
  discover();  // another context of the same process
  const Status status = use("zoo_good.twice");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, Code::FailedPrecondition);
  EXPECT_THAT(status.error().advice, HasSubstr("restart"));
}

}  // namespace
}  // namespace tenon
