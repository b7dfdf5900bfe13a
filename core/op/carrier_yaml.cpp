#include "core/op/carrier_yaml.h"

#include <algorithm>

#include "core/op/schema_yaml.h"

namespace tenon {
namespace {

using yaml::Document;
using yaml::error_at;
using yaml::Kind;
using yaml::Node;
using yaml::Reader;

constexpr std::int64_t kMaxVersion = 2147483647;  // i32 in the text

// A name that another system gave: "odml.fold", "ai_edge_torch.fold", "xla::custom".
bool is_foreign_name(std::string_view text) {
  return !text.empty() && text.size() <= 128 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f && c != '"' && c != '\\'; });
}

Status finish(const CarrierReading& reading, Reader& reader) { return reading.finish ? reading.finish(reader) : reader.finish(); }

Error unknown_attribute(const Document& document, const Node& node, const OpSchema& schema, std::string_view given) {
  std::vector<std::string> names;
  for (const AttrSchema& attr : schema.attributes) names.push_back(attr.name);
  const std::string nearest = nearest_name(given, names);
  Error error = error_at(document, node, cat("[", schema.name, "] has no attribute ", given));
  return nearest.empty() ? std::move(error) : std::move(error).advise(cat("did you mean ", nearest, "?"));
}

Result<ListStyle> read_style(const Document& document, const Node& node) {
  TENON_ASSIGN(const std::string style, yaml::as_string(document, node, "list"));
  if (style == "dense") return ListStyle::Dense;
  if (style == "array") return ListStyle::Array;
  if (style == "bracket") return ListStyle::Bracket;
  return error_at(document, node, cat("list must be dense, array or bracket, got \"", style, "\""));
}

Result<CarrierAttr> read_attribute(const Document& document, const Node::Entry& entry, const CarrierReading& reading) {
  CarrierAttr attr;
  attr.to = entry.key;
  const std::string what = cat("attribute ", attr.to);
  if (!is_foreign_name(attr.to)) return error_at(document, entry.value, cat("\"", attr.to, "\" is not an attribute's name"));
  TENON_ASSIGN(Reader reader, Reader::open(document, entry.value, what));
  TENON_ASSIGN(attr.from, reader.string_or("from", ""));
  const Node* value = reader.optional("value");
  if ((value != nullptr) == !attr.from.empty())
    return error_at(document, entry.value, cat(what, " needs either from or value"))
        .advise("from: one of the operator's attributes; value: always the same");
  if (reading.schema != nullptr && !attr.from.empty() && reading.schema->attribute(attr.from) == nullptr)
    return unknown_attribute(document, entry.value, *reading.schema, attr.from);
  if (value != nullptr) {
    TENON_ASSIGN(attr.value, read_plain_value(document, *value, what));
  }
  TENON_ASSIGN(attr.type, reader.string_or("type", ""));
  if (!attr.type.empty() && attr.type != "string" && attr.type != "bool" && !dtype_from_name(attr.type))
    return error_at(document, entry.value, cat(what, ": unknown type \"", attr.type, "\""))
        .advise(cat("use string, bool or one of: ", dtype_names()));
  if (const Node* list = reader.optional("list")) {
    TENON_ASSIGN(attr.list, read_style(document, *list));
    if (auto* ints = attr.value ? std::get_if<IntsAttr>(&*attr.value) : nullptr) ints->style = attr.list;
  }
  if (const Node* omit = reader.optional("omit")) {
    TENON_ASSIGN(attr.omit, read_plain_value(document, *omit, cat(what, ": omit")));
  }
  TENON_TRY(finish(reading, reader));
  return attr;
}

bool known(const OpSchema& schema, const std::string& name) { return schema.operand(name) != nullptr || schema.attribute(name) != nullptr; }

Status read_equals(const Document& document, const Node& node, const CarrierReading& reading, CarrierForm& form) {
  if (node.kind != Kind::Mapping) return error_at(document, node, "equals is a mapping from attribute to value");
  for (const Node::Entry& entry : node.entries) {
    if (reading.schema == nullptr) {
      TENON_ASSIGN(Attr value, read_plain_value(document, entry.value, entry.key));
      form.equals.push_back({entry.key, std::move(value)});
      continue;
    }
    const AttrSchema* attr = reading.schema->attribute(entry.key);
    if (attr == nullptr) return unknown_attribute(document, entry.value, *reading.schema, entry.key);
    TENON_ASSIGN(Attr value, read_value_of(document, entry.value, *attr));
    form.equals.push_back({entry.key, std::move(value)});
  }
  return {};
}

Status read_when(const Document& document, const Node& node, const CarrierReading& reading, CarrierForm& form) {
  TENON_ASSIGN(Reader reader, Reader::open(document, node, "when"));
  if (const Node* rank = reader.optional("rank")) {
    const bool range = rank->kind == Kind::Sequence;
    if (range && rank->items.size() != 2) return error_at(document, *rank, "rank is a number or a range [least, most]");
    TENON_ASSIGN(form.min_rank, yaml::as_i64(document, range ? rank->items[0] : *rank, "rank"));
    TENON_ASSIGN(form.max_rank, yaml::as_i64(document, range ? rank->items[1] : *rank, "rank"));
    if (*form.min_rank < 0 || *form.max_rank > kMaxRank || *form.min_rank > *form.max_rank)
      return error_at(document, *rank, cat("rank must lie within 0 to ", kMaxRank, ", got ", *form.min_rank, " to ", *form.max_rank));
  }
  if (const Node* dtypes = reader.optional("dtypes")) {
    TENON_ASSIGN(form.dtypes, read_dtypes(document, *dtypes, "when: dtypes"));
  }
  TENON_ASSIGN(form.absent, reader.strings_or_empty("absent"));
  TENON_ASSIGN(form.present, reader.strings_or_empty("present"));
  TENON_ASSIGN(form.constant, reader.strings_or_empty("constant"));
  if (reading.schema != nullptr) {
    const OpSchema& schema = *reading.schema;
    for (const std::vector<std::string>* list : {&form.absent, &form.present})
      for (const std::string& item : *list)
        if (!known(schema, item))
          return error_at(document, node, cat("[", schema.name, "] has neither an operand nor an attribute ", item));
    for (const std::string& item : form.constant)
      if (schema.operand(item) == nullptr) return error_at(document, node, cat("[", schema.name, "] has no operand ", item));
  }
  if (const Node* equals = reader.optional("equals")) TENON_TRY(read_equals(document, *equals, reading, form));
  return finish(reading, reader);
}

Status read_call(const Document& document, Reader& reader, CarrierForm& form) {
  TENON_ASSIGN(form.config, reader.string_or("config", ""));
  if (!form.config.empty() && !is_config(form.config))
    return error_at(document, *reader.node().find("config"),
                    cat("config must be dictionary, string, mhlo or discardable, got \"", form.config, "\""));
  const Node* api_version = reader.optional("api_version");
  if (api_version == nullptr) return {};
  TENON_ASSIGN(form.api_version, yaml::as_i64(document, *api_version, "api_version"));
  if (*form.api_version < 0 || *form.api_version > 4)
    return error_at(document, *api_version, cat("api_version must be from 0 to 4, got ", *form.api_version));
  if (form.config.empty() && *form.api_version == 4) form.config = "dictionary";
  if (form.config.empty())
    return error_at(document, *api_version, cat("api_version ", *form.api_version, " needs a config"))
        .advise("write config: string, mhlo or discardable; a dictionary goes with api_version 4 only");
  if (!api_version_fits(form.config, *form.api_version))
    return error_at(document, *api_version, cat("api_version ", *form.api_version, " and config: ", form.config, " do not go together"))
        .advise("a dictionary goes with api_version 4, everything else with 1");
  return {};
}

}  // namespace

bool is_config(std::string_view config) {
  return config == "dictionary" || config == "string" || config == "mhlo" || config == "discardable";
}

std::int64_t default_api_version(std::string_view config) { return config == "dictionary" ? 4 : 1; }

bool api_version_fits(std::string_view config, std::int64_t api_version) {
  if (config == "dictionary") return api_version == 4;
  // The spelling of JAX is version 1's; a discardable attribute goes with anything that takes an empty string.
  return config == "mhlo" ? api_version == 1 : api_version >= 0 && api_version <= 3;
}

std::string form_text(const CarrierForm& form) {
  switch (form.kind) {
    case CarrierForm::Kind::Inline:
      return "inline";
    case CarrierForm::Kind::Composite:
      return cat("composite ", form.name);
    case CarrierForm::Kind::CustomCall:
      return cat("custom_call ", form.name);
  }
  return "inline";
}

Result<CarrierForm> parse_carrier_form(const Document& document, const Node& node, std::string target, const CarrierReading& reading) {
  CarrierForm form;
  form.target = std::move(target);
  TENON_ASSIGN(Reader reader, Reader::open(document, node, cat("the form for ", form.target)));
  TENON_ASSIGN(const std::string composite, reader.string_or("composite", ""));
  TENON_ASSIGN(const std::string custom_call, reader.string_or("custom_call", ""));
  TENON_ASSIGN(const bool is_inline, reader.boolean_or("inline", false));
  if (!composite.empty() + !custom_call.empty() + is_inline != 1)
    return error_at(document, node, cat("the form for ", form.target, " needs exactly one of composite, custom_call and inline"))
        .advise("write composite: NAME, custom_call: NAME, or inline: true");
  if (is_inline) {
    TENON_TRY(finish(reading, reader));
    return form;
  }
  form.kind = composite.empty() ? CarrierForm::Kind::CustomCall : CarrierForm::Kind::Composite;
  form.name = composite.empty() ? custom_call : composite;
  if (!is_foreign_name(form.name))
    return error_at(document, node, cat("the form for ", form.target, ": \"", form.name, "\" is not a name"));
  if (!composite.empty()) {
    const std::size_t dot = composite.find('.');
    if (dot == std::string::npos || dot == 0 || dot + 1 == composite.size())
      return error_at(document, *node.find("composite"), cat("a composite's name has a namespace, got \"", composite, "\""))
          .advise("write NAMESPACE.NAME");
    TENON_ASSIGN(form.version, reader.integer_or("version", 1));
    if (form.version < 0 || form.version > kMaxVersion)
      return error_at(document, *node.find("version"), cat("version must be from 0 to ", kMaxVersion, ", got ", form.version));
  } else {
    TENON_TRY(read_call(document, reader, form));
  }
  if (const Node* attributes = reader.optional("attributes")) {
    if (attributes->kind != Kind::Mapping) return error_at(document, *attributes, "attributes is a mapping, {} for none");
    for (const Node::Entry& entry : attributes->entries) {
      TENON_ASSIGN(CarrierAttr attr, read_attribute(document, entry, reading));
      form.attributes.push_back(std::move(attr));
    }
  } else {
    form.all_attributes = true;
  }
  if (const Node* when = reader.optional("when")) TENON_TRY(read_when(document, *when, reading, form));
  TENON_TRY(finish(reading, reader));
  return form;
}

Status check_carrier_form(const OpSchema& schema, const CarrierForm& form) {
  const auto unknown = [&](const std::string& name, std::string_view what) {
    return fail(Code::InvalidArgument, "[", schema.name, "] ", form_text(form), " at target ", form.target, ": there is no ", what, " ",
                name)
        .operand(name)
        .advise("canonical names only: `tenon ops` lists them");
  };
  for (const CarrierAttr& attr : form.attributes)
    if (!attr.from.empty() && schema.attribute(attr.from) == nullptr) return unknown(attr.from, "attribute");
  for (const NamedAttr& item : form.equals)
    if (schema.attribute(item.name) == nullptr) return unknown(item.name, "attribute");
  for (const auto* list : {&form.absent, &form.present})
    for (const std::string& name : *list)
      if (!known(schema, name)) return unknown(name, "operand or attribute");
  for (const std::string& name : form.constant)
    if (schema.operand(name) == nullptr) return unknown(name, "operand");
  return {};
}

}  // namespace tenon
