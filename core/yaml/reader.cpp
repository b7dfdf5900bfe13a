// Typed reading of a parsed document (declared in document.h).
#include <algorithm>
#include <cmath>

#include "core/yaml/document.h"

namespace tenon::yaml {

namespace {

std::string_view kind_text(const Node& node) {
  switch (node.kind) {
    case Kind::Null:
      return "nothing";
    case Kind::Scalar:
      return "a single value";
    case Kind::Sequence:
      return "a list";
    case Kind::Mapping:
      return "a mapping";
  }
  return "nothing";
}

// What stands there, for "got ...": the text itself where it is short.
std::string found(const Node& node) {
  if (!node.is_scalar() || node.scalar.size() > 60) return std::string(kind_text(node));
  return cat('"', node.scalar, '"');
}

Error expected(const Document& document, const Node& node, std::string_view what, std::string_view kind) {
  return error_at(document, node, cat(what, " must be ", kind, ", got ", found(node)));
}

bool all_digits(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos; }

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

Error error_at(const Document& document, const Node& node, std::string message, Code code) {
  return fail(code, std::move(message)).file(document.file, node.line, node.column);
}

Result<double> as_f64(const Document& document, const Node& node, std::string_view what) {
  if (!node.is_scalar()) return expected(document, node, what, "a number").advise("write a number such as 1e-5");
  const std::string& text = node.scalar;
  const std::string_view magnitude = std::string_view(text).substr(!text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0);
  // The spellings of the YAML core schema.
  if (magnitude == ".inf" || magnitude == ".Inf" || magnitude == ".INF") return text[0] == '-' ? -HUGE_VAL : HUGE_VAL;
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return std::nan("");
  // parse_f64 takes more words than YAML does.
  if (!magnitude.empty() && all_digits(magnitude.substr(magnitude[0] == '.' ? 1 : 0, 1)))
    if (const std::optional<double> value = parse_f64(text)) return *value;
  Error error = expected(document, node, what, "a number");
  if (magnitude == "inf" || magnitude == "nan" || magnitude == "Infinity" || magnitude == "NaN")
    return std::move(error).advise("write .inf, -.inf or .nan");
  return std::move(error).advise("write a number such as 1e-5 that a 64-bit float can hold");
}

Result<std::int64_t> as_i64(const Document& document, const Node& node, std::string_view what) {
  if (!node.is_scalar()) return expected(document, node, what, "an integer").advise("write a whole number");
  const std::string& text = node.scalar;
  const std::string_view magnitude = std::string_view(text).substr(!text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0);
  if (all_digits(magnitude)) {
    // 010 is 8 in YAML 1.1 and 10 in YAML 1.2: nobody should have to know.
    if (magnitude.size() > 1 && magnitude[0] == '0') return expected(document, node, what, "an integer").advise("remove the leading zero");
    if (const std::optional<std::int64_t> value = parse_i64(text)) return *value;
    return error_at(document, node, cat(what, " is ", found(node), ", which is beyond 64 bits"))
        .advise("write a number from -9223372036854775808 to 9223372036854775807");
  }
  if (const std::optional<std::int64_t> value = parse_i64(text)) return *value;  // hexadecimal
  return expected(document, node, what, "an integer").advise("write a whole number, without fraction or exponent");
}

Result<bool> as_bool(const Document& document, const Node& node, std::string_view what) {
  if (node.is_scalar() && node.scalar == "true") return true;
  if (node.is_scalar() && node.scalar == "false") return false;
  return expected(document, node, what, "true or false").advise("write true or false in small letters");
}

Result<std::string> as_string(const Document& document, const Node& node, std::string_view what) {
  if (!node.is_scalar()) return expected(document, node, what, "a text").advise("write a text, in quotes if it is null or empty");
  return node.scalar;
}

Result<Reader> Reader::open(const Document& document, const Node& node, std::string what) {
  if (node.kind != Kind::Mapping)
    return expected(document, node, what, "a mapping")
        .advise("write keys and values: \"key: value\" on lines of their own, or {key: value}");
  Reader reader;
  reader.document_ = &document;
  reader.node_ = &node;
  reader.what_ = std::move(what);
  return reader;
}

const Node* Reader::optional(std::string_view key) {
  known_.emplace_back(key);
  return node_->find(key);
}

Result<const Node*> Reader::required(std::string_view key) {
  const Node* value = optional(key);
  if (value == nullptr) return error_at(*document_, *node_, cat(what_, " has no \"", key, "\"")).advise(cat("add \"", key, ": ...\""));
  if (value->is_null())
    return error_at(*document_, *value, cat(what_, ": \"", key, "\" has no value")).advise(cat("write a value after \"", key, ":\""));
  return value;
}

Result<std::string> Reader::string(std::string_view key) {
  TENON_ASSIGN(const Node* value, required(key));
  return as_string(*document_, *value, cat(what_, ": \"", key, "\""));
}

Result<std::string> Reader::string_or(std::string_view key, std::string fallback) {
  const Node* value = optional(key);
  if (value == nullptr || value->is_null()) return fallback;
  return as_string(*document_, *value, cat(what_, ": \"", key, "\""));
}

Result<std::int64_t> Reader::integer(std::string_view key) {
  TENON_ASSIGN(const Node* value, required(key));
  return as_i64(*document_, *value, cat(what_, ": \"", key, "\""));
}

Result<std::int64_t> Reader::integer_or(std::string_view key, std::int64_t fallback) {
  const Node* value = optional(key);
  if (value == nullptr || value->is_null()) return fallback;
  return as_i64(*document_, *value, cat(what_, ": \"", key, "\""));
}

Result<bool> Reader::boolean_or(std::string_view key, bool fallback) {
  const Node* value = optional(key);
  if (value == nullptr || value->is_null()) return fallback;
  return as_bool(*document_, *value, cat(what_, ": \"", key, "\""));
}

Result<std::vector<std::string>> Reader::strings_or_empty(std::string_view key) {
  std::vector<std::string> texts;
  const Node* value = optional(key);
  if (value == nullptr || value->is_null()) return texts;
  const std::string what = cat(what_, ": \"", key, "\"");
  if (value->kind != Kind::Sequence) return expected(*document_, *value, what, "a list").advise("write a list: [first, second]");
  for (std::size_t i = 0; i < value->items.size(); ++i) {
    TENON_ASSIGN(std::string text, as_string(*document_, value->items[i], cat(what, " item ", i)));
    texts.push_back(std::move(text));
  }
  return texts;
}

Status Reader::finish(bool unknown_is_error) {
  if (!unknown_is_error) return {};
  std::vector<Error> unknown = unknown_keys();
  return unknown.empty() ? Status() : Status(std::move(unknown.front()));
}

std::vector<Error> Reader::unknown_keys() const {
  std::vector<Error> errors;
  for (const Node::Entry& entry : node_->entries) {
    if (std::string_view(entry.key).substr(0, 2) == "x-") continue;
    if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
    const std::string nearest = nearest_name(entry.key, known_);
    std::string advice;
    if (!nearest.empty())
      advice = cat("did you mean \"", nearest, "\"?");
    else if (known_.empty())
      advice = "remove it";
    else
      advice = cat("the keys here are: ", join(known_, ", "));
    errors.push_back(fail(Code::InvalidArgument, what_, ": unknown key \"", entry.key, "\"")
                         .file(document_->file, entry.line, entry.column)
                         .advise(std::move(advice)));
  }
  return errors;
}

}  // namespace tenon::yaml
