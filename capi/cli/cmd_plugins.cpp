// tenon plugins: what was found, in which state, and what to do about it.
#include <CLI/CLI.hpp>

#include "cmd_plugins_new.h"
#include "command.h"
#include "output.h"
#include "terminal.h"

namespace tenon::cli {
namespace {

struct Options {
  std::string action = "list", argument;
  NewPlugin project;
};

bool starts_with(const std::string& text, std::string_view start) { return text.compare(0, start.size(), start) == 0; }

// A plugin that was refused or put aside. Shadowed and denied ones are as someone wanted.
bool is_bad(const Json& plugin) {
  const std::string state = field(plugin, "state");
  return starts_with(state, "REJECTED") || starts_with(state, "QUARANTINED");
}

Style style_of(const Json& plugin) {
  const std::string state = field(plugin, "state");
  return is_bad(plugin) ? Style::Red : starts_with(state, "DENIED") || starts_with(state, "SHADOWED") ? Style::Yellow : Style::Green;
}

std::string state_text(const Json& plugin) {
  std::string state = field(plugin, "state", "?");
  const std::string code = field(plugin, "code");
  if (code.empty() || code == "0" || code == "OK" || state.find('(') != std::string::npos) return state;
  return state + "(" + code + ")";
}

std::string operator_names(const Json& plugin) {
  std::vector<std::string> names;
  for (const Json& op : list(plugin, "operators")) names.push_back(op.is_string() ? op.get<std::string>() : field(op, "name"));
  return join(names, ", ");
}

// Where it went wrong: the place in the file that the error names, else the manifest.
std::string place_text(const Json& plugin) {
  std::string out = field(plugin, "file", field(plugin, "manifest"));
  if (number(plugin, "line") > 0) out += ":" + field(plugin, "line");
  if (number(plugin, "line") > 0 && number(plugin, "column") > 0) out += ":" + field(plugin, "column");
  return out;
}

std::string complaint(const Json& plugin, bool colour) {
  const std::string name = field(plugin, "name");
  std::string out = styled(printable(name.empty() ? field(plugin, "manifest", "?") : name), Style::Bold, colour);
  out += ": " + styled(printable(state_text(plugin)), style_of(plugin), colour);
  if (!field(plugin, "message").empty()) out += ": " + printable_lines(field(plugin, "message"));
  out += "\n";
  if (!place_text(plugin).empty()) out += " --> " + printable(place_text(plugin)) + "\n";
  if (!field(plugin, "advice").empty()) out += "  advice: " + printable_lines(field(plugin, "advice")) + "\n";
  return out;
}

// What the loader has to say that is no error: of plugins that are well, and of the search as a whole.
std::string remarks(const Json& report) {
  std::string out;
  const auto add = [&out](const std::string& who, const Json& lines) {
    for (const Json& line : lines)
      if (line.is_string()) out += "note: " + who + printable_lines(line.get<std::string>()) + "\n";
  };
  for (const Json& plugin : list(report, "plugins")) add(printable(field(plugin, "name")) + ": ", list(plugin, "warnings"));
  add("", list(report, "notices"));
  return out;
}

std::string searched_table(const Json& report, bool colour) {
  Table table({"TIER", "SEARCHED", "NOTE"});
  for (const Json& row : list(report, "searched")) table.row({field(row, "tier"), field(row, "path"), field(row, "note")});
  return table.text(colour);
}

int list_plugins(const Json& report, const Globals& globals) {
  const bool colour = colours_on_stdout();
  Table table({"PLUGIN", "VERSION", "KIND", "STATE", "TIER", "OPERATORS", "MANIFEST"});
  std::string complaints;
  for (const Json& plugin : list(report, "plugins")) {
    table.row({{field(plugin, "name", "?"), Style::Bold},
               field(plugin, "version"),
               field(plugin, "kind"),
               {state_text(plugin), style_of(plugin)},
               field(plugin, "tier"),
               operator_names(plugin),
               field(plugin, "manifest")});
    if (!field(plugin, "message").empty()) complaints += "\n" + complaint(plugin, colour);
  }
  write_stdout(table.text(colour) + complaints);
  if (table.empty() && !globals.quiet) write_stderr("note: no plugins were found in:\n");
  if (!globals.quiet) write_stderr(remarks(report));
  if (globals.verbose || (table.empty() && !globals.quiet)) write_stderr(searched_table(report, colours_on_stderr()));
  return kDone;
}

void add_rows(Table& table, const Json& object) {
  for (const auto& [key, value] : object.items()) {
    if (value.is_object())
      add_rows(table, value);
    else if (value.is_array() && !value.empty() && value.front().is_object())
      continue;
    else if (value.is_array() && !value.empty()) {
      std::vector<std::string> parts;
      for (const Json& item : value) parts.push_back(item.is_string() ? item.get<std::string>() : dump(item));
      table.row({key, join(parts, ", ")});
    } else if (!value.is_array() && !field(object, key.c_str()).empty())
      table.row({key, field(object, key.c_str())});
  }
}

int inspect_plugin(const Json& report, const std::string& name, const Globals& globals) {
  std::vector<std::string> names;
  Json found = Json::array();
  for (const Json& plugin : list(report, "plugins")) {
    names.push_back(field(plugin, "name"));
    if (names.back() == name) found.push_back(plugin);
  }
  if (found.empty())
    throw Failure("NOT_FOUND", "no plugin named " + name + " was found", did_you_mean(name, names, "`tenon plugins` lists what was found"))
        .at("plugin", name);
  if (globals.json) return print_json(Json{{"tenon", tenon_version()}, {"plugins", found}});
  for (const Json& plugin : found) {
    Table table({"", ""});
    add_rows(table, plugin);
    write_stdout(table.text(colours_on_stdout()));
  }
  return kDone;
}

int lint(const Context& context, const std::string& file, const Globals& globals) {
  const Blob blob = make<Blob>(tenon_plugin_lint, context.get(), file.data(), file.size());
  if (globals.json) return print_json(blob);
  const Json report = parse_report(blob);
  Table table({"", ""});
  add_rows(table, report);
  write_stdout(printable(file) + ": ok\n" + table.text(colours_on_stdout(), "  "));
  return kDone;
}

int doctor(const Context& context, const Json& report, const Globals& globals) {
  Json bad = Json::array();
  std::size_t good = 0;
  for (const Json& plugin : list(report, "plugins")) {
    if (is_bad(plugin))
      bad.push_back(plugin);
    else
      ++good;
  }
  const bool nothing = good == 0 && bad.empty();
  const Json machine = parse_report(make<Blob>(tenon_machine_json, context.get()));
  const int status = bad.empty() && !nothing ? kDone : kFailed;
  if (globals.json) {
    print_json(Json{{"tenon", tenon_version()},
                    {"ok", status == kDone},
                    {"to_mend", bad},
                    {"machine", machine},
                    {"searched", list(report, "searched")}});
    return status;
  }
  const bool colour = colours_on_stdout();
  std::string out;
  for (const Json& plugin : bad) out += complaint(plugin, colour);
  if (nothing)
    out +=
        "no plugins were found\n  advice: install the plugins, or name their folder with --plugin-path\n" + searched_table(report, colour);
  std::vector<std::string> levels;
  for (const Json& level : list(machine, "levels")) levels.push_back(level.is_string() ? level.get<std::string>() : dump(level));
  out += "machine: SIMD level " + printable(field(machine, "level", "?")) + " (usable: " + printable(join(levels, ", ")) + "), " +
         field(machine, "threads", "?") + " threads\n";
  out += std::to_string(good) + " plugins are well, " + std::to_string(bad.size()) + " to mend\n";
  write_stdout(out);
  if (!globals.quiet) write_stderr(remarks(report));
  return status;
}

int plugins(const Options& options, const Globals& globals) {
  const std::vector<std::string> actions = {"list", "inspect", "lint", "doctor", "new"};
  const bool is_new = options.action == "new", takes_argument = is_new || options.action == "inspect" || options.action == "lint";
  if (std::find(actions.begin(), actions.end(), options.action) == actions.end())
    throw wrong_usage("unknown action " + options.action, did_you_mean(options.action, actions, "actions: " + join(actions, ", ")));
  if (takes_argument && options.argument.empty())
    throw wrong_usage("tenon plugins " + options.action + " needs " +
                      (options.action == "lint" ? "a manifest FILE"
                       : is_new                 ? "a NAME: acme.my_op"
                                                : "a plugin's NAME"));
  if (!takes_argument && !options.argument.empty())
    throw wrong_usage("unexpected argument " + options.argument, "tenon plugins " + options.action + " takes none");
  if (is_new) return new_plugin(options.argument, options.project, globals);
  if (options.project.given()) throw wrong_usage("--lang and --dir belong to tenon plugins new");
  const Context context = open_context(globals);
  if (options.action == "lint") return lint(context, options.argument, globals);
  const Blob blob = make<Blob>(tenon_plugins_json, context.get());
  if (options.action == "list" && globals.json) return print_json(blob);
  const Json report = parse_report(blob);
  if (options.action == "list") return list_plugins(report, globals);
  if (options.action == "inspect") return inspect_plugin(report, options.argument, globals);
  return doctor(context, report, globals);
}

}  // namespace

Action add_plugins(CLI::App& verb) {
  auto options = std::make_shared<Options>();
  verb.add_option("ACTION", options->action, "list (default), inspect NAME, lint FILE, doctor, or new NAME")->type_name("");
  verb.add_option("ARGUMENT", options->argument,
                  "of inspect: a plugin's name; of lint: a manifest (.tenon.yaml); of new: [NAMESPACE.]OPERATOR")
      ->type_name("");
  add_new_options(verb, options->project);
  verb.footer(
      "list     every plugin found, with state, reason and advice\n"
      "inspect  all that is known of one plugin\n"
      "lint     checks a manifest as the loader would, and the library beside it; runs none of its code\n"
      "doctor   exits 1 if something needs mending, and says what to do\n"
      "new      writes a project for an operator of your own, ready to build and verify");
  return [options](const Globals& globals) { return plugins(*options, globals); };
}

}  // namespace tenon::cli
