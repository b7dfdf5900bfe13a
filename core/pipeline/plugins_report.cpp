// Every plugin that was found: state, reason, what to do, what it offers.
#include "core/pipeline/plugins_report.h"
#include "core/base/json.h"
#include "core/pipeline/pipeline.h"
#include "core/plugin/query.h"

namespace tenon {

void write_record(JsonWriter& json, const PluginRecord& record) {
  json.begin_object().field("name", record.name).field("version", record.version);
  json.field("kind", record.manifest == nullptr ? std::string() : record.manifest->kind);
  json.field("state", name(record.state));
  json.field("code", record.error ? code_name(record.error->raw_code) : std::string_view());
  json.field("message", record.error ? record.error->message : record.reason);
  json.field("advice", record.error ? record.error->advice : std::string());
  if (record.error && !record.error->where.file.empty())
    json.field("file", record.error->where.file).field("line", record.error->where.line).field("column", record.error->where.column);
  json.field("manifest", record.manifest_path).field("library", record.library_path).field("tier", record.tier);
  json.key("warnings").begin_array();
  for (const std::string& warning : record.warnings) json.value(warning);
  json.end_array();
  json.field("discovery_us", static_cast<double>(record.discovery_ns) / 1000).field("open_us", static_cast<double>(record.open_ns) / 1000);
  json.field("fp_violations", record.fp_violations);
  json.key("operators").begin_array();
  if (record.manifest != nullptr)
    for (const OpSchema& op : record.manifest->ops)
      json.value(op.kernels_for.empty() ? op.full_name() : cat("kernels for ", op.kernels_for));
  json.end_array();
  if (record.manifest != nullptr) {
    const Manifest& manifest = *record.manifest;
    json.key("api").begin_object().field("major", manifest.api.major).field("min_minor", manifest.api.min_minor);
    json.field("built_minor", manifest.api.built_minor).end_object();
    json.field("priority", manifest.priority).key("levels").begin_array();
    for (const std::string& level : manifest.levels) json.value(level);
    json.end_array();
  }
  json.end_object();
}

std::string plugins_json(Context& context) {
  const Loader& loader = context.loader();
  JsonWriter json;
  json.begin_object().field("tenon", TENON_VERSION_TEXT).key("plugins").begin_array();
  for (const PluginRecord& record : loader.records()) write_record(json, record);
  json.end_array().key("searched").begin_array();
  for (const SearchPlace& place : loader.places()) json.begin_object().field("tier", place.tier).field("path", place.path).end_object();
  json.end_array().key("skipped").begin_array();
  for (const SkippedPlace& place : loader.skipped())
    json.begin_object().field("tier", place.tier).field("path", place.path).field("note", place.why).end_object();
  json.end_array().key("notices").begin_array();
  for (const std::string& notice : loader.notices()) json.value(notice);
  json.end_array().key("plugin_api").begin_object().field("major", TENON_PLUGIN_API_MAJOR).field("min_minor", kHostApiMinorMin);
  json.field("max_minor", kHostApiMinorMax).end_object().end_object();
  return json.take();
}

}  // namespace tenon
