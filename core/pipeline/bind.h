// Graphs with dynamic dimensions: a run binds their sizes, and what is planned for some sizes is kept for the next run with them.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <span>

#include "core/pipeline/pipeline.h"

namespace tenon {

// The graph with these types for its inputs, all static: every node is added, and so inferred, again. What the declared types do not
// allow (a dtype, a rank, a known size, two sizes for one ?name) is an error that names the input.
Result<Graph> bind_sizes(const Graph& graph, std::span<const TensorType> inputs, Context& context);

// Compiled once; bound to sizes as often as there are different ones. Thread-safe.
class CompiledGraph {
 public:
  static constexpr std::size_t kKept = 32;  // programs by sizes; the one that was used longest ago goes first

  // Static graphs are planned now, others at the first bind. params must outlive what comes out of bind.
  static Result<std::unique_ptr<CompiledGraph>> create(const Graph& graph, Context& context, const ParamArchive* params,
                                                       const PlanOptions& options);

  const std::vector<NamedType>& inputs() const { return inputs_; }  // as declared: sizes may be dynamic
  const std::vector<NamedType>& outputs() const { return outputs_; }
  // The program of a static graph; else null.
  const std::shared_ptr<const Program>& only() const { return only_; }
  Result<std::shared_ptr<const Program>> bind(std::span<const TensorType> inputs);

 private:
  CompiledGraph(const Graph& graph, Context& context, const ParamArchive* params, const PlanOptions& options);
  struct Bound {
    std::vector<TensorType> inputs;
    std::shared_ptr<const Program> program;
  };
  const Graph graph_;
  Context& context_;
  const ParamArchive* params_;
  const PlanOptions options_;
  std::vector<NamedType> inputs_, outputs_;
  std::shared_ptr<const Program> only_;
  std::mutex mutex_;
  std::list<Bound> bound_;  // the latest first
};

}  // namespace tenon
