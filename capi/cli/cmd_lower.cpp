// tenon lower: SOURCE as StableHLO text for a target.
#include <CLI/CLI.hpp>

#include "output.h"
#include "source.h"
#include "terminal.h"

namespace tenon::cli {
namespace {

struct Options {
  SourceOptions source;
  std::string target = "stablehlo", output, emit = "text", params_out;
};

// Where a target keeps parameters, if it is a built-in one: "arguments", "constants", "globals".
std::string parameters_of(const Context& context, const std::string& target) {
  const Json report = parse_report(make<Blob>(tenon_targets_json, context.get()));
  for (const Json& row : list(report, "targets"))
    if (field(row, "name") == target) return field(row, "parameters");
  return {};
}

void check_params_out(const Context& context, const Options& options, const Params& params) {
  if (parameters_of(context, options.target) == "constants")
    throw Failure("INVALID_ARGUMENT", "target " + options.target + " keeps parameters as constants in the text: there are none to write",
                  "leave --params-out out");
  if (params == nullptr)
    throw Failure("FAILED_PRECONDITION", "--params-out needs the parameters' values", "give them: --params FILE.safetensors");
}

std::string decisions_table(const Json& decisions) {
  Table table({"NODE", "OP", "BECOMES", "WHY"});
  for (const Json& row : list(decisions, "decisions"))
    table.row({field(row, "node"), op_name(row, "op"), field(row, "form"), field(row, "reason")});
  return table.text(colours_on_stderr());
}

int lower(const Options& options, const Globals& globals) {
  const Context context = open_context(globals);
  const Graph graph = load_source(context, options.source);
  const Target target = make<Target>(tenon_target_find, context.get(), options.target.data(), options.target.size());
  const bool needs_values = !options.params_out.empty();
  const Params params = open_params(context, graph, options.source, needs_values ? ParamsUse::Required : ParamsUse::WhereNeeded);
  if (needs_values) check_params_out(context, options, params);

  tenon_lower_options lower_options = TENON_LOWER_OPTIONS_INIT;
  lower_options.params = params.get();
  const Module module = make<Module>(tenon_graph_lower, graph.get(), target.get(), static_cast<const tenon_lower_options*>(&lower_options));
  const Blob text = make<Blob>(tenon_module_print, module.get());
  const Json decisions = parse_report(make<Blob>(tenon_module_decisions_json, module.get()));

  // Everything is known now: what can fail from here on is writing, and the text takes its place last.
  const bool to_file = !options.output.empty() && options.output != "-";
  std::unique_ptr<OutputFile> file;
  if (to_file) {
    file = std::make_unique<OutputFile>(options.output);
    file->write(text_of(text));
  }
  if (needs_values) call(tenon_params_write, graph.get(), params.get(), options.params_out.data(), options.params_out.size());
  if (to_file) file->commit();

  if (globals.json) {
    Json report{{"tenon", tenon_version()}, {"source", options.source.source}, {"target", options.target}};
    if (to_file)
      report["output"] = options.output;
    else
      report["text"] = text_of(text);
    if (needs_values) report["params_out"] = options.params_out;
    report["decisions"] = list(decisions, "decisions");
    return print_json(report);
  }
  if (!to_file) write_stdout(text_of(text));
  if (globals.verbose) write_stderr(decisions_table(decisions));
  return kDone;
}

}  // namespace

Action add_lower(CLI::App& verb) {
  auto options = std::make_shared<Options>();
  verb.add_option("SOURCE", options->source.source, "a graph file (.yaml), or op:NAME with --dtype and --shape")->type_name("");
  verb.add_option("--target", options->target, "who will read the text: a name of `tenon targets`, or a profile; default: stablehlo")
      ->type_name("NAME|FILE.yaml");
  verb.add_option("-o,--output", options->output, "write the text to this file; - or none: stdout")->type_name("FILE");
  verb.add_option("--params-out", options->params_out, "write the graph's parameters, for a target that keeps them outside")
      ->type_name("FILE.irpa|FILE.safetensors");
  verb.add_option("--emit", options->emit, "form of the module: text")->type_name("text")->check(CLI::IsMember({"text"}).description(""));
  add_source_options(verb, options->source);
  verb.footer(
      "A target's parameters become arguments, constants or named globals, as `tenon targets` says. With -v a table on stderr, and with "
      "--json\n"
      "the list `decisions`, say what became of each operator and why.");
  return [options](const Globals& globals) { return lower(*options, globals); };
}

}  // namespace tenon::cli
