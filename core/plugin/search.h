// The order in which folders are searched, and which environment variables count.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/plugin/options.h"
#include "core/plugin/trust.h"

namespace tenon {

// What the search needs to know about the process; tests make their own.
struct ProcessView {
  bool secure = false;     // AT_SECURE: more rights than the caller has, so no variable counts and tiers 2 to 4 are off
  std::uint32_t user = 0;  // effective
  std::function<std::string(const char*)> variable;  // "" if unset or not to be trusted
  std::string own_folder;                            // of libtenon's file, resolved; empty: unknown or linked statically
  std::uint32_t own_owner = 0;                       // of libtenon's file
};
ProcessView this_process();

struct SearchPlace {
  int tier = 0;
  std::string path;       // a folder, or a manifest file
  bool manifest = false;  // `path` is a manifest
  bool named = false;     // someone named it (tiers 1 and 2): its absence is worth a notice
  TrustRules rules;
};

// A folder that the rules name but that is not searched, and why, with what would change it: for reports.
struct SkippedPlace {
  int tier = 0;
  std::string path;
  std::string why;
};

struct SearchPlan {
  std::vector<SearchPlace> places;  // in order; the first hit of a plugin's name wins
  std::vector<SkippedPlace> skipped;
  std::vector<std::string> notices;           // what was ignored and why
  std::vector<std::string> allow_more, deny;  // TENON_PLUGINS_ALLOW: besides options.allow, one of these too; TENON_PLUGINS_DENY
  bool safe_mode = false;
};

// Tiers: 1 the program's own, 2 TENON_PLUGIN_PATH (replaces 3 to 5) or TENON_ADD_PLUGIN_PATH, 3 $XDG_DATA_HOME/tenon/plugins-1, 4
// /usr/local, 5 tenon/plugins-1 beside libtenon.
SearchPlan plan_search(const LoaderOptions& options, const ProcessView& process);

// Whether filters let the plugin in; if not, `reason` says which one.
bool passes_filters(const LoaderOptions& options, const SearchPlan& plan, std::string_view name, std::string& reason);

}  // namespace tenon
