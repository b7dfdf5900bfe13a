// tenon ops: the operators that there are.
#include <CLI/CLI.hpp>

#include "command.h"
#include "output.h"
#include "terminal.h"

namespace tenon::cli {
namespace {

struct Options {
  std::string op;
  bool markdown = false;
};

std::vector<std::string> strings(const Json& items) {
  std::vector<std::string> out;
  for (const Json& item : items) out.push_back(item.is_string() ? item.get<std::string>() : dump(item));
  return out;
}

std::string name_of(const Json& op) { return op_name(op, op.contains("full_name") ? "full_name" : "name"); }

std::string flag(const Json& object, const char* key) { return field(object, key) == "true" ? "yes" : ""; }

std::string operand_text(const Json& operand) {
  return field(operand, "name") + (flag(operand, "variadic").empty() ? "" : "..") + (flag(operand, "optional").empty() ? "" : "?");
}

std::string result_text(const Json& result) { return field(result, "name") + (field(result, "when").empty() ? "" : "?"); }

template <class Text>
std::string joined(const Json& items, Text text, const char* separator = ", ") {
  std::vector<std::string> parts;
  for (const Json& item : items) parts.push_back(text(item));
  return join(parts, separator);
}

// "epsilon: f64 = 1e-06"
std::string attribute_text(const Json& attribute) {
  std::string out = field(attribute, "name") + ": " + field(attribute, "type");
  if (attribute.contains("default")) out += " = " + field(attribute, "default");
  return out;
}

// "> 0, < 1", "one of a, b"
std::string range_text(const Json& attribute) {
  std::vector<std::string> parts;
  for (const auto& [key, sign] : {std::pair{"min", ">= "}, {"above", "> "}, {"max", "<= "}, {"below", "< "}})
    if (attribute.contains(key)) parts.push_back(sign + field(attribute, key));
  if (!list(attribute, "one_of").empty()) parts.push_back("one of " + join(strings(list(attribute, "one_of")), ", "));
  if (!list(attribute, "excludes").empty()) parts.push_back("excludes " + join(strings(list(attribute, "excludes")), ", "));
  return join(parts, ", ");
}

// Kernels of one name (a row per dtype or level in a manifest) are named once.
std::string kernels_text(const Json& op) {
  std::vector<std::string> names;
  for (const Json& kernel : list(op, "kernels")) {
    const std::string name = field(kernel, "name");
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names.empty() ? "none" : join(names, ", ");
}

Table summary_table(const Json& report) {
  Table table({"OP", "ALIASES", "OPERANDS", "RESULTS", "ATTRIBUTES", "DTYPES", "KERNELS", "PLUGIN"});
  for (const Json& op : list(report, "operators"))
    table.row({{name_of(op), Style::Bold},
               join(strings(list(op, "aliases")), ", "),
               joined(list(op, "operands"), operand_text),
               joined(list(op, "results"), result_text),
               joined(list(op, "attributes"), attribute_text),
               join(strings(list(op, "dtypes")), " "),
               kernels_text(op),
               field(op, "plugin")});
  return table;
}

// The table on a terminal: what finds an operator; `tenon ops OP` has the rest.
Table short_table(const Json& report) {
  Table table({"OP", "ALIASES", "OPERANDS -> RESULTS", "DTYPES", "KERNELS", "PLUGIN"});
  for (const Json& op : list(report, "operators"))
    table.row({{name_of(op), Style::Bold},
               join(strings(list(op, "aliases")), ", "),
               joined(list(op, "operands"), operand_text) + " -> " + joined(list(op, "results"), result_text),
               join(strings(list(op, "dtypes")), " "),
               kernels_text(op),
               field(op, "plugin")});
  return table;
}

std::string section(const char* title, const Table& table, bool colour) {
  return table.empty() ? std::string() : "\n" + styled(title, Style::Bold, colour) + "\n" + table.text(colour, "  ");
}

std::string one_operator(const Json& op, bool colour) {
  std::string out = styled(printable(name_of(op)), Style::Bold, colour);
  out += " (version " + field(op, "version", "?") + ", plugin " + printable(field(op, "plugin", "?")) + ")\n";
  if (!field(op, "summary").empty()) out += printable(field(op, "summary")) + "\n";
  const auto line = [&out](const char* name, const std::string& value) {
    if (!value.empty()) out += std::string(name) + ": " + printable(value) + "\n";
  };
  line("aliases", join(strings(list(op, "aliases")), ", "));
  line("dtypes", join(strings(list(op, "dtypes")), " "));

  Table operands({"OPERAND", "TYPE", "SHAPE", "OPTIONAL", "VARIADIC"});
  for (const Json& operand : list(op, "operands"))
    operands.row({field(operand, "name"), field(operand, "type"), join(strings(list(operand, "shape")), " "), flag(operand, "optional"),
                  flag(operand, "variadic")});
  Table results({"RESULT", "LIKE", "PRESENT"});
  for (const Json& result : list(op, "results"))
    results.row(
        {field(result, "name"), field(result, "like", join(strings(list(result, "dtypes")), " ")), field(result, "when", "always")});
  Table attributes({"ATTRIBUTE", "TYPE", "DEFAULT", "RANGE", "ALIASES"});
  for (const Json& attribute : list(op, "attributes"))
    attributes.row({field(attribute, "name"), field(attribute, "type"),
                    flag(attribute, "required").empty() ? field(attribute, "default") : "required", range_text(attribute),
                    join(strings(list(attribute, "aliases")), ", ")});
  Table kernels({"KERNEL", "DTYPES", "LEVELS", "PLUGIN"});
  for (const Json& kernel : list(op, "kernels"))
    kernels.row({field(kernel, "name"), join(strings(list(kernel, "dtypes")), " "), join(strings(list(kernel, "levels")), " "),
                 field(kernel, "plugin")});
  Table targets({"TARGET", "BECOMES"});
  for (const Json& target : list(op, "targets")) targets.row({field(target, "target"), field(target, "form")});
  out += section("Operands", operands, colour) + section("Results", results, colour) + section("Attributes", attributes, colour);
  out += section("Kernels", kernels, colour) + section("Targets", targets, colour);
  if (kernels.empty()) out += "\nNo kernel: it runs as its decomposition, in the interpreter.\n";
  return out;
}

std::string shadowed_notes(const Json& report) {
  std::string out;
  for (const Json& row : list(report, "shadowed"))
    out += "note: " + printable(field(row, "op")) + " of " + printable(field(row, "plugin")) + " is shadowed by " +
           printable(field(row, "by")) + "\n";
  return out;
}

int ops(const Options& options, const Globals& globals) {
  if (globals.json && options.markdown) throw wrong_usage("--json and --markdown exclude each other", "choose one");
  const Context context = open_context(globals);
  const Blob blob = make<Blob>(tenon_operators_json, context.get(), options.op.data(), options.op.size());
  if (globals.json) return print_json(blob);
  const Json report = parse_report(blob);
  if (options.markdown) {
    write_stdout(summary_table(report).markdown());
  } else if (options.op.empty()) {
    write_stdout(short_table(report).text(colours_on_stdout()));
    if (list(report, "operators").empty() && !globals.quiet)
      write_stderr("note: no operators; `tenon plugins` says which plugins were found\n");
  } else {
    for (const Json& op : list(report, "operators")) write_stdout(one_operator(op, colours_on_stdout()));
  }
  if (!globals.quiet) write_stderr(shadowed_notes(report));
  return kDone;
}

}  // namespace

Action add_ops(CLI::App& verb) {
  auto options = std::make_shared<Options>();
  verb.add_option("OP", options->op, "an operator, by its name or an alias; none: all")->type_name("");
  verb.add_flag("--markdown", options->markdown, "print a Markdown table");
  return [options](const Globals& globals) { return ops(*options, globals); };
}

}  // namespace tenon::cli
