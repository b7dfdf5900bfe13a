#include "capi/src/handles.h"

namespace {

using namespace tenon;        // NOLINT: the entry points below are C
using namespace tenon::capi;  // NOLINT

Result<NodeRequest> read_request(const tenon_node_request* given) {
  tenon_node_request request = TENON_NODE_REQUEST_INIT;
  TENON_TRY(receive_options(request, given, TENON_KIND_NODE_REQUEST));
  NodeRequest out;
  TENON_ASSIGN(out.name, text(request.name, request.name_length, "name"));
  TENON_ASSIGN(out.op, text(request.op, request.op_length, "op"));
  if (request.operand_count > 0 && request.operands == nullptr)
    return fail(Code::InvalidArgument, "operands is NULL with operand_count ", request.operand_count).node(out.name);
  if (request.operand_count > 65536) return fail(Code::InvalidArgument, "operand_count is ", request.operand_count).node(out.name);
  for (std::size_t i = 0; i < request.operand_count; ++i) {
    if (request.operand_names == nullptr) {
      out.operands.push_back(request.operands[i]);
      continue;
    }
    TENON_ASSIGN(std::string operand, text(request.operand_names[i], TENON_NUL_TERMINATED, "operand name"));
    out.named_operands.emplace_back(std::move(operand), request.operands[i]);
  }
  if (request.attribute_count > 0 && request.attributes == nullptr)
    return fail(Code::InvalidArgument, "attributes is NULL with attribute_count ", request.attribute_count).node(out.name);
  if (request.attribute_count > 4096) return fail(Code::InvalidArgument, "attribute_count is ", request.attribute_count).node(out.name);
  for (std::size_t i = 0; i < request.attribute_count; ++i) {
    Result<NamedAttr> attr = from_c(request.attributes[i]);
    if (!attr.ok()) return std::move(attr.take_error()).node(out.name);
    out.attributes.push_back(*std::move(attr));
  }
  return out;
}

}  // namespace

extern "C" {

int32_t tenon_graph_create(tenon_context* context, const char* name, size_t length, tenon_graph** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(context);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(std::string graph_name, text(name, length, "name"));
    *out = new tenon_graph{context, Graph(graph_name.empty() ? "graph" : std::move(graph_name)), {}};
    return {};
  });
}

void tenon_graph_destroy(tenon_graph* graph) { delete graph; }

int32_t tenon_graph_add_input(tenon_graph* graph, const char* name, size_t length, const tenon_type_view* type, tenon_value* out,
                              tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(graph);
    TENON_CHECK_ARGUMENT(type);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(std::string input, text(name, length, "name"));
    TENON_ASSIGN(TensorType checked, tensor_type(type));
    TENON_ASSIGN(*out, graph->graph.add_input(std::move(input), std::move(checked)));
    return {};
  });
}

int32_t tenon_graph_add_param(tenon_graph* graph, const char* name, size_t length, const char* alias, size_t alias_length,
                              const tenon_type_view* type, tenon_value* out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(graph);
    TENON_CHECK_ARGUMENT(type);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(std::string param, text(name, length, "name"));
    TENON_ASSIGN(std::string known_as, text(alias, alias_length, "alias"));
    TENON_ASSIGN(TensorType checked, tensor_type(type));
    if (known_as.empty()) known_as = param;
    TENON_ASSIGN(*out, graph->graph.add_param(std::move(param), std::move(known_as), std::move(checked)));
    return {};
  });
}

int32_t tenon_graph_add_constant(tenon_graph* graph, const char* name, size_t length, const tenon_tensor_view* data, tenon_value* out,
                                 tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(graph);
    TENON_CHECK_ARGUMENT(data);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(std::string constant, text(name, length, "name"));
    Dims strides;
    TENON_ASSIGN(TensorView view, tensor_view(*data, strides, constant));
    TensorType type{view.dtype, Dims(view.dims.begin(), view.dims.end())};
    TENON_ASSIGN(Tensor copy, Tensor::zeros(type));
    copy_strided(view, copy.view());
    TENON_ASSIGN(*out, graph->graph.add_constant(std::move(constant), std::move(type), std::make_shared<Tensor>(std::move(copy)), false));
    return {};
  });
}

int32_t tenon_graph_add_node(tenon_graph* graph, const tenon_node_request* request, tenon_value* results, size_t capacity, size_t* count,
                             tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(graph);
    TENON_CHECK_ARGUMENT(request);
    if (capacity > 0) TENON_CHECK_ARGUMENT(results);
    TENON_ASSIGN(NodeRequest read, read_request(request));
    Context& context = *graph->context->context;
    TENON_ASSIGN(const std::uint32_t index, add_node(graph->graph, context.registry(), context.environment(), read));
    const Node& node = graph->graph.nodes()[index];
    for (std::size_t i = 0; i < std::min(capacity, node.results.size()); ++i) results[i] = node.results[i];
    if (count != nullptr) *count = node.results.size();
    return {};
  });
}

int32_t tenon_graph_add_output(tenon_graph* graph, const char* name, size_t length, tenon_value value, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(graph);
    TENON_ASSIGN(std::string output, text(name, length, "name"));
    if (!graph->graph.has_value(value)) return fail(Code::NotFound, "output ", output, ": the graph has no value number ", value);
    return graph->graph.add_output(std::move(output), value);
  });
}

int32_t tenon_graph_find_value(const tenon_graph* graph, const char* name, size_t length, tenon_value* out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(graph);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(std::string value, text(name, length, "name"));
    TENON_ASSIGN(*out, resolve_value(graph->graph, graph->context->context->registry(), value));
    return {};
  });
}

int32_t tenon_graph_get_type(const tenon_graph* graph, tenon_value value, tenon_type_view* out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(graph);
    TENON_CHECK_ARGUMENT(out);
    if (!graph->graph.has_value(value)) return fail(Code::NotFound, "the graph has no value number ", value);
    *out = type_view(graph->graph.value(value).type);
    return {};
  });
}

int32_t tenon_graph_load(tenon_context* context, const char* path, size_t length, uint32_t flags, tenon_graph** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(context);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(std::string file, text(path, length, "path"));
    if ((flags & ~TENON_GRAPH_PRUNE) != 0) return fail(Code::NotUnderstood, "unknown flags ", flags & ~TENON_GRAPH_PRUNE);
    Context& core = *context->context;
    TENON_ASSIGN(GraphFile loaded, load_graph(file, core.registry(), core.environment(), {.prune = (flags & TENON_GRAPH_PRUNE) != 0}));
    *out = new tenon_graph{context, std::move(loaded.graph), std::move(loaded.params_file)};
    return {};
  });
}

int32_t tenon_graph_parse(tenon_context* context, const char* yaml, size_t length, const char* file, size_t file_length, uint32_t flags,
                          tenon_graph** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(context);
    TENON_CHECK_ARGUMENT(yaml);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(std::string name, text(file, file_length, "file"));
    if ((flags & ~TENON_GRAPH_PRUNE) != 0) return fail(Code::NotUnderstood, "unknown flags ", flags & ~TENON_GRAPH_PRUNE);
    // Not through text(): the YAML reader reports invalid UTF-8 with its line.
    std::string source(yaml, length == TENON_NUL_TERMINATED ? std::char_traits<char>::length(yaml) : length);
    Context& core = *context->context;
    TENON_ASSIGN(GraphFile parsed, parse_graph(std::move(source), name.empty() ? "<text>" : name, core.registry(), core.environment(),
                                               {.prune = (flags & TENON_GRAPH_PRUNE) != 0}));
    *out = new tenon_graph{context, std::move(parsed.graph), std::move(parsed.params_file)};
    return {};
  });
}

int32_t tenon_graph_to_yaml(const tenon_graph* graph, tenon_blob** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(graph);
    TENON_CHECK_ARGUMENT(out);
    TENON_ASSIGN(std::string yaml, graph_to_yaml(graph->graph, graph->context->context->registry()));
    return make_blob(std::move(yaml), out);
  });
}

int32_t tenon_graph_from_operator(tenon_context* context, const tenon_operator_source* source, tenon_graph** out, tenon_error** error) {
  return fenced(error, [&]() -> Status {
    TENON_CHECK_ARGUMENT(context);
    TENON_CHECK_ARGUMENT(source);
    TENON_CHECK_ARGUMENT(out);
    tenon_operator_source given = TENON_OPERATOR_SOURCE_INIT;
    TENON_TRY(receive_options(given, source, TENON_KIND_OPERATOR_SOURCE));
    TENON_ASSIGN(std::string op, text(given.op, given.op_length, "op"));
    TENON_ASSIGN(std::string dtype_text, text(given.dtype, given.dtype_length, "dtype"));
    TENON_ASSIGN(std::string shapes, text(given.shapes, given.shapes_length, "shapes"));
    const std::optional<DType> dtype = dtype_from_name(dtype_text);
    if (!dtype) return fail(Code::InvalidArgument, "unknown dtype ", dtype_text).advise(cat("use one of: ", dtype_names()));
    std::vector<std::pair<std::string, std::string>> attributes;
    if (given.attribute_count > 4096 || (given.attribute_count > 0 && given.attributes == nullptr))
      return fail(Code::InvalidArgument, "attributes and attribute_count do not fit");
    for (std::size_t i = 0; i < given.attribute_count; ++i) {
      TENON_ASSIGN(std::string item, text(given.attributes[i], TENON_NUL_TERMINATED, "attribute"));
      const std::size_t equals = item.find('=');
      if (equals == std::string::npos || equals == 0)
        return fail(Code::InvalidArgument, "attribute \"", item, "\" is not NAME=VALUE").advise("write it as epsilon=1e-5");
      attributes.emplace_back(item.substr(0, equals), item.substr(equals + 1));
    }
    Context& core = *context->context;
    TENON_ASSIGN(Graph graph, single_operator_graph(op, *dtype, split(shapes, ','), attributes, core.registry(), core.environment()));
    *out = new tenon_graph{context, std::move(graph), {}};
    return {};
  });
}

const char* tenon_graph_get_params_file(const tenon_graph* graph, size_t* length) {
  static const std::string empty;
  const std::string& path = graph == nullptr ? empty : graph->params_file;
  if (length != nullptr) *length = path.size();
  return path.c_str();
}

}  // extern "C"
