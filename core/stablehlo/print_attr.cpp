// Attributes, symbols and strings as MLIR text.
#include <algorithm>

#include "core/stablehlo/print.h"
#include "core/stablehlo/printer.h"

namespace tenon::stablehlo {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// [A-Za-z_][A-Za-z0-9_$.]*: what MLIR reads without quotes.
bool is_bare(std::string_view name) {
  if (name.empty() || !is_letter(name[0])) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '$' || c == '.'; });
}

template <class List, class Print>
std::string bracketed(const List& values, Print print) {
  std::string out = "[";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ", ";
    out += print(values[i]);
  }
  return out + "]";
}

// dense<[..]> : tensor<NxT>; an empty one is dense<>.
std::string dense_list(std::string list, std::size_t count, std::string_view type) {
  if (count == 0) list.clear();
  return cat("dense<", list, "> : tensor<", count, "x", type, ">");
}

struct AttrText {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(const IntAttr& attr) const { return cat(attr.value, " : ", info(attr.type).mlir); }
  std::string operator()(const FloatAttr& attr) const { return cat(float_literal(attr.type, attr.value), " : ", info(attr.type).mlir); }
  std::string operator()(const std::string& text) const { return string_text(text); }
  std::string operator()(DType dtype) const { return string_text(tenon::name(dtype)); }
  std::string operator()(const IntsAttr& attr) const {
    if (attr.style == ListStyle::Array) return array_text(attr.values);
    if (attr.style == ListStyle::Bracket) return list_text(attr.values);
    return dense_list(list_text(attr.values), attr.values.size(), "i64");
  }
  std::string operator()(const FloatsAttr& attr) const {
    return dense_list(bracketed(attr.values, [](double value) { return float_literal(DType::F64, value); }), attr.values.size(), "f64");
  }
  std::string operator()(const BoolsAttr& attr) const {
    return dense_list(bracketed(attr.values, [](bool value) { return cat(value); }), attr.values.size(), "i1");
  }
  std::string operator()(const SymbolAttr& attr) const { return symbol_text(attr.name); }
  std::string operator()(const StringsAttr& attr) const { return bracketed(attr.values, string_text); }
  std::string operator()(const DictAttr& attr) const { return dict_text(attr.items); }
};

}  // namespace

std::string string_text(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\') {
      out += c;
    } else {
      out += '\\';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out + '"';
}

std::string symbol_text(std::string_view name) { return cat("@", is_bare(name) ? std::string(name) : string_text(name)); }
std::string key_text(std::string_view name) { return is_bare(name) ? std::string(name) : string_text(name); }
std::string attr_text(const Attr& attr) { return std::visit(AttrText{}, attr); }

std::string dict_text(Dict dict) {
  sort_by_name(dict);
  std::string out = "{";
  for (const NamedAttr& item : dict) {
    if (out.size() > 1) out += ", ";
    out += cat(key_text(item.name), " = ", attr_text(item.value));
  }
  return out + "}";
}

std::string list_text(std::span<const std::int64_t> values) {
  return bracketed(values, [](std::int64_t value) { return cat(value); });
}

std::string array_text(std::span<const std::int64_t> values) {
  if (values.empty()) return "array<i64>";
  const std::string list = list_text(values);
  return cat("array<i64: ", std::string_view(list).substr(1, list.size() - 2), ">");
}

}  // namespace tenon::stablehlo
