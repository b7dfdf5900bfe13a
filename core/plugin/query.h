// Asking a plugin what it is: the call of tenon_plugin_query_v1, the negotiation of the API's minor, and the check of every field that
// comes back, against the manifest and against the library's own memory.
#pragma once

#include <string>
#include <vector>

#include "core/op/environment.h"
#include "core/plugin/dynamic.h"
#include "core/plugin/manifest.h"
#include "tenon/plugin.h"

namespace tenon {

inline constexpr std::uint32_t kHostApiMinorMin = 0;
inline constexpr std::uint32_t kHostApiMinorMax = TENON_PLUGIN_API_MINOR;

// min(host's newest, built), if that is at least what each side asks for; else INCOMPATIBLE with both ranges and what to install.
Result<std::uint32_t> negotiate(const Manifest::Api& plugin, std::uint32_t host_min, std::uint32_t host_max);

struct PluginTable {
  std::uint32_t api_minor = 0;                   // agreed
  std::vector<const tenon_operator*> operators;  // in the manifest's order; the plugin's own tables
  int32_t (*create)(tenon_call*, void**) = nullptr;
  void (*destroy)(tenon_call*, void*) = nullptr;
  bool fp_changed = false;  // the query changed the floating-point environment; it was restored
};

// library: where all pointers must lie; null for a plugin that is linked into the program, whose pointers are the program's.
// INCOMPATIBLE, MANIFEST_MISMATCH, NOT_UNDERSTOOD or PLUGIN_REJECTED. Any thread; calls the plugin once.
Result<PluginTable> query_plugin(tenon_plugin_query_fn query, const Manifest& manifest, const MappedLibrary* library,
                                 const Environment& environment, const std::string& host_version);

std::string_view sanitizer_name(std::uint32_t sanitizer);  // "none", "address", ..

}  // namespace tenon
