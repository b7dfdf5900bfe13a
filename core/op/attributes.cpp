// Attributes as the schema asks for them: names and aliases, types, ranges, defaults.
#include <algorithm>

#include "core/op/add_node.h"

namespace tenon {
namespace {

// ---- types ----
// Each reads a value in the type that the schema asks for, or gives nothing. Text is a number where a number is asked for.

std::optional<std::int64_t> as_int(const Attr& given) {
  if (const auto* number = std::get_if<IntAttr>(&given)) return number->value;
  if (const auto* text = std::get_if<std::string>(&given)) return parse_i64(*text);
  return std::nullopt;  // no float, not even 2.0: sizes and axes are integers end to end
}

std::optional<double> as_float(const Attr& given) {
  if (const auto* number = std::get_if<FloatAttr>(&given)) return number->value;
  if (const auto* number = std::get_if<IntAttr>(&given)) return static_cast<double>(number->value);
  if (const auto* text = std::get_if<std::string>(&given)) return parse_f64(*text);
  return std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

// "1,2", "[1, 2]" or "-1": how a shell writes a list.
std::vector<std::string> list_items(std::string_view text) {
  text = trimmed(text);
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') text = trimmed(text.substr(1, text.size() - 2));
  std::vector<std::string> items;
  if (text.empty()) return items;
  for (const std::string& part : split(text, ',')) items.emplace_back(trimmed(part));
  return items;
}

template <class T, class Read>
std::optional<std::vector<T>> read_items(const std::vector<std::string>& items, Read read) {
  std::vector<T> values;
  for (const std::string& item : items) {
    const std::optional<T> value = read(Attr(item));
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return values;
}

// A list, or one value in the place of a list of one.
template <class T, class Read>
std::optional<std::vector<T>> as_list(const Attr& given, Read read) {
  if (const auto* list = std::get_if<StringsAttr>(&given)) return read_items<T>(list->values, read);
  if (const auto* text = std::get_if<std::string>(&given)) return read_items<T>(list_items(*text), read);
  if (const std::optional<T> one = read(given)) return std::vector<T>{*one};
  return std::nullopt;
}

std::optional<Attr> as_ints(const Attr& given) {
  if (const auto* list = std::get_if<IntsAttr>(&given)) return Attr(IntsAttr{list->values});
  if (const auto* list = std::get_if<FloatsAttr>(&given); list != nullptr && list->values.empty()) return Attr(IntsAttr{});
  std::optional<std::vector<std::int64_t>> values = as_list<std::int64_t>(given, as_int);
  if (!values) return std::nullopt;
  return Attr(IntsAttr{*std::move(values)});
}

std::optional<Attr> as_floats(const Attr& given) {
  if (const auto* list = std::get_if<FloatsAttr>(&given)) return Attr(*list);
  if (const auto* list = std::get_if<IntsAttr>(&given)) return Attr(FloatsAttr{{list->values.begin(), list->values.end()}});
  std::optional<std::vector<double>> values = as_list<double>(given, as_float);
  if (!values) return std::nullopt;
  return Attr(FloatsAttr{*std::move(values)});
}

std::optional<Attr> coerce(AttrType type, const Attr& given) {
  const auto* text = std::get_if<std::string>(&given);
  switch (type) {
    case AttrType::Bool:
      if (const auto* flag = std::get_if<bool>(&given)) return Attr(*flag);
      if (text != nullptr && (*text == "true" || *text == "false")) return Attr(*text == "true");
      return std::nullopt;
    case AttrType::Int:
      if (const std::optional<std::int64_t> number = as_int(given)) return Attr(IntAttr{*number});
      return std::nullopt;
    case AttrType::F64:
      if (const std::optional<double> number = as_float(given)) return Attr(FloatAttr{*number});
      return std::nullopt;
    case AttrType::String:
      if (text != nullptr) return Attr(*text);
      return std::nullopt;
    case AttrType::DType:
      if (const auto* dtype = std::get_if<DType>(&given); dtype != nullptr && is_valid(*dtype)) return Attr(*dtype);
      if (text != nullptr)
        if (const std::optional<DType> dtype = dtype_from_name(*text)) return Attr(*dtype);
      return std::nullopt;
    case AttrType::Ints:
      return as_ints(given);
    case AttrType::Floats:
      return as_floats(given);
  }
  return std::nullopt;
}

Error mismatch(const OpSchema& schema, const AttrSchema& attr, const Attr& given) {
  Error error = fail(Code::InvalidArgument, "[", schema.name, "] attribute ", attr.name, " must be ", name(attr.type), ", got ",
                     kind_name(given), " ", to_string(given))
                    .operand(attr.name);
  switch (attr.type) {
    case AttrType::Bool:
      return std::move(error).advise("give true or false");
    case AttrType::DType:
      return std::move(error).advise(cat("use one of: ", dtype_names()));
    case AttrType::Int:
    case AttrType::Ints:
      return std::move(error).advise("give whole numbers, without a fraction");
    default:
      return error;
  }
}

// ---- ranges ----

// Bounds are doubles; a long double holds every int64 and every double, so that none is rounded into the range.
template <class Number>
Status check_number(const OpSchema& schema, const AttrSchema& attr, Number value) {
  const auto exact = static_cast<long double>(value);
  std::string rule;
  // Each test is false for NaN, so that NaN breaks every bound.
  if (attr.above && !(exact > *attr.above))
    rule = cat("above ", *attr.above);
  else if (attr.below && !(exact < *attr.below))
    rule = cat("below ", *attr.below);
  else if (attr.min && !(exact >= *attr.min))
    rule = cat("at least ", *attr.min);
  else if (attr.max && !(exact <= *attr.max))
    rule = cat("at most ", *attr.max);
  if (rule.empty()) return {};
  return fail(Code::OutOfRange, "[", schema.name, "] attribute ", attr.name, " must be ", rule, ", got ", value)
      .operand(attr.name)
      .advise(cat("give a value ", rule));
}

Status check_value(const OpSchema& schema, const AttrSchema& attr, const Attr& value) {
  if (const auto* number = std::get_if<IntAttr>(&value)) return check_number(schema, attr, number->value);
  if (const auto* number = std::get_if<FloatAttr>(&value)) return check_number(schema, attr, number->value);
  if (const auto* list = std::get_if<IntsAttr>(&value))
    for (const std::int64_t item : list->values) TENON_TRY(check_number(schema, attr, item));
  if (const auto* list = std::get_if<FloatsAttr>(&value))
    for (const double item : list->values) TENON_TRY(check_number(schema, attr, item));
  std::string word;
  if (const auto* text = std::get_if<std::string>(&value)) word = *text;
  if (const auto* dtype = std::get_if<DType>(&value)) word = name(*dtype);
  const bool is_word = attr.type == AttrType::String || attr.type == AttrType::DType;
  if (is_word && !attr.one_of.empty() && std::find(attr.one_of.begin(), attr.one_of.end(), word) == attr.one_of.end()) {
    const std::string nearest = nearest_name(word, attr.one_of);
    return fail(Code::InvalidArgument, "[", schema.name, "] attribute ", attr.name, " must be one of ", join(attr.one_of, ", "), ", got ",
                to_string(value))
        .operand(attr.name)
        .advise(nearest.empty() ? cat("use one of ", join(attr.one_of, ", ")) : cat("did you mean ", nearest, "?"));
  }
  return {};
}

// ---- names ----

Error unknown_attribute(const OpSchema& schema, const std::string& given) {
  std::vector<std::string> names, spellings;
  for (const AttrSchema& attr : schema.attributes) {
    names.push_back(attr.name);
    spellings.push_back(attr.name);
    spellings.insert(spellings.end(), attr.aliases.begin(), attr.aliases.end());
  }
  const std::string nearest = nearest_name(given, spellings);
  return fail(Code::InvalidArgument, "[", schema.name, "] has no attribute \"", given, "\"")
      .operand(given)
      .advise(!nearest.empty() ? cat("did you mean ", nearest, "?")
              : names.empty()  ? "it has no attributes"
                               : cat("its attributes are ", join(names, ", ")));
}

// Two attributes that exclude each other, both given by the user. A default never conflicts.
Status check_excludes(const OpSchema& schema, const Dict& given) {
  const auto is_set = [&](std::string_view name) {
    return std::any_of(given.begin(), given.end(), [&](const NamedAttr& item) { return item.name == name && !item.defaulted; });
  };
  for (const AttrSchema& attr : schema.attributes)
    for (const std::string& other : attr.excludes)
      if (is_set(attr.name) && is_set(other))
        return fail(Code::InvalidArgument, "[", schema.name, "] attributes ", attr.name, " and ", other, " exclude each other, got both")
            .operand(attr.name)
            .advise(cat("give ", attr.name, " or ", other));
  return {};
}

}  // namespace

Result<Dict> resolve_attributes(const OpSchema& schema, const Dict& given) {
  Dict resolved;
  std::vector<std::string> spelled;  // as it was given, beside `resolved`
  for (const NamedAttr& item : given) {
    const AttrSchema* attr = schema.attribute_or_alias(item.name);
    if (attr == nullptr) return unknown_attribute(schema, item.name);
    for (std::size_t i = 0; i < resolved.size(); ++i)
      if (resolved[i].name == attr->name)
        return fail(Code::InvalidArgument, "[", schema.name, "] attribute ", attr->name, " is given twice, as ", spelled[i], " and as ",
                    item.name)
            .operand(attr->name)
            .advise("give it once, under any of its names");
    std::optional<Attr> value = coerce(attr->type, item.value);
    if (!value) return mismatch(schema, *attr, item.value);
    TENON_TRY(check_value(schema, *attr, *value));
    resolved.push_back({attr->name, *std::move(value), item.defaulted});
    spelled.push_back(item.name);
  }
  TENON_TRY(check_excludes(schema, resolved));
  for (const AttrSchema& attr : schema.attributes) {
    if (find(resolved, attr.name) != nullptr) continue;
    if (attr.fallback) {
      std::optional<Attr> value = coerce(attr.type, *attr.fallback);
      if (!value) return mismatch(schema, attr, *attr.fallback);
      resolved.push_back({attr.name, *std::move(value), true});
    } else if (!attr.optional) {
      return fail(Code::InvalidArgument, "[", schema.name, "] attribute ", attr.name, " is missing, and it has no default")
          .operand(attr.name)
          .advise(cat("give ", attr.name, ", which is ", name(attr.type)));
    }
  }
  sort_by_name(resolved);
  return resolved;
}

}  // namespace tenon
