// tenon explain: every candidate kernel of every step, and why it was or was not chosen; or what an operator becomes at a target.
#include <CLI/CLI.hpp>

#include "output.h"
#include "source.h"
#include "terminal.h"

namespace tenon::cli {
namespace {

struct Options {
  SourceOptions source;
  std::string target;
  bool reference = false;
};

std::string shapes_text(const Json& step, const char* key) {
  std::vector<std::string> parts;
  for (const Json& shape : list(step, key)) parts.push_back(shape.is_string() ? shape.get<std::string>() : dump(shape));
  return join(parts, ", ");
}

std::string candidates_text(const Json& op, bool colour) {
  Table table({"", "KERNEL", "PLUGIN", "LEVEL", "PRIORITY", "WHY", "ADVICE"});
  table.right(4);
  for (const Json& candidate : list(op, "candidates")) {
    const bool chosen = field(candidate, "chosen") == "true";
    table.row({{chosen ? "chosen" : "-", chosen ? Style::Green : Style::Dim},
               field(candidate, "kernel", "interpreter"),
               field(candidate, "plugin"),
               field(candidate, "level"),
               field(candidate, "priority"),
               field(candidate, "reason"),
               field(candidate, "advice")});
  }
  return table.text(colour, "  ");
}

std::string kernel_text(const Json& step) {
  std::string out = field(step, "kernel", "interpreter");
  const std::string plugin = field(step, "plugin"), level = field(step, "level"), note = field(step, "note");
  if (!plugin.empty() || !level.empty()) out += " (" + plugin + (plugin.empty() || level.empty() ? "" : ", ") + level + ")";
  return note.empty() ? out : out + ": " + note;
}

// A block per step. Steps of one decomposed operator follow one another: its candidates stand at the first of them.
std::string plan_text(const Json& report, bool colour) {
  std::vector<std::string> levels;
  for (const Json& level : list(report, "levels")) levels.push_back(level.is_string() ? level.get<std::string>() : dump(level));
  std::string out = "SIMD level " + printable(field(report, "level", "?")) + " (usable: " + printable(join(levels, ", ")) + ")\n";
  const Json& operators = list(report, "operators");
  std::vector<bool> shown(operators.size(), false);
  const auto show = [&](std::size_t index) {
    shown[index] = true;
    out += candidates_text(operators[index], colour);
  };
  for (const Json& step : list(report, "steps")) {
    out += "\n" + styled("step " + field(step, "index", "?"), Style::Bold, colour) + "  " + printable(field(step, "node")) + "  " +
           styled(printable(field(step, "op")), Style::Bold, colour) + "  " + printable(shapes_text(step, "shapes"));
    if (!list(step, "results").empty()) out += " -> " + printable(shapes_text(step, "results"));
    out += "\n  kernel: " + printable(kernel_text(step)) + "\n";
    const auto found = step.find("operator");
    if (found == step.end() || !found->is_number_unsigned() || found->get<std::size_t>() >= operators.size()) continue;
    const std::size_t index = found->get<std::size_t>();
    const Json& op = operators[index];
    if (shown[index]) {
      out += "  part of " + printable(field(op, "op")) + " of node " + printable(field(op, "node")) + ", above\n";
      continue;
    }
    if (field(op, "op") != field(step, "op"))
      out += "  part of " + printable(field(op, "op")) + " of node " + printable(field(op, "node")) + "\n";
    show(index);
  }
  for (std::size_t i = 0; i < operators.size(); ++i)
    if (!shown[i]) {
      out += "\n" + styled("decomposed", Style::Bold, colour) + "  " + printable(field(operators[i], "node")) + "  " +
             styled(printable(field(operators[i], "op")), Style::Bold, colour) + "\n";
      show(i);
    }
  return out;
}

int explain_target(const Context& context, const Graph& graph, const Options& options, const Globals& globals) {
  const Target target = make<Target>(tenon_target_find, context.get(), options.target.data(), options.target.size());
  const Params params = open_params(context, graph, options.source, ParamsUse::WhereNeeded);
  tenon_lower_options lower_options = TENON_LOWER_OPTIONS_INIT;
  lower_options.params = params.get();
  const Module module = make<Module>(tenon_graph_lower, graph.get(), target.get(), static_cast<const tenon_lower_options*>(&lower_options));
  const Blob decisions = make<Blob>(tenon_module_decisions_json, module.get());
  if (globals.json) return print_json(decisions);
  Table table({"NODE", "OP", "BECOMES", "WHY"});
  const Json report = parse_report(decisions);
  for (const Json& row : list(report, "decisions"))
    table.row({field(row, "node"), {op_name(row, "op"), Style::Bold}, field(row, "form"), field(row, "reason")});
  write_stdout(table.text(colours_on_stdout()));
  return kDone;
}

int explain(Options options, const Globals& globals) {
  std::string& source = options.source.source;
  if (source.empty()) throw wrong_usage("OP or SOURCE is missing", "for example: tenon explain rms_norm --dtype bf16 --shape 4x640,640");
  if (is_operator_name(source)) source = "op:" + source;
  if (options.reference && !options.target.empty()) throw wrong_usage("--reference and --target exclude each other", "choose one");
  const Context context = open_context(globals);
  const Graph graph = load_source(context, options.source);
  if (!options.target.empty()) return explain_target(context, graph, options, globals);
  const Params params = open_params(context, graph, options.source, ParamsUse::Required);
  tenon_program_options program_options = TENON_PROGRAM_OPTIONS_INIT;
  program_options.params = params.get();
  if (options.reference) program_options.flags |= TENON_PROGRAM_REFERENCE;
  const Program program = make<Program>(tenon_graph_compile, graph.get(), static_cast<const tenon_program_options*>(&program_options));
  const Blob blob = make<Blob>(tenon_program_explain_json, program.get());
  if (globals.json) return print_json(blob);
  write_stdout(plan_text(parse_report(blob), colours_on_stdout()));
  return kDone;
}

}  // namespace

Action add_explain(CLI::App& verb) {
  auto options = std::make_shared<Options>();
  verb.add_option("OP|SOURCE", options->source.source, "an operator with --dtype and --shape, or a graph file (.yaml)")->type_name("");
  verb.add_option("--target", options->target, "say instead what each operator becomes at this target, and why")
      ->type_name("NAME|FILE.yaml");
  verb.add_flag("--reference", options->reference, "explain the plan of `tenon run --reference`");
  add_source_options(verb, options->source);
  return [options](const Globals& globals) { return explain(*options, globals); };
}

}  // namespace tenon::cli
