// How reports show a plugin.
#pragma once

#include "core/base/json.h"
#include "core/plugin/loader.h"

namespace tenon {

// One object: name, state, reason, advice, files, what it offers.
void write_record(JsonWriter& json, const PluginRecord& record);

}  // namespace tenon
