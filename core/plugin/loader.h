// Finding plugins, and opening them when they are first needed.
//
// Discovery reads manifests and looks at library files; it runs no plugin's code. Each plugin gets a record with a state and, if it was
// refused, the reason and what to do about it. A bad plugin affects nothing but its own record.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/op/environment.h"
#include "core/op/registry.h"
#include "core/plugin/inspect.h"
#include "core/plugin/manifest.h"
#include "core/plugin/options.h"
#include "core/plugin/search.h"

namespace tenon {

// In the order of a plugin's life. Probed and Quarantined belong to the probe process, which comes later; their numbers are fixed now.
enum class PluginState : std::int32_t {
  Found = 0,      // a manifest's file was seen
  Parsed = 1,     // its content is right
  Validated = 2,  // the library file was checked without running it: may be opened
  Probed = 3,
  Loaded = 4,    // mapped, queried, checked
  Active = 5,    // created in this context: its operators can be called
  Rejected = 6,  // see `error`
  Denied = 7,    // by a filter
  Shadowed = 8,  // another plugin of the same name came first
  Quarantined = 9,
};
std::string_view name(PluginState state);  // "ACTIVE"

struct PluginRecord {
  std::string name, version;  // empty if the manifest could not be read
  PluginState state = PluginState::Found;
  std::optional<Error> error;    // Rejected, Quarantined: code, message, advice, place
  std::string reason;            // Denied, Shadowed: in words
  std::string manifest_path;     // "static" for a plugin linked into the program
  std::string library_path;      // of the variant that fits this machine; "static"
  std::vector<std::string> cpu;  // features that this variant needs
  int tier = 0;
  std::vector<std::string> warnings;
  std::uint64_t discovery_ns = 0, open_ns = 0;
  std::uint64_t fp_violations = 0;
  std::shared_ptr<const Manifest> manifest;  // everything else; null if it could not be read
};

class PluginProvider;

class Loader {
 public:
  Loader();
  // Calls each active plugin's destroy, last created first. No callback of a plugin may be running.
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // Once. Fills the registry with the operators of every plugin that may be opened. The environment must outlive the loader and the
  // registry's users. `process` is for tests. Where memory runs out this throws bad_alloc, and loader and registry are of no use.
  void discover(LoaderOptions options, Registry& registry, const Environment& environment, ProcessView process = this_process());

  std::vector<PluginRecord> records() const;                             // a copy, in search order; any thread
  const std::vector<std::string>& notices() const { return notices_; }   // what the search ignored
  const std::vector<SearchPlace>& places() const { return places_; }     // where was searched
  const std::vector<SkippedPlace>& skipped() const { return skipped_; }  // where not, and why

  // Opens a plugin now. NOT_FOUND, or why it is refused. Any thread.
  Status preload(std::string_view name);

  // Checks one manifest and the library beside it by the same rules, running none of its code, and goes on behind an error where it can.
  // Any thread, after discover.
  struct LintResult {
    PluginRecord record;               // Rejected, with the first problem, if there is any
    std::vector<Error> problems;       // all of them
    std::vector<std::string> exports;  // what the library defines for others
  };
  LintResult lint(const std::string& manifest_path) const;

 private:
  struct Entry {
    PluginRecord record;
    std::shared_ptr<PluginProvider> provider;  // null unless it may be opened
  };
  void add_static(const LoaderOptions::StaticPlugin& plugin);
  void add_place(const SearchPlace& place, DependencyIndex& dependencies);
  bool admit(PluginRecord& record) const;
  void accept(PluginRecord record, tenon_plugin_query_fn query, LibraryFile library, TrustRules rules);
  void log(std::int32_t level, const std::string& text) const;

  LoaderOptions options_;
  ProcessView process_;
  SearchPlan plan_;
  Registry* registry_ = nullptr;
  const Environment* environment_ = nullptr;
  std::vector<Entry> entries_;  // fixed after discovery
  std::vector<std::string> notices_;
  std::vector<SearchPlace> places_;
  std::vector<SkippedPlace> skipped_;
  std::recursive_mutex serial_;            // Provider::serial of every plugin here
  std::atomic<std::uint32_t> created_{0};  // numbers the plugins in the order of their create
};

}  // namespace tenon
