// tenon plugins new NAME --lang c|c++|rust: writes a project that builds, and whose operator passes `tenon verify`.
#pragma once

#include <string>

#include "command.h"

namespace tenon::cli {

struct NewPlugin {
  std::string language, folder;
  bool given() const { return !language.empty() || !folder.empty(); }
};

// Adds --lang and --dir to `tenon plugins`.
void add_new_options(CLI::App& verb, NewPlugin& options);
// name: what stands behind `new` on the command line.
int new_plugin(const std::string& name, const NewPlugin& options, const Globals& globals);

}  // namespace tenon::cli
