// tenon targets: profiles of the consumers of lowered modules.
#include <CLI/CLI.hpp>

#include "command.h"
#include "output.h"
#include "terminal.h"

namespace tenon::cli {
namespace {

// The profile's text, which a user edits a copy of. `target` may be a profile's path too.
int one_target(const Context& context, const std::string& name, const Globals& globals) {
  const Target target = make<Target>(tenon_target_find, context.get(), name.data(), name.size());
  std::size_t length = 0;
  const char* yaml = tenon_target_get_yaml(target.get(), &length);
  if (!globals.json) {
    write_stdout({yaml, length});
    return kDone;
  }
  const Json report = parse_report(make<Blob>(tenon_targets_json, context.get()));
  Json rows = Json::array();
  for (const Json& row : list(report, "targets"))
    if (field(row, "name") == name) rows.push_back(row);
  if (rows.empty()) rows.push_back(Json{{"name", name}});
  rows.front()["yaml"] = std::string_view(yaml, length);
  return print_json(Json{{"tenon", tenon_version()}, {"targets", rows}});
}

int targets(const std::string& name, const Globals& globals) {
  const Context context = open_context(globals);
  if (!name.empty()) return one_target(context, name, globals);
  const Blob blob = make<Blob>(tenon_targets_json, context.get());
  if (globals.json) return print_json(blob);
  const Json report = parse_report(blob);
  const bool colour = colours_on_stdout();

  Table table({"TARGET", "OPERATORS BECOME", "PARAMETERS", "EXECUTABLE", "SUMMARY"});
  Table forms({"OP", "TARGET", "BECOMES"});
  for (const Json& row : list(report, "targets")) {
    table.row({{field(row, "name"), Style::Bold},
               field(row, "default"),
               field(row, "parameters"),
               field(row, "executable") == "false" ? "no" : "yes",
               field(row, "summary")});
    // Only what differs from the profile's own rule is worth a line.
    for (const Json& form : list(row, "operators"))
      if (field(form, "form") != field(row, "default")) forms.row({op_name(form, "op"), field(row, "name"), field(form, "form")});
  }
  write_stdout(table.text(colour));
  if (!forms.empty()) write_stdout("\n" + styled("Operators with a form of their own", Style::Bold, colour) + "\n" + forms.text(colour));
  return kDone;
}

}  // namespace

Action add_targets(CLI::App& verb) {
  auto name = std::make_shared<std::string>();
  verb.add_option("NAME", *name, "print this profile's YAML: edit a copy, and give it as --target FILE.yaml")->type_name("");
  return [name](const Globals& globals) { return targets(*name, globals); };
}

}  // namespace tenon::cli
