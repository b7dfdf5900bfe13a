// One case: built as a graph, lowered, run by kernel and by interpreter, compared.
#pragma once

#include "core/base/json.h"
#include "core/pipeline/cases.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/tolerance.h"

namespace tenon {

struct CaseOutcome {
  enum class Kind : std::uint8_t {
    Ok,             // kernel and interpreter agree
    NoKernel,       // no kernel: lowered, verified, interpreted, expected values (if given) met
    ExpectedError,  // refused, as the case says
    Refused,        // a drawn case that inference refused: draw again
    Failed
  } kind = Kind::Ok;
  std::string kernel, level;      // "interpreter" if none
  double max_ulp = 0, bound = 0;  // beyond the error that the tolerance's scale allows
  std::string message;
  std::string reproduce;  // for failures: a graph file
};

struct CaseOptions {
  std::uint64_t seed = 0;
  bool drawn = false;         // a refusal by inference is not a failure
  std::string export_folder;  // the case is also written there (export_case.h), unless it must fail; empty: it is not
};
CaseOutcome run_case(Context& context, const OpDef& op, const OperatorCase& test, DType dtype, const CaseOptions& options);

// Runs `graph` by kernels and by the interpreter on the given inputs and compares; used for cases and for the nodes of a graph.
// The graph has one node, of the operator with this schema.
CaseOutcome compare_graph(Context& context, const Graph& graph, const OpSchema& schema, const std::vector<Tensor>& inputs,
                          CaseLayout layout, const Tolerance& tolerance);

// Random values for an input of the graph; where operators take it for indices that they check, all of them are in range.
void fill_input(const Registry& registry, const Graph& graph, GraphValueId value, Tensor& tensor, Random& random, ValueClass values);

void write_row(JsonWriter& json, std::string_view op, std::string_view name, DType dtype, const CaseOutcome& outcome);

}  // namespace tenon
