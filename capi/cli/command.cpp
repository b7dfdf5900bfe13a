#include "command.h"

#include <CLI/CLI.hpp>

#include "output.h"
#include "terminal.h"

namespace tenon::cli {
namespace {

void log_to_stderr(void*, int32_t level, const char* category, const char* text, std::size_t length) {
  const char* name = level <= TENON_LOG_ERROR     ? "error"
                     : level == TENON_LOG_WARNING ? "warning"
                     : level == TENON_LOG_INFO    ? "info"
                                                  : "debug";
  write_stderr(std::string("log: ") + name + ": " + category + ": " + printable_lines({text, length}) + "\n");
}

void log_nowhere(void*, int32_t, const char*, const char*, std::size_t) {}

}  // namespace

CLI::Option* add_repeatable(CLI::App& verb, const std::string& names, std::vector<std::string>& values, const std::string& help) {
  return verb.add_option(names, values, help)->allow_extra_args(false)->type_size(1)->expected(1, CLI::detail::expected_max_vector_size);
}

void add_globals(CLI::App& verb, Globals& globals) {
  const std::string group = "Options of every verb";
  add_repeatable(verb, "--plugin-path", globals.plugin_paths, "search this folder for plugins first (may be given again)")
      ->type_name("DIR")
      ->group(group);
  verb.add_flag("--no-user-plugins", globals.no_user_plugins, "do not search the user's plugin folder")->group(group);
  verb.add_option("--arch", globals.arch, "force a SIMD level that this machine has (avx2, sse2, ..)")->type_name("LEVEL")->group(group);
  verb.add_option("--threads", globals.threads, "threads to run on; default: all that the process may use")
      ->type_name("N")
      ->check(CLI::Range(1u, 1024u).description(""))
      ->group(group);
  verb.add_flag("--json", globals.json, "results and errors as JSON")->group(group);
  verb.add_flag("-q,--quiet", globals.quiet, "no notes on stderr, only errors")->group(group);
  verb.add_flag("-v,--verbose", globals.verbose, "more notes on stderr")->group(group);
  verb.set_help_flag("-h,--help", "print this help")->group(group);
}

Context open_context(const Globals& globals) {
  tenon_context_options options = TENON_CONTEXT_OPTIONS_INIT;
  if (globals.no_user_plugins) options.flags |= TENON_CONTEXT_NO_USER_DIR;
  options.threads = globals.threads;
  if (!globals.arch.empty()) {
    options.arch = globals.arch.data();
    options.arch_length = globals.arch.size();
  }
  if (globals.verbose) {
    options.log = log_to_stderr;
    options.log_level = TENON_LOG_INFO;
  } else if (globals.json) {
    options.log = log_nowhere;  // stderr holds one JSON object or nothing; `tenon plugins --json` has what a log would say
  }
  Context context = make<Context>(tenon_context_create, &options);
  for (const std::string& path : globals.plugin_paths) call(tenon_context_add_plugin_path, context.get(), path.data(), path.size());
  return context;
}

int print_json(const Blob& report) {
  write_stdout(std::string(text_of(report)) + "\n");
  return kDone;
}

int print_json(const Json& report) {
  write_stdout(dump(report) + "\n");
  return kDone;
}

}  // namespace tenon::cli
