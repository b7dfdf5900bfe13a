// Values of a schema, as YAML writes them.
#include "core/op/schema_yaml.h"

#include <algorithm>

#include "core/op/add_node.h"

namespace tenon {

using yaml::Document;
using yaml::error_at;

namespace {

constexpr DType kFloats[] = {DType::F16, DType::BF16, DType::F32, DType::F64};
constexpr DType kInts[] = {DType::I8, DType::I16, DType::I32, DType::I64, DType::UI8, DType::UI16, DType::UI32, DType::UI64};
constexpr DType kPacked[] = {DType::I4, DType::UI4, DType::F8E4M3FN, DType::F8E5M2};  // that only data movement takes

// Appends what a word of `type` stands for; false if it is none.
bool expand(std::string_view word, std::vector<DType>& out) {
  const auto append = [&](auto& list) { out.insert(out.end(), std::begin(list), std::end(list)); };
  if (const auto dtype = dtype_from_name(word)) {
    out.push_back(*dtype);
    return true;
  }
  if (word != "float" && word != "int" && word != "any" && word != "data") return false;
  if (word == "any" || word == "data") out.push_back(DType::I1);
  if (word != "float") append(kInts);
  if (word != "int") append(kFloats);
  if (word == "data") append(kPacked);
  return true;
}

}  // namespace

Result<std::vector<DType>> read_dtypes(const Document& document, const yaml::Node& node, std::string_view what) {
  std::vector<DType> dtypes;
  const auto add = [&](const yaml::Node& item) -> Status {
    TENON_ASSIGN(std::string word, yaml::as_string(document, item, what));
    if (expand(word, dtypes)) return {};
    return error_at(document, item, cat(what, ": unknown dtype \"", word, "\""))
        .advise(cat("use float, int, any, data or some of: ", dtype_names()));
  };
  if (node.kind == yaml::Kind::Sequence) {
    for (const yaml::Node& item : node.items) TENON_TRY(add(item));
  } else {
    TENON_TRY(add(node));
  }
  if (dtypes.empty()) return error_at(document, node, cat(what, " is an empty list"));
  for (std::size_t i = 0; i < dtypes.size(); ++i)
    if (std::find(dtypes.begin(), dtypes.begin() + static_cast<std::ptrdiff_t>(i), dtypes[i]) !=
        dtypes.begin() + static_cast<std::ptrdiff_t>(i))
      return error_at(document, node, cat(what, " has ", name(dtypes[i]), " twice"));
  return dtypes;
}

Result<Attr> read_value_of(const Document& document, const yaml::Node& node, const AttrSchema& attribute) {
  Dict given;
  if (node.kind == yaml::Kind::Sequence) {
    if (attribute.type == AttrType::Ints) {
      IntsAttr list;
      for (const yaml::Node& item : node.items) {
        TENON_ASSIGN(list.values.emplace_back(), yaml::as_i64(document, item, attribute.name));
      }
      given.push_back({attribute.name, std::move(list)});
    } else {
      FloatsAttr list;
      for (const yaml::Node& item : node.items) {
        TENON_ASSIGN(list.values.emplace_back(), yaml::as_f64(document, item, attribute.name));
      }
      given.push_back({attribute.name, std::move(list)});
    }
  } else {
    TENON_ASSIGN(std::string text, yaml::as_string(document, node, cat("attribute ", attribute.name)));
    if (attribute.type == AttrType::Floats) {
      TENON_ASSIGN(const double number, yaml::as_f64(document, node, attribute.name));
      given.push_back({attribute.name, FloatAttr{number}});
    } else {
      given.push_back({attribute.name, std::move(text)});
    }
  }
  // The rules for a user's value hold for the manifest's: one place knows them.
  OpSchema alone;
  alone.name = attribute.name;
  alone.attributes.push_back(attribute);
  alone.attributes.front().excludes.clear();
  Result<Dict> resolved = resolve_attributes(alone, given);
  if (!resolved.ok()) return error_at(document, node, resolved.error().message);
  return std::move(resolved->front().value);
}

Result<Attr> read_plain_value(const Document& document, const yaml::Node& node, std::string_view what) {
  if (node.kind == yaml::Kind::Sequence) {
    IntsAttr ints;
    FloatsAttr floats;
    StringsAttr strings;
    for (const yaml::Node& item : node.items) {
      TENON_ASSIGN(Attr value, read_plain_value(document, item, what));
      if (const auto* text = std::get_if<std::string>(&value)) strings.values.push_back(*text);
      if (const auto* number = std::get_if<FloatAttr>(&value)) floats.values.push_back(number->value);
      if (const auto* number = std::get_if<IntAttr>(&value)) {
        ints.values.push_back(number->value);
        floats.values.push_back(static_cast<double>(number->value));
      }
    }
    if (strings.values.size() == node.items.size() && !node.items.empty()) return Attr(std::move(strings));
    if (ints.values.size() == node.items.size()) return Attr(std::move(ints));
    if (floats.values.size() == node.items.size()) return Attr(std::move(floats));
    return error_at(document, node, cat(what, ": a list has numbers only, or texts only"));
  }
  if (!node.is_scalar()) return error_at(document, node, cat(what, ": a value is true, false, a number, a text or a list"));
  if (node.quoted) return Attr(node.scalar);
  if (node.scalar == "true" || node.scalar == "false") return Attr(node.scalar == "true");
  if (const auto integer = yaml::as_i64(document, node, what); integer.ok()) return Attr(IntAttr{*integer});
  if (const auto number = yaml::as_f64(document, node, what); number.ok()) return Attr(FloatAttr{*number});
  return Attr(node.scalar);
}

}  // namespace tenon
