#include "core/pipeline/cases.h"

#include <algorithm>

namespace tenon {
namespace {

using yaml::Document;
using yaml::Node;
using yaml::Reader;

Result<Dims> read_shape(const Document& document, const Node& node) {
  Dims dims;
  if (node.kind != yaml::Kind::Sequence) return error_at(document, node, "a shape is a sequence of sizes");
  for (const Node& item : node.items) {
    TENON_ASSIGN(dims.emplace_back(), as_i64(document, item, "size"));
  }
  return dims;
}

// Numbers as an f64 tensor of that many elements.
Result<Tensor> read_numbers(const Document& document, const Node& node) {
  if (node.kind != yaml::Kind::Sequence) return error_at(document, node, "values are a flat sequence of numbers");
  TENON_ASSIGN(Tensor tensor, Tensor::zeros({DType::F64, {static_cast<std::int64_t>(node.items.size())}}));
  auto* out = reinterpret_cast<double*>(tensor.data());
  for (const Node& item : node.items) {
    TENON_ASSIGN(*out++, as_f64(document, item, "value"));
  }
  return tensor;
}

// As text: the schema decides how it is read. Lists of integers and of other numbers keep their kind.
Result<Attr> read_attribute(const Document& document, const Node& node) {
  if (node.kind != yaml::Kind::Sequence) {
    TENON_ASSIGN(std::string scalar, as_string(document, node, "attribute"));
    return Attr(std::move(scalar));
  }
  IntsAttr ints;
  FloatsAttr floats;
  for (const Node& item : node.items) {
    TENON_ASSIGN(const double number, as_f64(document, item, "item"));
    floats.values.push_back(number);
    if (const auto integer = parse_i64(item.scalar)) ints.values.push_back(*integer);
  }
  if (ints.values.size() == floats.values.size()) return Attr(std::move(ints));
  return Attr(std::move(floats));
}

// input: the name of the graph's input for it, where that differs from the operand's.
Status read_part(const Document& document, const std::string& name, const std::string& input, const Node& node, OperatorCase& out) {
  CaseOperand operand{name, {}};
  if (node.kind == yaml::Kind::Sequence) {
    TENON_ASSIGN(operand.type.dims, read_shape(document, node));
    out.operands.push_back(std::move(operand));
    return {};
  }
  TENON_ASSIGN(Reader reader, Reader::open(document, node, cat("operand ", name)));
  TENON_ASSIGN(const Node* shape, reader.required("shape"));
  TENON_ASSIGN(operand.type.dims, read_shape(document, *shape));
  if (const Node* dtype = reader.optional("dtype")) {
    TENON_ASSIGN(std::string text, as_string(document, *dtype, "dtype"));
    const auto known = dtype_from_name(text);
    if (!known) return error_at(document, *dtype, cat("unknown dtype ", text)).advise(cat("use one of: ", dtype_names()));
    operand.type.dtype = *known;
  }
  if (const Node* data = reader.optional("data")) {
    TENON_ASSIGN(Tensor values, read_numbers(document, *data));
    out.data.emplace_back(input, std::move(values));
  }
  TENON_TRY(reader.finish());
  out.operands.push_back(std::move(operand));
  return {};
}

// One operand, or the parts of a variadic one in a list: [[2, 3], {shape: [2, 5], data: ..}].
Status read_operand(const Document& document, const Node::Entry& entry, OperatorCase& out) {
  const bool parts =
      entry.value.kind == yaml::Kind::Sequence && !entry.value.items.empty() && entry.value.items.front().kind != yaml::Kind::Scalar;
  if (!parts) return read_part(document, entry.key, entry.key, entry.value, out);
  for (std::size_t i = 0; i < entry.value.items.size(); ++i)
    TENON_TRY(read_part(document, entry.key, i == 0 ? entry.key : cat(entry.key, "_", i), entry.value.items[i], out));
  return {};
}

template <class Enum, std::size_t N>
Result<Enum> read_word(Reader& reader, std::string_view key, const std::pair<std::string_view, Enum> (&words)[N]) {
  TENON_ASSIGN(std::string word, reader.string_or(key, std::string(words[0].first)));
  for (const auto& [text, value] : words)
    if (text == word) return value;
  return error_at(reader.document(), reader.node(), cat(key, ": unknown word ", word));
}

Result<OperatorCase> read_case(const Document& document, const Node& node) {
  TENON_ASSIGN(Reader reader, Reader::open(document, node, "case"));
  OperatorCase out;
  TENON_ASSIGN(out.op, reader.string("op"));
  TENON_ASSIGN(out.name, reader.string("name"));
  TENON_ASSIGN(std::vector<std::string> dtypes, reader.strings_or_empty("dtypes"));
  for (const std::string& text : dtypes) {
    const auto dtype = dtype_from_name(text);
    if (!dtype) return error_at(document, node, cat("unknown dtype ", text)).advise(cat("use one of: ", dtype_names()));
    out.dtypes.push_back(*dtype);
  }
  TENON_ASSIGN(const Node* operands, reader.required("operands"));
  if (operands->kind != yaml::Kind::Mapping) return error_at(document, *operands, "operands is a mapping from name to shape");
  for (const Node::Entry& entry : operands->entries) TENON_TRY(read_operand(document, entry, out));
  if (const Node* attributes = reader.optional("attributes")) {
    for (const Node::Entry& entry : attributes->entries) {
      TENON_ASSIGN(Attr attr, read_attribute(document, entry.value));
      out.attributes.push_back({entry.key, std::move(attr)});
    }
  }
  constexpr std::pair<std::string_view, ValueClass> kValues[] = {
      {"normal", ValueClass::Normal}, {"huge", ValueClass::Huge}, {"tiny", ValueClass::Tiny}, {"special", ValueClass::Special}};
  constexpr std::pair<std::string_view, CaseLayout> kLayouts[] = {{"compact", CaseLayout::Compact},
                                                                  {"strided", CaseLayout::Strided},
                                                                  {"misaligned", CaseLayout::Misaligned},
                                                                  {"in-place", CaseLayout::InPlace}};
  TENON_ASSIGN(out.values, read_word(reader, "values", kValues));
  TENON_ASSIGN(out.layout, read_word(reader, "layout", kLayouts));
  TENON_ASSIGN(out.text, reader.boolean_or("text", false));
  TENON_ASSIGN(out.error, reader.string_or("error", ""));
  if (const Node* bound = reader.optional("max_ulp")) {
    TENON_ASSIGN(out.max_ulp, as_f64(document, *bound, "max_ulp"));
  }
  if (const Node* expected = reader.optional("expected")) {
    if (expected->kind != yaml::Kind::Mapping) return error_at(document, *expected, "expected is a mapping from result to values");
    for (const Node::Entry& entry : expected->entries) {
      TENON_ASSIGN(Tensor values, read_numbers(document, entry.value));
      out.expected.emplace_back(entry.key, std::move(values));
    }
  }
  TENON_TRY(reader.finish());
  return out;
}

}  // namespace

Result<std::vector<OperatorCase>> parse_cases(std::string text, const std::string& file) {
  TENON_ASSIGN(Document document, yaml::parse(std::move(text), file, yaml::kManifestLimits));
  std::vector<OperatorCase> cases;
  if (document.root.is_null()) return cases;
  if (document.root.kind != yaml::Kind::Sequence) return error_at(document, document.root, "a cases file is a sequence of cases");
  for (const yaml::Node& node : document.root.items) {
    TENON_ASSIGN(cases.emplace_back(), read_case(document, node));
  }
  return cases;
}

}  // namespace tenon
