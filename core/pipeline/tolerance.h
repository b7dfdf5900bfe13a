// How far a kernel may be from the interpreted lowering: what op.yaml says under `numerics`, for the results of one node.
#pragma once

#include <string>
#include <vector>

#include "core/op/schema.h"
#include "core/pipeline/pipeline.h"

namespace tenon {

struct Tolerance {
  double ulp = 0, ulp_16 = 0;  // of the result; ulp_16: of f16 and bf16 results
  double error = 0;            // beside that, times a scale
  std::string scale;           // "magnitudes", "result", or an operand's name

  static Tolerance of(const Numerics& numerics);
  double ulp_for(DType dtype) const;
};

// results: what the interpreter gives. error * scale for every element of every output of a graph of one node; empty where the tolerance
// has no scale. Infinite where nothing can be said: sums whose magnitudes overflow, although no operand is infinite.
Result<std::vector<std::vector<double>>> slack_of(Context& context, const Graph& graph, const OpSchema& schema,
                                                  const std::vector<Tensor>& inputs, const std::vector<Tensor>& results,
                                                  const Tolerance& tolerance);

}  // namespace tenon
