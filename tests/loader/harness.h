// A folder of plugins, copied from the zoo and perhaps damaged, and a loader that looks there alone.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "core/op/add_node.h"
#include "core/plugin/dynamic.h"
#include "core/plugin/loader.h"

namespace tenon {

namespace fs = std::filesystem;

inline ProcessView bare_process() {
  ProcessView view;
  view.user = ::geteuid();
  view.variable = [](const char*) { return std::string(); };
  return view;
}

inline Code code_of(const Status& status) { return status.ok() ? Code::Ok : status.error().code; }

class LoaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = make_folder();
    environment_.log = [this](std::int32_t level, std::string_view category, std::string_view text) {
      log_.push_back(cat(level, " ", category, ": ", text));
    };
    environment_.log_level = TENON_LOG_DEBUG;
  }
  void TearDown() override {
    loader_.reset();
    for (const fs::path& folder : folders_) fs::remove_all(folder);
  }

  fs::path make_folder() {
    std::string pattern = (fs::temp_directory_path() / "tenon-loader-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
    folders_.push_back(fs::canonical(pattern));
    return folders_.back();
  }

  // Copies a plugin of the zoo, library and manifest.
  void install(const std::string& name) { install(name, folder_); }
  void install(const std::string& name, const fs::path& folder) {
    for (const char* suffix : {".so", ".tenon.yaml"}) {
      const fs::path to = folder / (name + suffix);
      fs::copy_file(fs::path(ZOO_FOLDER) / (name + suffix), to, fs::copy_options::overwrite_existing);
      fs::permissions(to, fs::perms(0644));
    }
  }
  static std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void write(const fs::path& path, const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
    fs::permissions(path, fs::perms(0644));
  }
  // Replaces a text in the manifest of an installed plugin.
  void edit(const std::string& name, const std::string& from, const std::string& to) {
    const fs::path path = folder_ / (name + ".tenon.yaml");
    std::string text = read(path);
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    write(path, text.replace(at, from.size(), to));
  }

  void discover(LoaderOptions options = {}) { discover(std::move(options), bare_process()); }
  void discover(LoaderOptions options, ProcessView process) {
    if (options.paths.empty() && options.manifests.empty() && options.statics.empty()) options.paths = {folder_.string()};
    loader_.reset();
    registry_ = std::make_unique<Registry>();
    loader_ = std::make_unique<Loader>();
    loader_->discover(std::move(options), *registry_, environment_, std::move(process));
  }

  PluginRecord record(const std::string& name) const {
    for (PluginRecord& record : loader_->records())
      if (record.name == name) return std::move(record);
    ADD_FAILURE() << "no record of " << name;
    return {};
  }

  // Opens an operator and asks it for the type of f(x), x: f32[2,3]: the same type.
  Status use(const std::string& op_name) {
    TENON_ASSIGN(const OpDef* op, registry_->require(op_name));
    TENON_ASSIGN(const tenon_operator* table, op->table());
    if (table->lower == nullptr) return fail(Code::Internal, "no lower");
    const OperandType x{TensorType{DType::F32, {2, 3}}, false};
    TENON_ASSIGN(const tenon_node node, check_node(*op, "node", std::span(&x, 1), {}, environment_));
    if (node.results.size() != 1 || !node.results[0] || node.results[0]->dims != Dims{2, 3})
      return fail(Code::Internal, "wrong result type");
    return {};
  }

  static bool is_mapped(const fs::path& library) { return read("/proc/self/maps").find(library.string()) != std::string::npos; }

  fs::path folder_;
  std::vector<fs::path> folders_;
  std::vector<std::string> log_;
  Environment environment_;
  std::unique_ptr<Registry> registry_;
  std::unique_ptr<Loader> loader_;
};

}  // namespace tenon
