// What `tenon plugins` does for administrators (doctor) and for authors (lint). Each returns its exit status.
#pragma once

#include "command.h"

namespace tenon::cli {

// Maps and asks the plugin of that name; "": every one. What fails is in the report that is made afterwards.
void open_plugins(const Context& context, const std::string& name);

// report: of tenon_plugins_json.
int doctor(const Context& context, const Json& report, const Globals& globals);

// file: a manifest, or the library beside it. open: also opens the library, in a context that has this plugin alone.
int lint_plugin(const std::string& file, bool open, const Globals& globals);

}  // namespace tenon::cli
