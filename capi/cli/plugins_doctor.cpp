// tenon plugins doctor: what is wrong with the plugins of this machine, and what to type about it.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "output.h"
#include "plugins_actions.h"
#include "plugins_view.h"

extern "C" char** environ;  // NOLINT: POSIX declares it nowhere

namespace tenon::cli {
namespace {

struct Variable {
  const char* name;
  const char* effect;
};
constexpr Variable kVariables[] = {
    {"TENON_PLUGIN_PATH", "only these folders are searched, and what the program adds"},
    {"TENON_ADD_PLUGIN_PATH", "these folders are searched before the user's"},
    {"TENON_PLUGINS_ALLOW", "only plugins whose name matches are taken"},
    {"TENON_PLUGINS_DENY", "plugins whose name matches are not taken"},
    {"TENON_SAFE_MODE", "only the plugins beside libtenon are taken"},
    {"TENON_ARCH", "kernels of this SIMD level and below are used"},
    {"TENON_LOG", "how much the library logs"},
    {"XDG_DATA_HOME", "the user's folder is below it"},
    {"LD_LIBRARY_PATH", "the dynamic linker looks here first, for libtenon and for what plugins need"},
    {"LD_PRELOAD", "these libraries come before all others"},
};

std::string value_of(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

Json environment() {
  Json rows = Json::array();
  for (const Variable& variable : kVariables)
    if (const std::string value = value_of(variable.name); !value.empty())
      rows.push_back({{"name", variable.name}, {"value", value}, {"effect", variable.effect}});
  return rows;
}

// The file of libtenon that this process has mapped; "" if it is linked into the command.
std::string library_file() {
  std::ifstream maps("/proc/self/maps");
  std::string line;
  while (std::getline(maps, line))
    if (const std::size_t at = line.find('/'); at != std::string::npos && line.find("/libtenon.so", at) != std::string::npos)
      return line.substr(at);
  return {};
}

// What would be chosen if nobody forced a level.
std::string best_level() {
  tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
  options.flags = TENON_CONTEXT_NO_ENV;
  options.threads = 1;
  const Context context = make<Context>(tenon_context_create, static_cast<const tenon_context_options*>(&options));
  return field(parse_report(make<Blob>(tenon_machine_json, context.get())), "level");
}

// Each finding is a message and what to do about it. None of them keeps a plugin that is well from working.
class Warnings {
 public:
  void add(std::string message, std::string advice) { rows_.push_back({{"message", std::move(message)}, {"advice", std::move(advice)}}); }

  void unknown_variables() {
    std::vector<std::string> known;
    for (const Variable& variable : kVariables) known.emplace_back(variable.name);
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
      const std::string text = *entry, name = text.substr(0, text.find('='));
      if (name.compare(0, 6, "TENON_") != 0 || std::find(known.begin(), known.end(), name) != known.end()) continue;
      add("the environment variable " + name + " is set, and means nothing to Tenon",
          did_you_mean(name, known, "`unset " + name + "`, if it was meant for Tenon"));
    }
  }

  void simd_level(const Json& machine, const std::string& asked) {
    const std::string level = field(machine, "level"), best = best_level();
    if (level == best) return;
    const std::string cause = asked.empty() ? "TENON_ARCH=" + value_of("TENON_ARCH") : "--arch " + asked;
    add("SIMD levels above " + level + " are not used, because of " + cause + "; this machine has " + best,
        asked.empty() ? "`unset TENON_ARCH`" : "leave --arch out");
  }

  void left_out(const Json& report) {
    for (const Json& plugin : list(report, "plugins")) {
      const std::string state = field(plugin, "state"), who = field(plugin, "name") + " (" + field(plugin, "manifest") + ")";
      if (state == "SHADOWED")
        add(who + " is not used: " + field(plugin, "message"), "remove one of the two: `rm` its manifest and its library");
      if (state == "DENIED") add(who + " is not used: " + field(plugin, "message"), "change that filter, or remove the plugin");
      for (const Json& line : list(plugin, "warnings"))
        if (line.is_string()) add(who + ": " + line.get<std::string>(), "upgrade libtenon, or install a plugin for this one");
    }
    for (const Json& notice : list(report, "notices"))
      if (notice.is_string()) add(notice.get<std::string>(), "correct the path, or leave it out");
  }

  // Two plugins with an operator of the same name: the first one found has it.
  void same_operators(const Json& operators) {
    for (const Json& row : list(operators, "shadowed"))
      add("the operator " + field(row, "op") + " of " + field(row, "plugin") + " is not used: " + field(row, "by") +
              " has it too, and comes first",
          "remove one plugin, or search its folder first with --plugin-path or TENON_ADD_PLUGIN_PATH");
  }

  // Libraries that lie where plugins lie, and that no manifest names.
  void orphans(const Json& report) {
    std::set<std::string> used;
    for (const Json& plugin : list(report, "plugins")) used.insert(field(plugin, "library"));
    for (const Json& place : list(report, "searched")) {
      std::error_code ignored;
      std::vector<std::string> names;
      for (const auto& entry : std::filesystem::directory_iterator(field(place, "path"), ignored)) names.push_back(entry.path().string());
      std::sort(names.begin(), names.end());
      for (const std::string& name : names) {
        if (name.size() < 4 || name.compare(name.size() - 3, 3, ".so") != 0 || used.count(name) != 0) continue;
        const std::string manifest = name.substr(0, name.size() - 3) + ".tenon.yaml";
        if (std::find(names.begin(), names.end(), manifest) == names.end())
          add(name + " has no manifest, so it is no plugin", "install " + manifest + " beside it, or remove the library");
      }
    }
  }

  const Json& rows() const { return rows_; }

 private:
  Json rows_ = Json::array();
};

std::string api_text(const Json& report) {
  const Json api = report.contains("plugin_api") ? report["plugin_api"] : Json::object();
  return field(api, "major", "?") + "." + field(api, "min_minor", "?") + " to " + field(api, "major", "?") + "." +
         field(api, "max_minor", "?");
}

std::string head_text(const Json& report, const Json& machine, const Json& variables, const std::string& library, bool colour) {
  std::vector<std::string> levels;
  for (const Json& level : list(machine, "levels")) levels.push_back(level.is_string() ? level.get<std::string>() : dump(level));
  Table head({"", ""});
  head.row({"libtenon", std::string(tenon_version()) + (library.empty() ? ", linked into this program" : ", " + library)});
  head.row({"plugin API", api_text(report)});
  head.row({"machine", "SIMD level " + field(machine, "level", "?") + " (usable: " + join(levels, ", ") + "), " +
                           field(machine, "threads", "?") + " threads"});
  for (const Json& row : variables) head.row({field(row, "name"), "\"" + field(row, "value") + "\": " + field(row, "effect")});
  return head.text(colour) + "\n" + searched_table(report, colour) + "\n";
}

}  // namespace

void open_plugins(const Context& context, const std::string& name) {
  const Json report = parse_report(make<Blob>(tenon_plugins_json, context.get()));
  for (const Json& plugin : list(report, "plugins")) {
    const std::string found = field(plugin, "name"), state = field(plugin, "state");
    if ((!name.empty() && found != name) || state != "VALIDATED") continue;
    tenon_error* error = nullptr;
    if (tenon_plugin_preload(context.get(), found.data(), found.size(), &error) != TENON_OK) tenon_error_release(error);
  }
}

int doctor(const Context& context, const Json& report, const Globals& globals) {
  Json bad = Json::array();
  std::size_t good = 0;
  for (const Json& plugin : list(report, "plugins")) {
    const std::string state = field(plugin, "state");
    if (is_bad(plugin))
      bad.push_back(plugin);
    else if (state != "DENIED" && state != "SHADOWED")
      ++good;
  }
  const Json machine = parse_report(make<Blob>(tenon_machine_json, context.get()));
  const Json variables = environment();
  const std::string library = library_file();
  Warnings warnings;
  const std::string built =
      std::to_string(TENON_VERSION_MAJOR) + "." + std::to_string(TENON_VERSION_MINOR) + "." + std::to_string(TENON_VERSION_PATCH);
  if (built != tenon_version())
    warnings.add("this command is of version " + built + ", libtenon of " + tenon_version(),
                 "install both from one release; LD_LIBRARY_PATH may lead to another libtenon");
  warnings.unknown_variables();
  warnings.simd_level(machine, globals.arch);
  warnings.left_out(report);
  warnings.same_operators(parse_report(make<Blob>(tenon_operators_json, context.get(), static_cast<const char*>(""), std::size_t{0})));
  warnings.orphans(report);

  const int status = bad.empty() && good > 0 ? kDone : kFailed;
  if (globals.json) {
    print_json(Json{{"tenon", tenon_version()},
                    {"ok", status == kDone},
                    {"well", good},
                    {"to_mend", bad},
                    {"warnings", warnings.rows()},
                    {"environment", variables},
                    {"library", library},
                    {"plugin_api", report.value("plugin_api", Json::object())},
                    {"machine", machine},
                    {"searched", searched_rows(report)}});
    return status;
  }
  const bool colour = colours_on_stdout();
  std::string out = globals.quiet ? std::string() : head_text(report, machine, variables, library, colour);
  for (const Json& plugin : bad) out += complaint(plugin, colour);
  if (good == 0)
    out +=
        "no plugin can be used\n  advice: install the plugins (Debian: `apt-get install tenon-plugins`), or name their folder with "
        "--plugin-path\n";
  if (!globals.quiet)
    for (const Json& row : warnings.rows())
      out += styled("warning:", Style::Yellow, colour) + " " + printable_lines(field(row, "message")) +
             "\n  advice: " + printable_lines(field(row, "advice")) + "\n";
  if (!globals.quiet || status != kDone)
    out += std::to_string(good) + " plugins are well, " + std::to_string(bad.size()) + " to mend, " +
           std::to_string(warnings.rows().size()) + (warnings.rows().size() == 1 ? " warning\n" : " warnings\n");
  write_stdout(out);
  return status;
}

}  // namespace tenon::cli
