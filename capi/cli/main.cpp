// The tenon command. `tenon VERB [OPTIONS] ARGUMENTS`: results on stdout, everything else on stderr; exit status 0 done, 1 the request
// failed, 2 wrong usage. It sees tenon.h alone: everything that it does a program can do.
#include <CLI/CLI.hpp>
#include <new>

#include "command.h"
#include "output.h"
#include "terminal.h"

namespace tenon::cli {
namespace {

struct Verb {
  const char* name;
  const char* summary;
  Action (*add)(CLI::App&);
};
constexpr Verb kVerbs[] = {
    {"lower", "a graph or operator as StableHLO text for a target", add_lower},
    {"run", "execute a graph or operator here", add_run},
    {"verify", "kernels against lowerings", add_verify},
    {"explain", "every candidate kernel of every step, and why it was or was not chosen", add_explain},
    {"ops", "operators: operands, attributes, dtypes, kernels", add_ops},
    {"targets", "target profiles, and what each does with each operator", add_targets},
    {"plugins", "plugins found, with their state and what to do about it", add_plugins},
    {"inspect", "what is in a graph, .npy, .safetensors, .irpa or plugin", add_inspect},
};

std::vector<std::string> verb_names() {
  std::vector<std::string> names;
  for (const Verb& verb : kVerbs) names.emplace_back(verb.name);
  return names;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

bool looks_like_option(const std::string& word) { return word.size() > 1 && word.front() == '-'; }

[[noreturn]] void refuse_option(const std::string& word, const CLI::App& app, const std::string& help) {
  const std::string name = word.substr(0, word.find('='));
  throw wrong_usage("unknown option " + name, did_you_mean(name, option_names(app), "`" + help + " --help` lists the options"));
}

// What the parser of a verb did not understand: an unknown option if there is one, else an argument too many.
void check_rest(const CLI::App& verb) {
  const std::vector<std::string> rest = verb.remaining();
  if (rest.empty()) return;
  const std::string help = "tenon " + verb.get_name();
  for (const std::string& word : rest)
    if (looks_like_option(word)) refuse_option(word, verb, help);
  throw wrong_usage("unexpected argument " + rest.front(),
                    "`" + help + " --help` shows the arguments; a list option is written again for each value");
}

// No verb was found.
[[noreturn]] void refuse_verb(const CLI::App& app, const Globals& globals) {
  const std::vector<std::string> rest = app.remaining();
  const std::string verbs = "verbs: " + join(verb_names(), ", ");
  if (rest.empty()) throw wrong_usage("a verb is missing", verbs + "; `tenon --help` says more");
  if (!looks_like_option(rest.front())) throw wrong_usage("unknown verb " + rest.front(), did_you_mean(rest.front(), verb_names(), verbs));
  Globals copy = globals;
  CLI::App every;
  add_globals(every, copy);
  for (const std::string& name : option_names(every))
    if (rest.front().substr(0, rest.front().find('=')) == name)
      throw wrong_usage(name + " stands before the verb", "write it behind the verb: tenon VERB " + name);
  refuse_option(rest.front(), app, "tenon");
}

// The parser's text, without its doubled empty lines and its brackets around what is not optional.
std::string help_text(const CLI::App& app) {
  std::string text = app.help();
  const auto replace_all = [&text](const std::string& from, const std::string& to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) text.replace(at, from.size(), to);
  };
  replace_all("\n\n\n", "\n\n");
  replace_all("[SOURCE]", "SOURCE");
  replace_all("[OP|SOURCE]", "OP|SOURCE");
  replace_all("[OP|SOURCE...]", "OP.. | SOURCE");
  replace_all("[FILE]", "FILE");
  replace_all("[OPTIONS] [VERB]", "VERB [OPTIONS] ARGUMENTS");
  return text;
}

int run(int argc, char** argv, Globals& globals) {
  CLI::App app("Tenon: operators as plugins, lowered to StableHLO and run on the CPU.", "tenon");
  app.set_help_flag("-h,--help", "print this help");
  app.set_version_flag("--version", std::string("tenon ") + tenon_version(), "print the version");
  app.require_subcommand(0, 1);
  app.allow_extras();
  app.get_formatter()->column_width(40);
  app.get_formatter()->label("SUBCOMMAND", "VERB");
  std::vector<std::pair<CLI::App*, Action>> verbs;
  for (const Verb& row : kVerbs) {
    CLI::App* verb = app.add_subcommand(row.name, row.summary)->allow_extras()->group("Verbs");
    Action action = row.add(*verb);
    add_globals(*verb, globals);
    verbs.emplace_back(verb, std::move(action));
  }
  app.footer(
      "Examples:\n"
      "  tenon lower graph.yaml --target iree -o out.mlir\n"
      "  tenon lower op:rms_norm --dtype bf16 --shape 4x640,640\n"
      "  tenon run graph.yaml --input x=tokens.npy --params weights.safetensors -o y.npy\n"
      "  tenon explain rms_norm --dtype bf16 --shape 4x640,640\n\n"
      "`tenon VERB --help` says more about a verb. Exit status: 0 done, 1 the request failed, 2 wrong usage.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    write_stdout(help_text(app));
    return kDone;
  } catch (const CLI::CallForVersion& version) {
    write_stdout(std::string(version.what()) + "\n");
    return kDone;
  } catch (const CLI::ParseError& error) {
    const auto chosen = app.get_subcommands();
    if (!chosen.empty()) check_rest(*chosen.front());  // an unknown option is the likelier mistake
    throw wrong_usage(error.what(), "`tenon" + (chosen.empty() ? "" : " " + chosen.front()->get_name()) + " --help` lists the options");
  }
  const std::vector<std::string> before = app.remaining();
  for (const auto& [verb, action] : verbs)
    if (verb->parsed()) {
      if (!before.empty()) refuse_verb(app, globals);
      check_rest(*verb);
      return action(globals);
    }
  refuse_verb(app, globals);
}

int fail(const Failure& failure, bool json) {
  write_stderr(json ? failure.json() : failure.report(colours_on_stderr()));
  return failure.status();
}

}  // namespace
}  // namespace tenon::cli

int main(int argc, char** argv) {
  using namespace tenon::cli;  // NOLINT: this is the program
  Globals globals;
  // Known before parsing, so that a mistake in the options is reported as asked.
  bool json = false;
  for (int i = 1; i < argc; ++i) json = json || std::string_view(argv[i]) == "--json";
  try {
    return run(argc, argv, globals);
  } catch (const Failure& failure) {
    return fail(failure, json);
  } catch (const std::bad_alloc&) {
    return fail(Failure("RESOURCE_EXHAUSTED", "out of memory", "use smaller shapes"), json);
  } catch (const std::exception& error) {
    return fail(Failure("INTERNAL", error.what(), "report this as a bug of Tenon"), json);
  }
}
