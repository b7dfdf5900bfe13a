// Story one: a graph becomes text. Each line is one stage; no stage changes its input, and every intermediate prints itself.
#include "core/pipeline/pipeline.h"
#include "core/stablehlo/print.h"

namespace tenon {

Result<LoweredGraph> lower_for_target(const Graph& graph, const Target& target, Context& context, const ParamArchive* params) {
  // infer happened when the nodes were added: the graph is typed.
  TENON_ASSIGN(stablehlo::Module meaning, lower_graph(graph, context.registry(), context.environment()));
  TENON_ASSIGN(Applied applied, apply_target(meaning, target, context.registry(), context.environment(), {.params = params}));
  TENON_ASSIGN(std::string text, stablehlo::print(applied.module));
  return LoweredGraph{std::move(text), std::move(applied.decisions)};
}

}  // namespace tenon
