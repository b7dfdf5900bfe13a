// tenon plugins: what was found, in which state, and what to do about it.
#include <CLI/CLI.hpp>

#include "cmd_plugins_new.h"
#include "command.h"
#include "output.h"
#include "plugins_actions.h"
#include "plugins_view.h"

namespace tenon::cli {
namespace {

struct Options {
  std::string action = "list", argument;
  bool open = false;
  NewPlugin project;
};

std::string operator_names(const Json& plugin) {
  std::vector<std::string> names;
  for (const Json& op : list(plugin, "operators")) names.push_back(op.is_string() ? op.get<std::string>() : field(op, "name"));
  return join(names, ", ");
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
  if (options.open && (is_new || options.action == "list"))
    throw wrong_usage("--open is for inspect, lint and doctor", "`tenon plugins doctor --open` opens every plugin");
  if (options.action == "lint") return lint_plugin(options.argument, options.open, globals);
  const Context context = open_context(globals);
  if (options.open) open_plugins(context, options.argument);
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
  verb.add_flag("--open", options->open, "inspect, lint, doctor: also open the libraries, which runs the plugins' code");
  add_new_options(verb, options->project);
  verb.footer(
      "list     every plugin found, with state, reason and advice\n"
      "inspect  all that is known of one plugin\n"
      "lint     for authors: every problem of a manifest and of the library beside it; exits 1 if there is one\n"
      "doctor   for administrators: what was searched, what the environment changes, what to do; exits 1 if something needs mending\n"
      "new      writes a project for an operator of your own, ready to build and verify\n"
      "None of them runs a plugin's code, unless --open is given.");
  return [options](const Globals& globals) { return plugins(*options, globals); };
}

}  // namespace tenon::cli
