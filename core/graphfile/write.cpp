// A graph as YAML, in the form of the files that people write.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/graphfile/graphfile.h"
#include "core/graphfile/values.h"
#include "core/type/convert.h"
#include "core/yaml/document.h"

namespace tenon {
namespace graphfile {
namespace {

// Texts that a reader takes for text without quotes. Anything else is quoted:
// numbers, words with a meaning, punctuation.
bool is_plain(std::string_view text) {
  if (text.empty() || text.size() > 200) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (!letter(text.front())) return false;
  for (const char c : text)
    if (!letter(c) && !(c >= '0' && c <= '9') && c != '.' && c != '-' && c != '/') return false;
  const std::string folded = fold_name(text);
  for (const std::string_view word : {"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
    if (folded == word) return false;
  return true;
}

std::string number(double value) {
  if (std::isnan(value)) return ".nan";
  if (std::isinf(value)) return value < 0 ? "-.inf" : ".inf";
  return shortest(value);
}

// The shortest number that this dtype reads back as the same element.
std::string element(DType dtype, const std::byte* at) {
  if (dtype == DType::I1) return load_i64(dtype, at) != 0 ? "true" : "false";
  if (dtype == DType::UI64) return cat(static_cast<std::uint64_t>(load_i64(dtype, at)));
  if (!is_float(dtype)) return cat(load_i64(dtype, at));
  const double value = load_f64(dtype, at);
  if (dtype == DType::F64 || !std::isfinite(value)) return number(value);
  const std::string brief = shortest(static_cast<float>(value));
  std::byte again[8] = {};
  store_f64(dtype, again, parse_f64(brief).value_or(0));
  return std::memcmp(again, at, storage_size(dtype)) == 0 ? brief : shortest(value);
}

void write_lists(const TensorType& type, std::size_t depth, const std::byte*& at, std::string& out) {
  if (depth == type.dims.size()) {
    out += element(type.dtype, at);
    at += storage_size(type.dtype);
    return;
  }
  out += '[';
  for (std::int64_t i = 0; i < type.dims[depth]; ++i) {
    if (i > 0) out += ", ";
    write_lists(type, depth + 1, at, out);
  }
  out += ']';
}

template <class List, class Write>
std::string list(const List& values, Write write) {
  std::string out = "[";
  for (std::size_t i = 0; i < values.size(); ++i) out += cat(i > 0 ? ", " : "", write(values[i]));
  return out + "]";
}

}  // namespace

std::string quote(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string write_attribute(const Attr& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<IntAttr>(&value)) return cat(integer->value);
  if (const auto* real = std::get_if<FloatAttr>(&value)) return number(real->value);
  if (const auto* text = std::get_if<std::string>(&value)) return quote(*text);
  if (const auto* dtype = std::get_if<DType>(&value)) return std::string(name(*dtype));
  if (const auto* ints = std::get_if<IntsAttr>(&value)) return list(ints->values, [](std::int64_t item) { return cat(item); });
  if (const auto* floats = std::get_if<FloatsAttr>(&value)) return list(floats->values, number);
  return quote(to_string(value));  // no schema has another kind
}

std::string write_dims(const TensorType& type, const std::vector<std::string>& symbols) {
  std::string out = "[";
  for (std::size_t i = 0; i < type.dims.size(); ++i) {
    if (i > 0) out += ", ";
    out += type.dims[i] != kDynamic ? cat(type.dims[i]) : cat("\"?", i < symbols.size() ? symbols[i] : std::string(), "\"");
  }
  return out + "]";
}

std::string write_constant(const TensorType& type, const Tensor& data, bool splat) {
  const std::byte* at = data.data();
  if (splat) return element(type.dtype, at);
  std::string out;
  write_lists(type, 0, at, out);
  return out;
}

}  // namespace graphfile

namespace {

using graphfile::quote;

std::string type_text(const GraphValue& value) {
  return cat("dtype: ", name(value.type.dtype), ", shape: ", graphfile::write_dims(value.type, value.symbols));
}

std::string node_text(const Graph& graph, const Node& node) {
  const std::string op = node.op.starts_with("tenon.") ? node.op.substr(6) : node.op;
  std::string text = cat("- {name: ", quote(node.name), ", op: ", quote(op));
  std::size_t count = node.operands.size();
  while (count > 0 && node.operands[count - 1] == kAbsent) --count;
  text += ", inputs: [";
  for (std::size_t i = 0; i < count; ++i)
    text += cat(i > 0 ? ", " : "", node.operands[i] == kAbsent ? "~" : quote(graph.value_name(node.operands[i])));
  text += "]";
  std::string attributes;
  for (const NamedAttr& attr : node.attributes)
    if (!attr.defaulted) attributes += cat(attributes.empty() ? "" : ", ", attr.name, ": ", graphfile::write_attribute(attr.value));
  if (!attributes.empty()) text += cat(", attributes: {", attributes, "}");
  return text + "}\n";
}

}  // namespace

Result<std::string> graph_to_yaml(const Graph& graph, const Registry& registry) {
  if (graph.outputs().empty())
    return fail(Code::FailedPrecondition, "graph ", graph.name(), " has no outputs").advise("add an output before it is written");
  std::string text = cat("tenon: 1\nname: ", quote(graph.name()), "\n");
  const auto section = [&](std::string_view title, std::size_t count) {
    if (count > 0) text += cat(title, ":\n");
  };
  section("inputs", graph.inputs().size());
  for (const GraphInput& input : graph.inputs())
    text += cat("- {name: ", quote(input.name), ", ", type_text(graph.value(input.value)), "}\n");
  section("params", graph.params().size());
  for (const GraphParam& param : graph.params())
    text += cat("- {name: ", quote(param.name), param.alias == param.name ? std::string() : cat(", as: ", quote(param.alias)), ", ",
                type_text(graph.value(param.value)), "}\n");
  section("constants", graph.constants().size());
  for (const GraphConstant& constant : graph.constants()) {
    const GraphValue& value = graph.value(constant.value);
    // A whole file has this many values; nearly all of it may be one constant.
    if (!constant.splat && static_cast<std::size_t>(value.type.elements()) > yaml::kGraphLimits.events / 2)
      return fail(Code::ResourceExhausted, "constant ", constant.name, " ", to_string(value.type), " is too large for a graph file")
          .operand(constant.name)
          .advise("make it a parameter");
    text += cat("- {name: ", quote(constant.name), ", ", type_text(value),
                ", value: ", graphfile::write_constant(value.type, *constant.data, constant.splat), "}\n");
  }
  section("nodes", graph.nodes().size());
  for (const Node& node : graph.nodes()) {
    TENON_ASSIGN([[maybe_unused]] const OpDef* op, registry.require(node.op));
    text += node_text(graph, node);
  }
  text += "outputs:\n";
  for (const GraphOutput& output : graph.outputs()) {
    const std::string value = graph.value_name(output.value);
    text += output.name == value ? cat("- ", quote(value), "\n") : cat("- {name: ", quote(output.name), ", value: ", quote(value), "}\n");
  }
  if (text.size() > yaml::kGraphLimits.bytes)
    return fail(Code::ResourceExhausted, "the graph takes ", text.size(), " bytes as a file, at most ", yaml::kGraphLimits.bytes,
                " are read")
        .advise("make large constants parameters");
  return text;
}

}  // namespace tenon
