// `targets` of an operator: how each consumer knows it.
#include <algorithm>

#include "core/plugin/manifest.h"

namespace tenon::manifest_internal {
namespace {

using yaml::Node;
using yaml::Reader;

// A name that another system gave: "odml.fold", "ai_edge_torch.fold", "xla::custom".
bool is_foreign_name(std::string_view text) {
  return !text.empty() && text.size() <= 128 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; });
}

std::vector<std::string> attribute_names(const OpSchema& schema) {
  std::vector<std::string> names;
  for (const AttrSchema& attr : schema.attributes) names.push_back(attr.name);
  return names;
}

Error unknown_attribute(const Context& context, const Node& node, const OpSchema& schema, std::string_view given) {
  const std::string nearest = nearest_name(given, attribute_names(schema));
  Error error = context.error(node, cat("[", schema.name, "] has no attribute ", given));
  return nearest.empty() ? std::move(error) : std::move(error).advise(cat("did you mean ", nearest, "?"));
}

Result<CarrierAttr> read_attribute(const Context& context, const Node::Entry& entry, const OpSchema& schema) {
  CarrierAttr attr;
  attr.to = entry.key;
  const std::string what = cat("attribute ", attr.to);
  if (!is_foreign_name(attr.to)) return context.error(entry.value, cat("\"", attr.to, "\" is not an attribute's name"));
  TENON_ASSIGN(Reader reader, Reader::open(context.document, entry.value, what));
  TENON_ASSIGN(attr.from, reader.string_or("from", ""));
  const Node* value = reader.optional("value");
  if ((value != nullptr) == !attr.from.empty())
    return context.error(entry.value, cat(what, " needs either from or value"))
        .advise("from: one of the operator's attributes; value: always the same");
  if (!attr.from.empty() && schema.attribute(attr.from) == nullptr) return unknown_attribute(context, entry.value, schema, attr.from);
  if (value != nullptr) {
    TENON_ASSIGN(attr.value, read_plain_value(context, *value, what));
  }
  TENON_ASSIGN(attr.type, reader.string_or("type", ""));
  if (!attr.type.empty() && attr.type != "string" && attr.type != "bool" && !dtype_from_name(attr.type))
    return context.error(entry.value, cat(what, ": unknown type \"", attr.type, "\""))
        .advise(cat("use string, bool or one of: ", dtype_names()));
  if (const Node* list = reader.optional("list")) {
    TENON_ASSIGN(std::string style, yaml::as_string(context.document, *list, "list"));
    if (style == "dense")
      attr.list = ListStyle::Dense;
    else if (style == "array")
      attr.list = ListStyle::Array;
    else if (style == "bracket")
      attr.list = ListStyle::Bracket;
    else
      return context.error(*list, cat(what, ": list must be dense, array or bracket, got \"", style, "\""));
    if (auto* ints = attr.value ? std::get_if<IntsAttr>(&*attr.value) : nullptr) ints->style = attr.list;
  }
  if (const Node* omit = reader.optional("omit")) {
    TENON_ASSIGN(attr.omit, read_plain_value(context, *omit, cat(what, ": omit")));
  }
  TENON_TRY(context.finish(reader));
  return attr;
}

Status read_rank(const Context& context, const Node& node, CarrierForm& form) {
  if (node.kind != yaml::Kind::Sequence) {
    TENON_ASSIGN(form.min_rank, yaml::as_i64(context.document, node, "rank"));
    form.max_rank = form.min_rank;
  } else {
    if (node.items.size() != 2) return context.error(node, "rank is a number or a range [least, most]");
    TENON_ASSIGN(form.min_rank, yaml::as_i64(context.document, node.items[0], "rank"));
    TENON_ASSIGN(form.max_rank, yaml::as_i64(context.document, node.items[1], "rank"));
  }
  if (*form.min_rank < 0 || *form.max_rank > TENON_MAX_RANK || *form.min_rank > *form.max_rank)
    return context.error(node,
                         cat("rank must be a range within 0 to ", TENON_MAX_RANK, ", got [", *form.min_rank, ", ", *form.max_rank, "]"));
  return {};
}

Status read_when(const Context& context, const Node& node, const OpSchema& schema, CarrierForm& form) {
  TENON_ASSIGN(Reader reader, Reader::open(context.document, node, "when"));
  if (const Node* rank = reader.optional("rank")) TENON_TRY(read_rank(context, *rank, form));
  if (const Node* dtypes = reader.optional("dtypes")) {
    TENON_ASSIGN(form.dtypes, read_dtypes(context, *dtypes, "when: dtypes"));
  }
  TENON_ASSIGN(form.absent, reader.strings_or_empty("absent"));
  TENON_ASSIGN(form.present, reader.strings_or_empty("present"));
  TENON_ASSIGN(form.constant, reader.strings_or_empty("constant"));
  for (const std::vector<std::string>* list : {&form.absent, &form.present})
    for (const std::string& item : *list)
      if (schema.operand(item) == nullptr && schema.attribute(item) == nullptr)
        return context.error(node, cat("[", schema.name, "] has neither an operand nor an attribute ", item));
  for (const std::string& item : form.constant)
    if (schema.operand(item) == nullptr) return context.error(node, cat("[", schema.name, "] has no operand ", item));
  if (const Node* equals = reader.optional("equals")) {
    if (equals->kind != yaml::Kind::Mapping) return context.error(*equals, "equals must be a mapping of attribute to value");
    for (const Node::Entry& entry : equals->entries) {
      const AttrSchema* attr = schema.attribute(entry.key);
      if (attr == nullptr) return unknown_attribute(context, entry.value, schema, entry.key);
      TENON_ASSIGN(Attr value, read_value_of(context, entry.value, *attr));
      form.equals.push_back({entry.key, std::move(value)});
    }
  }
  return context.finish(reader);
}

Status read_kind(const Context& context, const Node& node, Reader& reader, CarrierForm& form) {
  const Node* composite = reader.optional("composite");
  const Node* custom_call = reader.optional("custom_call");
  TENON_ASSIGN(const bool is_inline, reader.boolean_or("inline", false));
  if ((composite != nullptr) + (custom_call != nullptr) + (is_inline ? 1 : 0) != 1)
    return context.error(node, cat("target ", form.target, " needs exactly one of composite, custom_call and inline"))
        .advise("write composite: NAME, custom_call: NAME, or inline: true");
  form.kind = composite != nullptr     ? CarrierForm::Kind::Composite
              : custom_call != nullptr ? CarrierForm::Kind::CustomCall
                                       : CarrierForm::Kind::Inline;
  if (is_inline) return {};
  const Node& named = composite != nullptr ? *composite : *custom_call;
  TENON_ASSIGN(form.name, yaml::as_string(context.document, named, cat("target ", form.target)));
  if (!is_foreign_name(form.name)) return context.error(named, cat("target ", form.target, ": \"", form.name, "\" is not a name"));
  return {};
}

}  // namespace

Result<Attr> read_plain_value(const Context& context, const Node& node, std::string_view what) {
  if (node.kind == yaml::Kind::Sequence) {
    IntsAttr ints;
    FloatsAttr floats;
    StringsAttr strings;
    for (const Node& item : node.items) {
      TENON_ASSIGN(Attr value, read_plain_value(context, item, what));
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
    return context.error(node, cat(what, ": a list has numbers only, or texts only"));
  }
  if (!node.is_scalar()) return context.error(node, cat(what, ": a value is true, false, a number, a text or a list"));
  if (node.quoted) return Attr(node.scalar);
  if (node.scalar == "true" || node.scalar == "false") return Attr(node.scalar == "true");
  if (const auto integer = yaml::as_i64(context.document, node, what); integer.ok()) return Attr(IntAttr{*integer});
  if (const auto number = yaml::as_f64(context.document, node, what); number.ok()) return Attr(FloatAttr{*number});
  return Attr(node.scalar);
}

Result<CarrierForm> read_carrier(const Context& context, const Node::Entry& entry, const OpSchema& schema) {
  CarrierForm form;
  form.target = entry.key;
  TENON_ASSIGN(Reader reader, Reader::open(context.document, entry.value, cat("[", schema.name, "] target ", form.target)));
  TENON_TRY(read_kind(context, entry.value, reader, form));
  if (form.kind == CarrierForm::Kind::Inline) {
    TENON_TRY(context.finish(reader));
    return form;
  }
  if (const Node* attributes = reader.optional("attributes")) {
    if (attributes->kind != yaml::Kind::Mapping) return context.error(*attributes, "attributes must be a mapping, {} for none");
    for (const Node::Entry& item : attributes->entries) {
      TENON_ASSIGN(CarrierAttr attr, read_attribute(context, item, schema));
      form.attributes.push_back(std::move(attr));
    }
  } else {
    form.all_attributes = true;
  }
  if (form.kind == CarrierForm::Kind::Composite) {
    TENON_ASSIGN(form.version, reader.integer_or("version", 1));
    if (form.version < 0 || form.version > 2147483647)
      return context.error(entry.value, cat("version must be a 32-bit number from 0 on, got ", form.version));
  } else {
    if (const Node* api_version = reader.optional("api_version")) {
      TENON_ASSIGN(form.api_version, yaml::as_i64(context.document, *api_version, "api_version"));
      if (*form.api_version < 1 || *form.api_version > 4)
        return context.error(*api_version, cat("api_version must be 1 to 4, got ", *form.api_version));
    }
    if (const Node* config = reader.optional("config")) {
      TENON_ASSIGN(form.config, yaml::as_string(context.document, *config, "config"));
      if (form.config != "dictionary" && form.config != "string" && form.config != "mhlo" && form.config != "discardable")
        return context.error(*config, cat("config must be dictionary, string, mhlo or discardable, got \"", form.config, "\""));
    }
  }
  if (const Node* when = reader.optional("when")) TENON_TRY(read_when(context, *when, schema, form));
  TENON_TRY(context.finish(reader));
  return form;
}

}  // namespace tenon::manifest_internal
