// Checking a plugin for its author: every problem that can be seen without running it, and what is allowed but unwise.
#include <algorithm>

#include "core/base/files.h"
#include "core/base/json.h"
#include "core/pipeline/cases.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/plugins_report.h"

namespace tenon {
namespace {

constexpr std::string_view kEntry = "tenon_plugin_query_v1";

struct Remark {
  std::string message, advice;
};

class Linter {
 public:
  explicit Linter(Loader::LintResult result) : result_(std::move(result)) {}

  void check() {
    if (!result_.problems.empty()) return;  // what follows would speak of a plugin that nobody can load
    check_exports();
    check_texts();
    check_kernels();
    check_cases();
    if (!result_.problems.empty()) result_.record.error = result_.problems.front();
  }

  const Loader::LintResult& result() const { return result_; }
  const std::vector<Remark>& remarks() const { return remarks_; }

 private:
  const Manifest& manifest() const { return *result_.record.manifest; }
  void remark(std::string message, std::string advice) { remarks_.push_back({std::move(message), std::move(advice)}); }

  void check_exports() {
    std::vector<std::string> others;
    bool entry = false;
    for (const std::string& name : result_.exports) {
      if (name == kEntry)
        entry = true;
      else
        others.push_back(name);
    }
    if (!entry)
      result_.problems.push_back(fail(Code::PluginRejected, "the library does not export ", kEntry)
                                     .file(result_.record.library_path)
                                     .advise(cat("define ", kEntry, " with default visibility; tenon_add_plugin() exports it")));
    if (others.empty()) return;
    const std::size_t count = others.size();
    if (others.size() > 5) others.resize(5);
    remark(cat("the library exports ", count, " more ", count == 1 ? "name" : "names", " than ", kEntry, ": ", join(others, ", "),
               count > others.size() ? ", .." : ""),
           "build it with tenon_add_plugin(), or with -fvisibility=hidden and a version script: two libraries that share a name disturb "
           "each other");
  }

  void check_texts() {
    if (manifest().license.empty()) remark("the manifest names no license", "add license: with an SPDX expression such as Apache-2.0");
    std::vector<std::string> silent;
    for (const OpSchema& op : manifest().ops)
      if (op.kernels_for.empty() && op.summary.empty()) silent.push_back(op.name);
    if (!silent.empty())
      remark(cat("no summary: ", join(silent, ", ")), "add summary: the sentence that defines the operator; `tenon ops` shows it");
  }

  void check_kernels() {
    const bool kernels = std::any_of(manifest().ops.begin(), manifest().ops.end(), [](const OpSchema& op) { return !op.kernels.empty(); });
    if (kernels && manifest().levels.empty())
      remark("there are kernels, and the manifest has no levels", "add levels: the SIMD levels that the library was compiled for");
    for (const OpSchema& op : manifest().ops)
      if (!op.kernels.empty() && op.numerics.determinism == "none" && !op.numerics.max_ulp && !op.numerics.max_ulp_16 &&
          !op.numerics.max_error)
        remark(cat("[", op.name, "] has kernels, and says nothing of how exact they are"),
               "add numerics: {determinism: bitwise, max_ulp: 2}; callers choose by it, and `tenon verify` holds the kernels to it");
  }

  void check_cases() {
    std::string path = result_.record.library_path;
    if (!path.ends_with(".so")) return;
    path.replace(path.size() - 3, 3, ".cases.yaml");
    const Result<std::string> text = read_text_file(path, yaml::kManifestLimits.bytes);
    // Kernels for another plugin's operator run that one's cases.
    const bool own = std::any_of(manifest().ops.begin(), manifest().ops.end(), [](const OpSchema& op) { return op.kernels_for.empty(); });
    if (!text.ok() && !own) return;
    if (!text.ok()) {
      remark(cat("no cases: ", text.error().message), "write named cases beside the library: `tenon verify` runs them and varies them");
      return;
    }
    Result<std::vector<OperatorCase>> cases = parse_cases(*text, path);
    if (!cases.ok()) {
      result_.problems.push_back(cases.take_error());
      return;
    }
    std::vector<std::string> without;
    for (const OpSchema& op : manifest().ops)
      if (op.kernels_for.empty() &&
          std::none_of(cases->begin(), cases->end(), [&](const OperatorCase& c) { return fold_name(c.op) == fold_name(op.name); }))
        without.push_back(op.name);
    if (!without.empty()) remark(cat("no cases in ", path, " for: ", join(without, ", ")), "add at least one named case for each operator");
  }

  Loader::LintResult result_;
  std::vector<Remark> remarks_;
};

std::string problems_json(const std::vector<Error>& problems) {
  JsonWriter json;
  json.begin_array();
  for (const Error& error : problems) {
    json.begin_object().field("code", code_name(error.raw_code)).field("message", error.message).key("where").begin_object();
    if (!error.where.file.empty()) json.field("file", error.where.file);
    if (error.where.line > 0) json.field("line", error.where.line).field("column", error.where.column);
    json.end_object().field("advice", error.advice).end_object();
  }
  json.end_array();
  return json.take();
}

}  // namespace

Result<std::string> lint_json(Context& context, const std::string& path) {
  std::string manifest = path;
  // NAME.so is checked through the NAME.tenon.yaml beside it.
  if (manifest.ends_with(".so")) manifest.replace(manifest.size() - 3, 3, ".tenon.yaml");
  Linter linter(context.loader().lint(manifest));
  linter.check();
  const Loader::LintResult& result = linter.result();
  if (!result.problems.empty()) {
    Error error = *result.record.error;
    error.payload.emplace_back("problems", problems_json(result.problems));
    return error;
  }
  JsonWriter json;
  json.begin_object().field("tenon", TENON_VERSION_TEXT).field("file", path).field("format", "plugin").key("plugin");
  write_record(json, result.record);
  json.key("advice").begin_array();
  for (const Remark& remark : linter.remarks())
    json.begin_object().field("message", remark.message).field("advice", remark.advice).end_object();
  json.end_array().key("exports").begin_array();
  for (const std::string& name : result.exports) json.value(name);
  json.end_array().end_object();
  return json.take();
}

}  // namespace tenon
