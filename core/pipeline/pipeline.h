// The two stories of the library, and the reports beside them. Read lower.cpp and run.cpp first.
#pragma once

#include <string>
#include <vector>

#include "core/exec/executor.h"
#include "core/graph/graph.h"
#include "core/pipeline/context.h"
#include "core/target/target.h"

namespace tenon {

// ---- lower.cpp ----
struct LoweredGraph {
  std::string text;
  std::vector<CarrierDecision> decisions;
};
// graph -> infer -> lower -> target -> text. params: for targets that keep parameters as constants; else null.
Result<LoweredGraph> lower_for_target(const Graph& graph, const Target& target, Context& context, const ParamArchive* params);

// ---- run.cpp ----
// graph -> infer -> lower -> plan -> program. params must outlive the program; null if the graph has no parameters.
Result<std::unique_ptr<Program>> compile(const Graph& graph, Context& context, const ParamArchive* params, const PlanOptions& options);
// The archive's entry for a parameter of that type, or an error that names what differs.
Result<const ParamEntry*> require_param(const ParamArchive* params, const std::string& name, const TensorType& type);

// ---- random.cpp ----
// Values from a seed, the same on every machine: floats N(0, 1) rounded to the dtype, integers in [-8, 8] (unsigned [0, 16]), i1 even odds.
void fill_random(Tensor& tensor, std::uint64_t seed);

// ---- explain.cpp, listing.cpp, inspect.cpp: reports as JSON (configs/schema) ----
std::string explain_json(const Program& program);
std::string run_report_json(const Program& program);
Result<std::string> operators_json(Context& context, std::string_view name);  // empty: all
std::string plugins_json(Context& context);
std::string targets_json(Context& context);
std::string machine_json(Context& context);
std::string decisions_json(std::span<const CarrierDecision> decisions);
Result<std::string> inspect_json(Context& context, const std::string& path);
Result<std::string> lint_json(Context& context, const std::string& path);

// ---- verify.cpp ----
struct VerifyOptions {
  std::string dtype;  // empty: all
  std::uint64_t seed = 0;
  std::uint32_t random_cases = 0;
  std::string export_folder;  // cases that must succeed are written below it (export_case.h); empty: none
};
struct VerifyReport {
  std::string json;
  std::uint32_t failed = 0;
};
// The operator's cases (NAME.cases.yaml beside its manifest) and random ones: kernel against interpreter, or, without a kernel, inference
// against lowering and the interpreter against expected values.
Result<VerifyReport> verify_operator(Context& context, std::string_view op, const VerifyOptions& options);
// A graph on drawn inputs: each kernel step against the interpreter on the same inputs.
Result<VerifyReport> verify_graph(Context& context, const Graph& graph, const ParamArchive* params, const VerifyOptions& options);

}  // namespace tenon
