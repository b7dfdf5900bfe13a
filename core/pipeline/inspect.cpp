// What is in a file, by its name: never by guessing from content what the name contradicts.
#include <filesystem>

#include "core/base/json.h"
#include "core/graphfile/graphfile.h"
#include "core/params/npy.h"
#include "core/pipeline/pipeline.h"

namespace tenon {
namespace {

void write_dims(JsonWriter& json, const Dims& dims) {
  json.key("shape").begin_array();
  for (std::int64_t size : dims) {
    if (size == kDynamic)
      json.value("?");
    else
      json.value(size);
  }
  json.end_array();
}

Status inspect_archive(JsonWriter& json, const std::string& path) {
  TENON_ASSIGN(ParamArchive archive, ParamArchive::open(path));
  json.field("format", archive.format());
  std::uint64_t bytes = 0;
  for (const ParamEntry& entry : archive.entries()) bytes += entry.bytes.size();
  json.field("count", static_cast<std::uint64_t>(archive.entries().size())).field("bytes", bytes);
  if (!archive.metadata().empty()) {
    json.key("metadata").begin_object();
    for (const auto& [key, value] : archive.metadata()) json.field(key, value);
    json.end_object();
  }
  json.key("tensors").begin_array();
  for (const ParamEntry& entry : archive.entries()) {
    json.begin_object().field("name", entry.name);
    json.field("dtype", entry.type ? std::string(name(entry.type->dtype)) : entry.dtype_text);
    if (entry.type) write_dims(json, entry.type->dims);
    json.field("bytes", static_cast<std::uint64_t>(entry.bytes.size())).end_object();
  }
  json.end_array();
  return {};
}

Status inspect_npy(JsonWriter& json, const std::string& path) {
  TENON_ASSIGN(NpyInfo info, npy_inspect(path));
  json.field("format", "npy").field("descr", info.descr).field("fortran_order", info.fortran_order);
  std::uint64_t bytes = info.item_bytes;
  for (std::int64_t size : info.dims) bytes *= static_cast<std::uint64_t>(size);
  json.key("tensors").begin_array().begin_object().field("name", "");
  json.field("dtype", info.dtype == DType::Invalid ? cat(info.item_bytes, " raw bytes") : std::string(name(info.dtype)));
  write_dims(json, info.dims);
  json.field("bytes", bytes).end_object().end_array();
  return {};
}

void write_value(JsonWriter& json, const Graph& graph, std::string_view value_name, GraphValueId id) {
  const GraphValue& value = graph.value(id);
  json.field("name", value_name).field("dtype", name(value.type.dtype));
  write_dims(json, value.type.dims);
}

Status inspect_graph(JsonWriter& json, Context& context, const std::string& path) {
  TENON_ASSIGN(GraphFile file, load_graph(path, context.registry(), context.environment(), {.prune = true}));
  const Graph& graph = file.graph;
  json.field("format", "graph").field("name", graph.name());
  if (!file.params_file.empty()) json.field("params_file", file.params_file);
  json.key("inputs").begin_array();
  for (const GraphInput& input : graph.inputs()) {
    json.begin_object();
    write_value(json, graph, input.name, input.value);
    json.end_object();
  }
  json.end_array().key("params").begin_array();
  for (const GraphParam& param : graph.params()) {
    json.begin_object();
    write_value(json, graph, param.name, param.value);
    json.field("as", param.alias).end_object();
  }
  json.end_array().key("constants").begin_array();
  for (const GraphConstant& constant : graph.constants()) {
    json.begin_object();
    write_value(json, graph, constant.name, constant.value);
    json.end_object();
  }
  json.end_array().key("nodes").begin_array();
  for (const Node& node : graph.nodes()) {
    json.begin_object().field("name", node.name).field("op", node.op);
    json.key("inputs").begin_array();
    for (GraphValueId id : node.operands) {
      if (id == kAbsent)
        json.null();
      else
        json.value(graph.value_name(id));
    }
    json.end_array().key("attributes").begin_object();
    for (const NamedAttr& attr : node.attributes)
      if (!attr.defaulted) json.field(attr.name, to_string(attr.value));
    json.end_object().key("results").begin_array();
    for (GraphValueId id : node.results)
      if (id != kAbsent) json.value(to_string(graph.value(id).type));
    json.end_array().end_object();
  }
  json.end_array().key("outputs").begin_array();
  for (const GraphOutput& output : graph.outputs()) {
    json.begin_object();
    write_value(json, graph, output.name, output.value);
    json.field("value", graph.value_name(output.value)).end_object();
  }
  json.end_array();
  return {};
}

}  // namespace

Result<std::string> inspect_json(Context& context, const std::string& path) {
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (!std::filesystem::exists(status)) return fail(Code::NotFound, "no such file: ", path).file(path).advise("check the path");
  if (std::filesystem::is_directory(status))
    return fail(Code::Unimplemented, path, " is a folder; model folders are read by an importer plugin, and none is installed")
        .advise("inspect the .safetensors file in it");
  if (path.ends_with(".tenon.yaml") || path.ends_with(".so")) return lint_json(context, path);
  JsonWriter json;
  json.begin_object().field("tenon", TENON_VERSION_TEXT).field("file", path);
  if (path.ends_with(".npy")) {
    TENON_TRY(inspect_npy(json, path));
  } else if (path.ends_with(".safetensors") || path.ends_with(".irpa")) {
    TENON_TRY(inspect_archive(json, path));
  } else if (path.ends_with(".yaml")) {
    TENON_TRY(inspect_graph(json, context, path));
  } else {
    return fail(Code::Unimplemented, "nothing here reads ", path)
        .file(path)
        .advise("known names end in .yaml, .npy, .safetensors, .irpa, .tenon.yaml or .so");
  }
  json.end_object();
  return json.take();
}

}  // namespace tenon
