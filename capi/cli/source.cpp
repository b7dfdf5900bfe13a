#include "source.h"

#include <CLI/CLI.hpp>
#include <filesystem>

#include "terminal.h"

namespace tenon::cli {
namespace {

bool is_operator_source(const std::string& source) { return source.rfind("op:", 0) == 0; }

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Extensions of files that are no graph file, and what reads them.
struct Foreign {
  const char* extension;
  const char* format;
};
constexpr Foreign kImported[] = {
    {".onnx", "ONNX"},         {".gguf", "GGUF"},       {".tflite", "TensorFlow Lite"},   {".litertlm", "LiteRT-LM"},
    {".pt", "PyTorch"},        {".pth", "PyTorch"},     {".pt2", "PyTorch export"},       {".pb", "TensorFlow"},
    {".mlpackage", "Core ML"}, {".mlmodel", "Core ML"}, {".safetensors", "Hugging Face"},
};
constexpr const char* kModules[] = {".mlir", ".mlirbc", ".stablehlo", ".vhlo"};
constexpr const char* kOther[] = {".yaml", ".yml", ".json", ".npy", ".irpa", ".so", ".txt"};

Graph operator_graph(const Context& context, const SourceOptions& options) {
  const std::string op = options.source.substr(3);
  if (op.empty()) throw wrong_usage("op: needs an operator's name", "write op:rms_norm; `tenon ops` lists the names");
  if (!options.dtype) throw wrong_usage("op:" + op + " needs --dtype", "for example: --dtype bf16 --shape 4x640,640");
  if (!options.shape) throw wrong_usage("op:" + op + " needs --shape", "for example: --shape 4x640,640, in the operands' order");
  std::vector<const char*> attributes;
  for (const std::string& attribute : options.attributes) attributes.push_back(attribute.c_str());
  tenon_operator_source source = TENON_OPERATOR_SOURCE_INIT;
  source.op = op.data();
  source.op_length = op.size();
  source.dtype = options.dtype->data();
  source.dtype_length = options.dtype->size();
  source.shapes = options.shape->data();
  source.shapes_length = options.shape->size();
  source.attributes = attributes.data();
  source.attribute_count = attributes.size();
  return make<Graph>(tenon_graph_from_operator, context.get(), static_cast<const tenon_operator_source*>(&source));
}

// Says why a file that exists is no SOURCE, by its name.
[[noreturn]] void refuse(const std::string& source, bool folder) {
  if (folder)
    throw Failure("DEPENDENCY_MISSING", source + " is a folder: model folders are read by an importer plugin, and none is installed",
                  "install an importer for model folders, or give a graph file (.yaml)")
        .at("file", source);
  for (const char* extension : kModules)
    if (ends_with(source, extension))
      throw Failure("UNIMPLEMENTED", source + " is a StableHLO module by its name, and this version has no StableHLO parser",
                    "give the graph file (.yaml) that it was lowered from, or op:NAME")
          .at("file", source);
  for (const Foreign& foreign : kImported)
    if (ends_with(source, foreign.extension))
      throw Failure(
          "DEPENDENCY_MISSING",
          source + " is a " + foreign.format + " file by its name, and no importer plugin for " + foreign.extension + " is installed",
          std::string("install an importer for ") + foreign.format + " files; `tenon plugins` lists what is installed")
          .at("file", source);
  throw Failure("INVALID_ARGUMENT", source + " has no name that a reader or importer knows",
                "name a graph file NAME.yaml, or give one operator as op:NAME --dtype D --shape AxB")
      .at("file", source);
}

}  // namespace

void add_source_options(CLI::App& verb, SourceOptions& options) {
  const std::string group = "Source";
  verb.add_option("--dtype", options.dtype, "dtype of op:NAME's operands")->type_name("D")->group(group);
  verb.add_option("--shape", options.shape, "sizes of op:NAME's operands, in their order; empty for an absent one")
      ->type_name("AxB[,CxD..]")
      ->group(group);
  add_repeatable(verb, "--attr", options.attributes, "attribute of op:NAME (may be given again)")->type_name("NAME=VALUE")->group(group);
  verb.add_flag("--prune", options.prune, "drop nodes that no output needs, instead of failing")->group(group);
  verb.add_option("--params", options.params, "parameter values; default: the file that the graph file names")
      ->type_name("FILE.safetensors|FILE.irpa")
      ->group(group);
}

bool is_operator_name(const std::string& word) {
  if (is_operator_source(word) || word.find('/') != std::string::npos) return false;
  for (const Foreign& foreign : kImported)
    if (ends_with(word, foreign.extension)) return false;
  for (const char* extension : kModules)
    if (ends_with(word, extension)) return false;
  for (const char* extension : kOther)
    if (ends_with(word, extension)) return false;
  return true;
}

Graph load_source(const Context& context, const SourceOptions& options) {
  const std::string& source = options.source;
  if (source.empty()) throw wrong_usage("SOURCE is missing", "give a graph file (.yaml), or op:NAME --dtype D --shape AxB");
  if (is_operator_source(source)) return operator_graph(context, options);
  if (options.dtype || options.shape || !options.attributes.empty())
    throw wrong_usage("--dtype, --shape and --attr belong to a source op:NAME", "leave them out, or write op:" + source);
  std::error_code code;
  const std::filesystem::file_status status = std::filesystem::status(source, code);
  if (!std::filesystem::exists(status)) {
    const std::string advice = is_operator_name(source) ? "check the path; one operator is written op:" + source : "check the path";
    throw Failure("NOT_FOUND", "no such file: " + source, advice).at("file", source);
  }
  if (ends_with(source, ".tenon.yaml"))
    throw Failure("INVALID_ARGUMENT", source + " is a plugin's manifest by its name, not a graph file",
                  "`tenon plugins lint` checks manifests")
        .at("file", source);
  if (std::filesystem::is_directory(status) || !ends_with(source, ".yaml")) refuse(source, std::filesystem::is_directory(status));
  const std::uint32_t flags = options.prune ? TENON_GRAPH_PRUNE : 0u;
  return make<Graph>(tenon_graph_load, context.get(), source.data(), source.size(), flags);
}

Params open_params(const Context& context, const Graph& graph, const SourceOptions& options, ParamsUse use) {
  std::string path = options.params;
  if (path.empty()) {
    std::size_t length = 0;
    const char* named = tenon_graph_get_params_file(graph.get(), &length);
    path.assign(named, length);
    std::error_code code;
    if (path.empty() || (use == ParamsUse::WhereNeeded && !std::filesystem::exists(path, code))) return nullptr;
  }
  return make<Params>(tenon_params_open, context.get(), path.data(), path.size());
}

}  // namespace tenon::cli
