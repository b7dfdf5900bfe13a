// Attributes as the schema asks for them: names and aliases, types, ranges, defaults.
#include <algorithm>
#include <cmath>

#include "core/op/add_node.h"

namespace tenon {
namespace {

std::vector<std::string> attribute_names(const OpSchema& schema) {
  std::vector<std::string> names;
  for (const AttrSchema& attr : schema.attributes) names.push_back(attr.name);
  return names;
}

Error mismatch(const OpSchema& schema, const AttrSchema& attr, const Attr& given) {
  return fail(Code::InvalidArgument, "[", schema.name, "] attribute ", attr.name, " is ", name(attr.type), ", got ", kind_name(given), " ",
              to_string(given))
      .operand(attr.name);
}

// The value in the schema's type, or nothing. Text is read as the schema asks: "1e-5" is an f64; an int takes no fraction.
std::optional<Attr> coerce(AttrType type, const Attr& given) {
  const auto* text = std::get_if<std::string>(&given);
  switch (type) {
    case AttrType::Bool:
      if (const auto* flag = std::get_if<bool>(&given)) return Attr(*flag);
      if (text != nullptr && (*text == "true" || *text == "false")) return Attr(*text == "true");
      return std::nullopt;
    case AttrType::Int:
      if (const auto* number = std::get_if<IntAttr>(&given)) return Attr(IntAttr{number->value});
      if (text != nullptr)
        if (const auto number = parse_i64(*text)) return Attr(IntAttr{*number});
      return std::nullopt;
    case AttrType::F64:
      if (const auto* number = std::get_if<FloatAttr>(&given)) return Attr(FloatAttr{number->value});
      if (const auto* number = std::get_if<IntAttr>(&given)) return Attr(FloatAttr{static_cast<double>(number->value)});
      if (text != nullptr)
        if (const auto number = parse_f64(*text)) return Attr(FloatAttr{*number});
      return std::nullopt;
    case AttrType::String:
      if (text != nullptr) return Attr(*text);
      return std::nullopt;
    case AttrType::DType:
      if (const auto* dtype = std::get_if<DType>(&given)) return Attr(*dtype);
      if (text != nullptr)
        if (const auto dtype = dtype_from_name(*text)) return Attr(*dtype);
      return std::nullopt;
    case AttrType::Ints: {
      if (const auto* list = std::get_if<IntsAttr>(&given)) return Attr(IntsAttr{list->values});
      if (const auto* number = std::get_if<IntAttr>(&given)) return Attr(IntsAttr{{number->value}});
      if (const auto* floats = std::get_if<FloatsAttr>(&given); floats != nullptr && floats->values.empty()) return Attr(IntsAttr{});
      if (text == nullptr) return std::nullopt;
      // "1,2", "[1, 2]" or "-1": how a shell writes a list.
      std::string inner = *text;
      if (inner.size() >= 2 && inner.front() == '[' && inner.back() == ']') inner = inner.substr(1, inner.size() - 2);
      IntsAttr list;
      if (inner.find_first_not_of(' ') == std::string::npos) return Attr(std::move(list));
      for (const std::string& part : split(inner, ',')) {
        const std::size_t begin = part.find_first_not_of(' ');
        const std::size_t end = part.find_last_not_of(' ');
        const auto number = begin == std::string::npos ? std::nullopt : parse_i64(part.substr(begin, end - begin + 1));
        if (!number) return std::nullopt;
        list.values.push_back(*number);
      }
      return Attr(std::move(list));
    }
    case AttrType::Floats: {
      if (const auto* list = std::get_if<FloatsAttr>(&given)) return Attr(*list);
      if (const auto* list = std::get_if<IntsAttr>(&given)) return Attr(FloatsAttr{{list->values.begin(), list->values.end()}});
      if (const auto* number = std::get_if<FloatAttr>(&given)) return Attr(FloatsAttr{{number->value}});
      return std::nullopt;
    }
  }
  return std::nullopt;
}

Status check_number(const OpSchema& schema, const AttrSchema& attr, double value) {
  std::string rule;
  // Written so that NaN breaks every bound.
  if (attr.above && !(value > *attr.above))
    rule = cat("above ", *attr.above);
  else if (attr.below && !(value < *attr.below))
    rule = cat("below ", *attr.below);
  else if (attr.min && !(value >= *attr.min))
    rule = cat("at least ", *attr.min);
  else if (attr.max && !(value <= *attr.max))
    rule = cat("at most ", *attr.max);
  if (rule.empty()) return {};
  return fail(Code::OutOfRange, "[", schema.name, "] attribute ", attr.name, " must be ", rule, ", got ", value).operand(attr.name);
}

Status check_value(const OpSchema& schema, const AttrSchema& attr, const Attr& value) {
  if (const auto* number = std::get_if<IntAttr>(&value)) return check_number(schema, attr, static_cast<double>(number->value));
  if (const auto* number = std::get_if<FloatAttr>(&value)) return check_number(schema, attr, number->value);
  if (const auto* list = std::get_if<IntsAttr>(&value))
    for (std::int64_t item : list->values) TENON_TRY(check_number(schema, attr, static_cast<double>(item)));
  if (const auto* list = std::get_if<FloatsAttr>(&value))
    for (double item : list->values) TENON_TRY(check_number(schema, attr, item));
  if (const auto* text = std::get_if<std::string>(&value); text != nullptr && !attr.one_of.empty())
    if (std::find(attr.one_of.begin(), attr.one_of.end(), *text) == attr.one_of.end())
      return fail(Code::InvalidArgument, "[", schema.name, "] attribute ", attr.name, " must be one of ", join(attr.one_of, ", "), ", got ",
                  *text)
          .operand(attr.name);
  return {};
}

}  // namespace

Result<Dict> resolve_attributes(const OpSchema& schema, const Dict& given) {
  Dict resolved;
  for (const NamedAttr& item : given) {
    const AttrSchema* attr = schema.attribute_or_alias(item.name);
    if (attr == nullptr) {
      const std::vector<std::string> names = attribute_names(schema);
      const std::string nearest = nearest_name(item.name, names);
      return fail(Code::InvalidArgument, "[", schema.name, "] has no attribute ", item.name)
          .operand(item.name)
          .advise(!nearest.empty() ? cat("did you mean ", nearest, "?")
                  : names.empty()  ? "it has no attributes"
                                   : cat("its attributes are ", join(names, ", ")));
    }
    if (find(resolved, attr->name) != nullptr)
      return fail(Code::InvalidArgument, "[", schema.name, "] attribute ", attr->name, " is given twice",
                  item.name == attr->name ? "" : " (as ", item.name == attr->name ? "" : item.name, item.name == attr->name ? "" : ")")
          .operand(attr->name)
          .advise("an attribute may be given under any alias of its name, but once");
    const std::optional<Attr> value = coerce(attr->type, item.value);
    if (!value) return mismatch(schema, *attr, item.value);
    TENON_TRY(check_value(schema, *attr, *value));
    resolved.push_back({attr->name, *value});
  }
  for (const AttrSchema& attr : schema.attributes) {
    if (find(resolved, attr.name) != nullptr) {
      for (const std::string& other : attr.excludes)
        if (const Attr* rival = find(resolved, other); rival != nullptr)
          return fail(Code::InvalidArgument, "[", schema.name, "] attributes ", attr.name, " and ", other, " exclude each other")
              .operand(attr.name)
              .advise("give one of the two");
    }
  }
  for (const AttrSchema& attr : schema.attributes) {
    if (find(resolved, attr.name) != nullptr) continue;
    if (attr.fallback) {
      resolved.push_back({attr.name, *attr.fallback, true});
    } else if (!attr.optional) {
      return fail(Code::InvalidArgument, "[", schema.name, "] attribute ", attr.name, " is required").operand(attr.name);
    }
  }
  sort_by_name(resolved);
  return resolved;
}

}  // namespace tenon
