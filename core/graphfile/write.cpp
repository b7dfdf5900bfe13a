// Writing a graph file: what parse_graph reads back as an equal graph, the same bytes every time.
#include <algorithm>

#include "core/base/json.h"
#include "core/graphfile/graphfile.h"
#include "core/type/convert.h"

namespace tenon {
namespace {

// Plain where no reader could take it for something else, else in double quotes (JSON's escapes are YAML's).
std::string scalar(std::string_view text) {
  const bool plain = !text.empty() &&
                     std::all_of(text.begin(), text.end(),
                                 [](char c) {
                                   return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                                          c == '.' || c == '-' || c == '/';
                                 }) &&
                     ((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z') || text[0] == '_') && text != "true" &&
                     text != "false" && text != "null" && text != "Null" && text != "NULL";
  return plain ? std::string(text) : json_quote(text);
}

std::string number(double value) {
  if (value != value) return ".nan";
  if (value == __builtin_inf()) return ".inf";
  if (value == -__builtin_inf()) return "-.inf";
  return shortest(value);
}

std::string shape_text(const GraphValue& value) {
  std::string text = "[";
  for (std::size_t i = 0; i < value.type.dims.size(); ++i) {
    if (i > 0) text += ", ";
    if (value.type.dims[i] == kDynamic)
      text += cat("\"?", i < value.symbols.size() ? value.symbols[i] : "", "\"");
    else
      text += cat(value.type.dims[i]);
  }
  return text + "]";
}

std::string type_text(const GraphValue& value) { return cat("dtype: ", name(value.type.dtype), ", shape: ", shape_text(value)); }

std::string element_text(const Tensor& tensor, std::int64_t index) {
  const DType dtype = tensor.type().dtype;
  if (dtype == DType::F64) return number(tensor.f64(index));
  if (is_float(dtype)) {
    // Shortest text that reads back as the same number of the narrower type: every such type is a subset of f32.
    const double value = tensor.f64(index);
    return value != value || value - value != 0 ? number(value) : shortest(static_cast<float>(value));
  }
  if (dtype == DType::I1) return tensor.i64(index) != 0 ? "true" : "false";
  if (dtype == DType::UI64) return cat(static_cast<std::uint64_t>(tensor.i64(index)));
  return cat(tensor.i64(index));
}

void append_nested(std::string& text, const Tensor& tensor, std::size_t axis, std::int64_t& index) {
  if (axis == tensor.type().dims.size()) {
    text += element_text(tensor, index++);
    return;
  }
  text += '[';
  for (std::int64_t i = 0; i < tensor.type().dims[axis]; ++i) {
    if (i > 0) text += ", ";
    append_nested(text, tensor, axis + 1, index);
  }
  text += ']';
}

std::string attribute_text(const Attr& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<IntAttr>(&value)) return cat(integer->value);
  if (const auto* real = std::get_if<FloatAttr>(&value)) return number(real->value);
  if (const auto* dtype = std::get_if<DType>(&value)) return std::string(name(*dtype));
  if (const auto* text = std::get_if<std::string>(&value)) return json_quote(*text);
  std::string list;
  if (const auto* ints = std::get_if<IntsAttr>(&value))
    for (std::int64_t item : ints->values) list += cat(list.empty() ? "" : ", ", item);
  if (const auto* floats = std::get_if<FloatsAttr>(&value))
    for (double item : floats->values) list += cat(list.empty() ? "" : ", ", number(item));
  return cat("[", list, "]");
}

std::string node_text(const Graph& graph, const Registry& registry, const Node& node) {
  const OpDef* op = registry.find(node.op);
  std::string text =
      cat("- {name: ", scalar(node.name), ", op: ", scalar(node.op.starts_with("tenon.") && op != nullptr ? op->schema.name : node.op));
  std::size_t count = node.operands.size();
  while (count > 0 && node.operands[count - 1] == kAbsent) --count;
  std::string operands;
  for (std::size_t i = 0; i < count; ++i)
    operands += cat(i == 0 ? "" : ", ", node.operands[i] == kAbsent ? "~" : scalar(graph.value_name(node.operands[i])));
  text += cat(", inputs: [", operands, "]");
  std::string attributes;
  for (const NamedAttr& attr : node.attributes)
    if (!attr.defaulted) attributes += cat(attributes.empty() ? "" : ", ", attr.name, ": ", attribute_text(attr.value));
  if (!attributes.empty()) text += cat(", attributes: {", attributes, "}");
  return text + "}\n";
}

}  // namespace

Result<std::string> graph_to_yaml(const Graph& graph, const Registry& registry) {
  std::string text = cat("tenon: 1\nname: ", scalar(graph.name()), "\n");
  if (!graph.inputs().empty()) text += "inputs:\n";
  for (const GraphInput& input : graph.inputs())
    text += cat("- {name: ", scalar(input.name), ", ", type_text(graph.value(input.value)), "}\n");
  if (!graph.params().empty()) text += "params:\n";
  for (const GraphParam& param : graph.params())
    text += cat("- {name: ", scalar(param.name), param.alias == param.name ? "" : cat(", as: ", scalar(param.alias)), ", ",
                type_text(graph.value(param.value)), "}\n");
  if (!graph.constants().empty()) text += "constants:\n";
  for (const GraphConstant& constant : graph.constants()) {
    text += cat("- {name: ", scalar(constant.name), ", ", type_text(graph.value(constant.value)), ", value: ");
    std::int64_t index = 0;
    if (constant.splat)
      text += element_text(*constant.data, 0);
    else
      append_nested(text, *constant.data, 0, index);
    text += "}\n";
  }
  if (!graph.nodes().empty()) text += "nodes:\n";
  for (const Node& node : graph.nodes()) text += node_text(graph, registry, node);
  text += graph.outputs().empty() ? "outputs: []\n" : "outputs:\n";
  for (const GraphOutput& output : graph.outputs())
    text += cat("- {name: ", scalar(output.name), ", value: ", scalar(graph.value_name(output.value)), "}\n");
  return text;
}

}  // namespace tenon
