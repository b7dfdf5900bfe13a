// tenon plugins lint: every problem of a plugin, for its author.
#include "output.h"
#include "plugins_actions.h"
#include "plugins_view.h"

namespace tenon::cli {
namespace {

// Opened alone: another plugin of the same name must neither hide it nor be opened in its place.
void open_alone(const std::string& manifest, const std::string& name, const Globals& globals) {
  Globals alone = globals;
  alone.plugin_paths.clear();
  const Context context = open_context(alone);
  call(tenon_context_add_manifest, context.get(), manifest.data(), manifest.size());
  call(tenon_plugin_preload, context.get(), name.data(), name.size());
}

}  // namespace

int lint_plugin(const std::string& file, bool open, const Globals& globals) {
  const Context context = open_context(globals);
  const Blob blob = make<Blob>(tenon_plugin_lint, context.get(), file.data(), file.size());
  const Json report = parse_report(blob);
  const Json& plugin = report.at("plugin");
  if (open) open_alone(field(plugin, "manifest"), field(plugin, "name"), globals);
  if (globals.json) return print_json(blob);
  Table table({"", ""});
  add_rows(table, plugin);
  write_stdout(printable(file) + ": ok" + (open ? ", opened too" : "") + "\n" + table.text(colours_on_stdout(), "  "));
  if (globals.quiet) return kDone;
  std::string out;
  for (const Json& remark : list(report, "advice")) {
    out += "warning: " + printable_lines(field(remark, "message")) + "\n";
    out += "  advice: " + printable_lines(field(remark, "advice")) + "\n";
  }
  if (!open) out += "note: its code was not run; `tenon plugins lint --open` opens it, `tenon verify OP` runs its cases\n";
  write_stderr(out);
  return kDone;
}

}  // namespace tenon::cli
