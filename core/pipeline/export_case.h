// A case as files, so that judges which know nothing of this library can run it: other engines, NumPy.
#pragma once

#include "core/pipeline/cases.h"
#include "core/pipeline/context.h"

namespace tenon {

// Writes FOLDER/<operator>/<case>-<dtype>/ with graph.yaml (one node), an .npy per input, and case.json: {op, case, dtype, values, layout,
// operands: {name: [{file, input, dtype, shape}]}, attributes: {name: value} with defaults, null where absent, given: [attributes that are
// no defaults], results: [{name, dtype, shape}]}. Present operands and results only. The same case gives the same bytes.
Status export_case(Context& context, const Graph& graph, const OperatorCase& test, DType dtype, const std::vector<Tensor>& inputs,
                   const std::string& folder);

}  // namespace tenon
