// Every plugin that was found: state, reason, what to do, what it offers.
#include "core/base/json.h"
#include "core/pipeline/pipeline.h"

namespace tenon {
namespace {

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
  json.end_array().end_object();
}

}  // namespace

std::string plugins_json(Context& context) {
  const Loader& loader = context.loader();
  JsonWriter json;
  json.begin_object().field("tenon", TENON_VERSION_TEXT).key("plugins").begin_array();
  for (const PluginRecord& record : loader.records()) write_record(json, record);
  json.end_array().key("searched").begin_array();
  for (const SearchPlace& place : loader.places()) json.begin_object().field("tier", place.tier).field("path", place.path).end_object();
  json.end_array().key("notices").begin_array();
  for (const std::string& notice : loader.notices()) json.value(notice);
  json.end_array().end_object();
  return json.take();
}

Result<std::string> lint_json(Context& context, const std::string& path) {
  std::string manifest = path;
  // NAME.so is checked through the NAME.tenon.yaml beside it.
  if (manifest.ends_with(".so")) manifest.replace(manifest.size() - 3, 3, ".tenon.yaml");
  PluginRecord record = context.loader().lint(manifest);
  if (record.error) return std::move(*record.error);
  JsonWriter json;
  json.begin_object().field("tenon", TENON_VERSION_TEXT).field("file", path).field("format", "plugin").key("plugin");
  write_record(json, record);
  json.end_object();
  return json.take();
}

}  // namespace tenon
