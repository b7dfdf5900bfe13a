#include "core/plugin/search.h"

#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "core/plugin/dynamic.h"

namespace tenon {
namespace {

constexpr std::string_view kFolder = "tenon/plugins-1";  // the number is the plugin ABI's major

// As Debian names this architecture's library folder; empty: none.
constexpr std::string_view kTriplet =
#if defined(__x86_64__) && !defined(__ILP32__)
    "x86_64-linux-gnu";
#elif defined(__aarch64__)
    "aarch64-linux-gnu";
#elif defined(__i386__)
    "i386-linux-gnu";
#elif defined(__arm__)
    "arm-linux-gnueabihf";
#elif defined(__riscv)
    "riscv64-linux-gnu";
#elif defined(__s390x__)
    "s390x-linux-gnu";
#elif defined(__powerpc64__)
    "powerpc64le-linux-gnu";
#else
    "";
#endif

std::vector<std::string> globs(const std::string& text) {
  std::string commas = text;
  std::replace(commas.begin(), commas.end(), ':', ',');
  std::vector<std::string> list;
  for (std::string& part : split(commas, ','))
    if (!part.empty()) list.push_back(std::move(part));
  return list;
}

class Planner {
 public:
  Planner(const LoaderOptions& options, const ProcessView& process) : options_(options), process_(process) {
    ours_.allow_user = true;
    ours_.user = process.user;
  }

  SearchPlan plan() {
    read_filters();
    const std::string only = variable("TENON_PLUGIN_PATH");
    if (plan_.safe_mode)
      off_ = "safe mode: only the plugins beside the library; unset TENON_SAFE_MODE to search here";
    else if (!only.empty())
      off_ = "TENON_PLUGIN_PATH replaces it; unset that, or use TENON_ADD_PLUGIN_PATH";
    for (const std::string& path : options_.manifests) add({1, path, true, true, ours_}, plan_.safe_mode);
    for (const std::string& path : options_.paths) add({1, path, false, true, ours_}, plan_.safe_mode);
    if (!only.empty())
      add_variable("TENON_PLUGIN_PATH", only);
    else
      add_variable("TENON_ADD_PLUGIN_PATH", variable("TENON_ADD_PLUGIN_PATH"));
    add_user();
    add_site();
    add_system();
    return std::move(plan_);
  }

 private:
  std::string variable(const char* name) const {
    return options_.no_environment || process_.secure ? std::string() : process_.variable(name);
  }

  // Searched, or told as skipped because the environment or the program says so.
  void add(SearchPlace place, bool off) {
    if (off)
      plan_.skipped.push_back({place.tier, std::move(place.path), off_});
    else
      plan_.places.push_back(std::move(place));
  }
  void skip(int tier, std::string path, std::string why) { plan_.skipped.push_back({tier, std::move(path), std::move(why)}); }

  void read_filters() {
    plan_.allow_more = globs(variable("TENON_PLUGINS_ALLOW"));
    plan_.deny = globs(variable("TENON_PLUGINS_DENY"));
    const std::string safe = variable("TENON_SAFE_MODE");
    plan_.safe_mode = options_.safe_mode || (!safe.empty() && safe != "0");
  }

  // Never relative: the current directory is anybody's.
  void add_variable(std::string_view name, const std::string& value) {
    for (const std::string& path : split(value, ':')) {
      if (path.empty()) continue;
      if (path[0] != '/') {
        plan_.notices.push_back(cat(name, ": \"", path, "\" is ignored, because it is relative; write an absolute path"));
        continue;
      }
      add({2, path, false, true, ours_}, plan_.safe_mode);
    }
  }

  void add_user() {
    std::string base = variable("XDG_DATA_HOME");
    if (!base.empty() && base[0] != '/') {
      if (off_.empty()) plan_.notices.push_back(cat("XDG_DATA_HOME: \"", base, "\" is ignored, because it is relative"));
      base.clear();
    }
    if (base.empty()) {
      const std::string home = variable("HOME");
      if (home.empty() || home[0] != '/') return;
      base = cat(home, "/.local/share");
    }
    std::string path = cat(base, "/", kFolder);
    if (options_.no_user_dir)
      skip(3, std::move(path), "the program does not search the user's folder (--no-user-plugins)");
    else if (process_.user == 0 && !options_.user_dir_as_root)
      skip(3, std::move(path), "root's own folder is not searched; give it as --plugin-path, or install for everybody in /usr/local/lib");
    else
      add({3, std::move(path), false, false, ours_}, !off_.empty());
  }

  void add_site() {
    if (options_.no_system || process_.secure) return;
    if (!kTriplet.empty()) add({4, cat("/usr/local/lib/", kTriplet, "/", kFolder), false, false, TrustRules{}}, !off_.empty());
    add({4, cat("/usr/local/lib/", kFolder), false, false, TrustRules{}}, !off_.empty());
  }

  void add_system() {
    const bool off = !off_.empty() && !plan_.safe_mode;  // safe mode leaves this one
    if (!options_.system_dir.empty()) {
      add({5, options_.system_dir, false, false, ours_}, off);
      return;
    }
    if (options_.no_system) return;
    TrustRules rules;
    if (!process_.own_folder.empty()) {
      rules.owner = process_.own_owner;
      rules.below = process_.own_folder;
      add({5, cat(process_.own_folder, "/", kFolder), false, false, rules}, off);
      return;
    }
#ifdef TENON_LIBRARY_FOLDER  // where the distribution installs, for a libtenon that is linked statically
    add({5, cat(TENON_LIBRARY_FOLDER, "/", kFolder), false, false, rules}, off);
#endif
  }

  const LoaderOptions& options_;
  const ProcessView& process_;
  TrustRules ours_;
  SearchPlan plan_;
  std::string off_;  // why folders that would be searched are not; empty: they are
};

bool any_match(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) { return glob_match(pattern, name); });
}

}  // namespace

ProcessView this_process() {
  ProcessView view;
  view.secure = ::getauxval(AT_SECURE) != 0;
  view.user = ::geteuid();
  view.variable = [](const char* name) {
    const char* value = ::secure_getenv(name);
    return value == nullptr ? std::string() : std::string(value);
  };
  const OwnFile own = own_file();
  struct stat entry {};
  if (!own.is_program && !own.path.empty() && ::stat(own.path.c_str(), &entry) == 0) {
    view.own_folder = own.path.substr(0, own.path.rfind('/'));
    view.own_owner = entry.st_uid;
  }
  return view;
}

SearchPlan plan_search(const LoaderOptions& options, const ProcessView& process) { return Planner(options, process).plan(); }

bool passes_filters(const LoaderOptions& options, const SearchPlan& plan, std::string_view name, std::string& reason) {
  if (any_match(options.deny, name))
    reason = "the program denies it";
  else if (any_match(plan.deny, name))
    reason = "TENON_PLUGINS_DENY matches its name";
  else if (!options.allow.empty() && !any_match(options.allow, name))
    reason = "the program does not allow it";
  else if (!plan.allow_more.empty() && !any_match(plan.allow_more, name))
    reason = "TENON_PLUGINS_ALLOW does not match its name";
  else
    return true;
  return false;
}

}  // namespace tenon
