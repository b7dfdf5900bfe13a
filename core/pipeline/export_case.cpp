#include "core/pipeline/export_case.h"

#include <algorithm>
#include <filesystem>

#include "core/base/files.h"
#include "core/base/json.h"
#include "core/graphfile/graphfile.h"
#include "core/params/npy.h"

namespace tenon {
namespace {

// Case and operand names come from a plugin's file: what is no plain file name becomes one.
std::string file_name(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    if (!plain) c = '_';
  }
  if (out.empty() || out.front() == '.') out.insert(out.begin(), '_');
  return out;
}

void write_shape(JsonWriter& json, const TensorType& type) {
  json.field("dtype", name(type.dtype)).key("shape").begin_array();
  for (const std::int64_t size : type.dims) json.value(size);
  json.end_array();
}

template <class Values, class Write>
void write_list(JsonWriter& json, const Values& values, Write&& write) {
  json.begin_array();
  for (const auto& value : values) write(value);
  json.end_array();
}

void write_attribute(JsonWriter& json, const Attr& attr) {
  if (const auto* flag = std::get_if<bool>(&attr)) {
    json.value(*flag);
  } else if (const auto* integer = std::get_if<IntAttr>(&attr)) {
    json.value(integer->value);
  } else if (const auto* number = std::get_if<FloatAttr>(&attr)) {
    json.value(number->value);
  } else if (const auto* text = std::get_if<std::string>(&attr)) {
    json.value(*text);
  } else if (const auto* dtype = std::get_if<DType>(&attr)) {
    json.value(name(*dtype));
  } else if (const auto* ints = std::get_if<IntsAttr>(&attr)) {
    write_list(json, ints->values, [&](std::int64_t value) { json.value(value); });
  } else if (const auto* floats = std::get_if<FloatsAttr>(&attr)) {
    write_list(json, floats->values, [&](double value) { json.value(value); });
  } else {
    json.value(to_string(attr));
  }
}

std::string_view word(ValueClass values) {
  constexpr std::string_view kWords[] = {"normal", "huge", "tiny", "special"};
  return kWords[static_cast<std::size_t>(values)];
}

std::string_view word(CaseLayout layout) {
  constexpr std::string_view kWords[] = {"compact", "strided", "misaligned", "in-place"};
  return kWords[static_cast<std::size_t>(layout)];
}

// Files beside each other are told apart by number.
struct InputFile {
  const GraphInput* input;
  std::string file;
};

std::vector<InputFile> input_files(const Graph& graph) {
  std::vector<InputFile> files;
  for (const GraphInput& input : graph.inputs()) files.push_back({&input, cat(files.size(), "_", file_name(input.name), ".npy")});
  return files;
}

std::string describe(const Graph& graph, const OpSchema& schema, const OperatorCase& test, DType dtype,
                     const std::vector<InputFile>& files) {
  const Node& node = graph.nodes().front();
  JsonWriter json;
  json.begin_object().field("op", schema.full_name()).field("case", test.name).field("dtype", name(dtype));
  json.field("values", word(test.values)).field("layout", word(test.layout));
  json.key("operands").begin_object();
  for (std::size_t i = 0; i < schema.operands.size() && i < node.operands.size(); ++i) {
    // A variadic operand is the last one, and takes the rest.
    const std::size_t end = schema.operands[i].variadic ? node.operands.size() : i + 1;
    if (node.operands[i] == kAbsent) continue;
    json.key(schema.operands[i].name).begin_array();
    for (std::size_t k = i; k < end; ++k) {
      const auto file =
          std::find_if(files.begin(), files.end(), [&](const InputFile& one) { return one.input->value == node.operands[k]; });
      json.begin_object().field("file", file->file).field("input", file->input->name);
      write_shape(json, graph.value(node.operands[k]).type);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
  json.key("attributes").begin_object();
  for (const AttrSchema& attribute : schema.attributes) {
    json.key(attribute.name);
    if (const Attr* value = find(node.attributes, attribute.name))
      write_attribute(json, *value);
    else
      json.null();
  }
  json.end_object();
  json.key("given").begin_array();
  for (const NamedAttr& attribute : node.attributes)
    if (!attribute.defaulted) json.value(attribute.name);
  json.end_array();
  json.key("results").begin_array();
  for (const GraphOutput& output : graph.outputs()) {
    json.begin_object().field("name", output.name);
    write_shape(json, graph.value(output.value).type);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.take() + "\n";
}

}  // namespace

Status export_case(Context& context, const Graph& graph, const OperatorCase& test, DType dtype, const std::vector<Tensor>& inputs,
                   const std::string& folder) {
  TENON_ASSIGN(const OpDef* op, context.registry().require(graph.nodes().front().op));
  const std::filesystem::path path =
      std::filesystem::path(folder) / file_name(op->schema.name) / file_name(cat(test.name, "-", name(dtype)));
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (code) return fail(Code::Unavailable, "cannot make the folder ", path.string(), ": ", code.message()).file(path.string());
  const std::vector<InputFile> files = input_files(graph);
  for (std::size_t i = 0; i < files.size(); ++i) TENON_TRY(npy_write((path / files[i].file).string(), inputs[i].view()));
  TENON_ASSIGN(const std::string yaml, graph_to_yaml(graph, context.registry()));
  TENON_TRY(write_file((path / "graph.yaml").string(), yaml));
  return write_file((path / "case.json").string(), describe(graph, op->schema, test, dtype, files));
}

}  // namespace tenon
