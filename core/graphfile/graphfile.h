// The graph file (YAML, `tenon: 1`): read into a Graph through add_node, and
// written back.
#pragma once

#include <string>

#include "core/graph/graph.h"
#include "core/op/add_node.h"

namespace tenon {

struct GraphFileOptions {
  bool prune = false;  // a node that no output needs is dropped instead of being an error
};

struct GraphFile {
  Graph graph;
  std::string params_file;  // `file:` of params, resolved against the graph
                            // file's folder; empty if none
};

// Errors carry file:line:column and the node's name. Nodes may stand in any
// order; the graph has them in an order in which operands come before users,
// the file's where that is one.
Result<GraphFile> parse_graph(std::string text, const std::string& file, const Registry& registry, const Environment& environment,
                              const GraphFileOptions& options = {});
Result<GraphFile> load_graph(const std::string& path, const Registry& registry, const Environment& environment,
                             const GraphFileOptions& options = {});

// The file's text: what parse_graph reads back as an equal graph (a NaN's
// payload excepted). Attributes that are defaults are left out. Deterministic.
// RESOURCE_EXHAUSTED if a constant is too large for a graph file.
Result<std::string> graph_to_yaml(const Graph& graph, const Registry& registry);

// A graph of one operator: operands in the schema's order named as in the
// schema, sizes parsed from shapes ("4x640", "?x640", "scalar"); every result
// an output. Shapes beyond a variadic operand's first are more of it. Operands
// have `dtype` where they may, else what the schema asks for. attributes as
// text, read as the schema asks. An empty shape text leaves an optional operand
// out.
Result<Graph> single_operator_graph(const std::string& op, DType dtype, const std::vector<std::string>& shapes,
                                    const std::vector<std::pair<std::string, std::string>>& attributes, const Registry& registry,
                                    const Environment& environment);

}  // namespace tenon
