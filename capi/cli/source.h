// SOURCE: a graph file, or one operator (op:NAME), as the verbs lower, run, verify and explain take it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "command.h"

namespace tenon::cli {

struct SourceOptions {
  std::string source;
  std::optional<std::string> dtype, shape;  // of op:NAME
  std::vector<std::string> attributes;
  bool prune = false;
  std::string params;  // a parameter file; empty: the one that the graph file names
};

// --dtype --shape --attr --prune --params.
void add_source_options(CLI::App& verb, SourceOptions& options);

// Whether a word names an operator (rms_norm, example.my_norm), not a file: it has no '/', no "op:" and no extension of a file.
bool is_operator_name(const std::string& word);

// By its name: op:NAME, .yaml; anything else is an error that says which reader or importer is missing. Throws Failure.
Graph load_source(const Context& context, const SourceOptions& options);

// The parameters of a graph: --params, else the file that the graph file names, else null. where_needed: a missing file that only the
// graph names is no error, for verbs that may not need the values.
enum class ParamsUse { Required, WhereNeeded };
Params open_params(const Context& context, const Graph& graph, const SourceOptions& options, ParamsUse use);

}  // namespace tenon::cli
