// Where plugins may come from: what a program asks of its context.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tenon/plugin.h"

namespace tenon {

struct LoaderOptions {
  // Tier 1, in this order: plugins linked into the program, single manifests, folders. Relative paths are the caller's to mean.
  struct StaticPlugin {
    tenon_plugin_query_fn query = nullptr;
    std::string manifest;  // its text
  };
  std::vector<StaticPlugin> statics;
  std::vector<std::string> manifests;
  std::vector<std::string> paths;

  bool no_environment = false;           // no variable is read
  bool no_user_dir = false;              // tier 3 off
  bool user_dir_as_root = false;         // tier 3 also when euid is 0
  bool no_system = false;                // tiers 4 and 5 off
  bool safe_mode = false;                // only static plugins and tier 5
  std::vector<std::string> allow, deny;  // globs of plugin names; no allow: all; deny wins

  std::string system_dir;                  // instead of the folder beside libtenon; its owner rule is that of tiers 1 to 3
  std::vector<std::string> feature_names;  // of Environment::machine.features, bit by bit; empty: variants that need features never fit
  std::string host_version = "0.0.0";      // told to plugins
};

}  // namespace tenon
