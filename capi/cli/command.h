// What the verbs share: the options that every one takes, the context made from them, and the table of verbs.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "handles.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace tenon::cli {

struct Globals {
  std::vector<std::string> plugin_paths;
  bool no_user_plugins = false;
  std::string arch;
  unsigned threads = 0;  // 0: as many as the process may use
  bool json = false, quiet = false, verbose = false;
};

// Adds the options of every verb (--plugin-path, --arch, --json, ..) to one.
void add_globals(CLI::App& verb, Globals& globals);
Context open_context(const Globals& globals);

// Adds a verb's own options, and returns what runs when the verb is chosen: its exit status. Throws Failure.
using Action = std::function<int(const Globals&)>;
Action add_lower(CLI::App& verb);
Action add_run(CLI::App& verb);
Action add_verify(CLI::App& verb);
Action add_explain(CLI::App& verb);
Action add_ops(CLI::App& verb);
Action add_targets(CLI::App& verb);
Action add_plugins(CLI::App& verb);
Action add_inspect(CLI::App& verb);

// A list option that takes one value each time it is given, so that it never swallows SOURCE.
CLI::Option* add_repeatable(CLI::App& verb, const std::string& names, std::vector<std::string>& values, const std::string& help);

// A report of the library as --json prints it: unchanged, on a line of its own.
int print_json(const Blob& report);
int print_json(const Json& report);

}  // namespace tenon::cli
