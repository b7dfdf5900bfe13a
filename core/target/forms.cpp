#include "core/target/forms.h"

#include <algorithm>
#include <cmath>

#include "core/base/json.h"
#include "core/op/carrier_yaml.h"
#include "core/type/convert.h"

namespace tenon {
namespace {

using Kind = CarrierForm::Kind;

std::string_view config_of(const CarrierForm& form, const Target& target) {
  return form.config.empty() ? std::string_view(target.config) : form.config;
}

std::string dtype_list(const std::vector<DType>& dtypes) {
  std::string text;
  for (const DType dtype : dtypes) text += cat(text.empty() ? "" : " ", name(dtype));
  return text;
}

// ---- conditions

const std::optional<TensorType>* operand_named(const tenon_node& node, std::string_view name, std::size_t* slot = nullptr) {
  std::size_t index = 0;
  if (node.schema->operand(name, &index) == nullptr || index >= node.operands.size()) return nullptr;
  if (slot != nullptr) *slot = index;
  return &node.operands[index];
}

// Given or defaulted attributes are there; operands if the node has them.
bool is_there(const tenon_node& node, const std::string& name) {
  if (const auto* operand = operand_named(node, name)) return operand->has_value();
  return find(node.attributes, name) != nullptr;
}

std::optional<double> number_of(const Attr& attr) {
  if (const auto* integer = std::get_if<IntAttr>(&attr)) return static_cast<double>(integer->value);
  if (const auto* number = std::get_if<FloatAttr>(&attr)) return number->value;
  return std::nullopt;
}

// A profile's value has no schema, so 1 and 1.0, and f32 and "f32", are the same.
bool same_value(const Attr& have, const Attr& want) {
  if (const auto* dtype = std::get_if<DType>(&have))
    return std::get_if<std::string>(&want) != nullptr && name(*dtype) == std::get<std::string>(want);
  if (const auto a = number_of(have), b = number_of(want); a && b) return *a == *b;
  const auto* a = std::get_if<IntsAttr>(&have);
  const auto* b = std::get_if<IntsAttr>(&want);
  if (a != nullptr && b != nullptr) return a->values == b->values;
  const auto* floats = std::get_if<FloatsAttr>(&have);
  if (floats != nullptr && b != nullptr) return floats->values == std::vector<double>(b->values.begin(), b->values.end());
  return have == want;
}

bool same_axis(const Attr& have, const Attr& want, const tenon_node& node) {
  const auto* a = std::get_if<IntAttr>(&have);
  const auto* b = std::get_if<IntAttr>(&want);
  if (a == nullptr || b == nullptr || node.operands.empty() || !node.operands.front()) return same_value(have, want);
  const std::int64_t rank = node.operands.front()->rank();
  const auto resolved = [rank](std::int64_t axis) { return axis < 0 ? axis + rank : axis; };
  return resolved(a->value) == resolved(b->value);
}

// ---- attributes

Error no_fit(const std::string& what, const std::string& value, std::string_view type) {
  return fail(Code::OutOfRange, what, " ", value, " is not a value of ", type);
}

Result<Attr> as_float(const std::string& what, double value, DType type) {
  std::byte element[8] = {};
  store_f64(type, element, value);
  const double rounded = load_f64(type, element);
  // A finite value that becomes infinite, or one that vanishes, is another value.
  if ((std::isfinite(value) && !std::isfinite(rounded)) || (std::isinf(value) && !std::isinf(rounded)) || (value != 0 && rounded == 0))
    return no_fit(what, cat(value), name(type));
  return Attr(FloatAttr{rounded, type});
}

Result<Attr> as_integer(const std::string& what, const Attr& value, DType type) {
  if (const auto* flag = std::get_if<bool>(&value)) return Attr(IntAttr{*flag ? 1 : 0, type});
  if (const auto* integer = std::get_if<IntAttr>(&value); integer != nullptr && fits(type, integer->value))
    return Attr(IntAttr{integer->value, type});
  return no_fit(what, to_string(value), name(type));
}

std::string plain_text(const Attr& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return to_string(value);
}

Result<Attr> convert(const std::string& what, Attr value, const CarrierAttr& rule) {
  if (const auto* dtype = std::get_if<DType>(&value)) value = std::string(name(*dtype));
  if (auto* list = std::get_if<IntsAttr>(&value)) {
    list->style = rule.list;
    if (rule.type.empty() || rule.type == "i64") return value;
    if (rule.type == "string") return Attr(plain_text(value));
    return no_fit(what, to_string(value), cat("a list of ", rule.type));
  }
  if (rule.type.empty()) return value;
  if (rule.type == "string") return Attr(plain_text(value));
  if (rule.type == "bool") {
    if (std::holds_alternative<bool>(value)) return value;
    const auto* integer = std::get_if<IntAttr>(&value);
    if (integer != nullptr && (integer->value == 0 || integer->value == 1)) return Attr(integer->value == 1);
    return no_fit(what, to_string(value), "bool");
  }
  const std::optional<DType> type = dtype_from_name(rule.type);
  if (!type) return no_fit(what, to_string(value), rule.type);
  if (!is_float(*type)) return as_integer(what, value, *type);
  if (const auto number = number_of(value)) return as_float(what, *number, *type);
  if (std::holds_alternative<FloatsAttr>(value) && *type == DType::F64) return value;
  return no_fit(what, to_string(value), rule.type);
}

// ---- backend_config as text

void write_json(JsonWriter& json, const Attr& value);

struct ToJson {
  JsonWriter& json;
  void operator()(bool value) const { json.value(value); }
  void operator()(const IntAttr& attr) const { json.value(attr.value); }
  void operator()(const FloatAttr& attr) const {
    // The shortest number that reads back as the same value of its type.
    json.value(attr.type == DType::F64 ? attr.value : parse_f64(shortest(static_cast<float>(attr.value))).value_or(attr.value));
  }
  void operator()(const std::string& text) const { json.value(text); }
  void operator()(DType dtype) const { json.value(name(dtype)); }
  void operator()(const SymbolAttr& attr) const { json.value(attr.name); }
  void operator()(const DictAttr& attr) const {
    json.begin_object();
    for (const NamedAttr& item : attr.items) write_json(json.key(item.name), item.value);
    json.end_object();
  }
  template <class List>
  void operator()(const List& list) const {
    json.begin_array();
    for (const auto& item : list.values) json.value(item);
    json.end_array();
  }
  void operator()(const BoolsAttr& list) const {
    json.begin_array();
    for (const bool item : list.values) json.value(item);
    json.end_array();
  }
};

void write_json(JsonWriter& json, const Attr& value) { std::visit(ToJson{json}, value); }

}  // namespace

bool row_matches(const OpSchema& schema, std::string_view row) {
  const std::size_t dot = row.rfind('.');
  if (schema.op_namespace != (dot == std::string_view::npos ? std::string_view("tenon") : row.substr(0, dot))) return false;
  const std::string folded = fold_name(dot == std::string_view::npos ? row : row.substr(dot + 1));
  if (fold_name(schema.name) == folded) return true;
  return std::any_of(schema.aliases.begin(), schema.aliases.end(), [&](const std::string& alias) { return fold_name(alias) == folded; });
}

CarrierForm default_form(const OpSchema& schema, const Target& target) {
  CarrierForm form;
  form.kind = target.default_form;
  form.target = target.name;
  form.version = schema.version;
  if (form.kind != Kind::Inline) form.name = schema.full_name();
  form.all_attributes = true;
  return form;
}

PreferredForm preferred_form(const OpSchema& schema, const Target& target) {
  for (const auto& [row, form] : target.operators)
    if (row_matches(schema, row)) return {form, true};
  if (const CarrierForm* form = schema.target(target.forms)) return {*form, true};
  return {default_form(schema, target), false};
}

std::string describe_form(const OpSchema& schema, const Target& target) { return form_text(preferred_form(schema, target).form); }

std::string unmet_condition(const CarrierForm& form, const tenon_node& node) {
  const TensorType* first = node.operands.empty() || !node.operands.front() ? nullptr : &*node.operands.front();
  const std::string first_name = node.schema->operands.empty() ? std::string("operand 0") : node.schema->operands.front().name;
  if (first != nullptr && form.min_rank && first->rank() < *form.min_rank)
    return cat(first_name, " has rank ", first->rank(), ", at least ", *form.min_rank, " is needed");
  if (first != nullptr && form.max_rank && first->rank() > *form.max_rank)
    return cat(first_name, " has rank ", first->rank(), ", at most ", *form.max_rank, " is taken");
  if (first != nullptr && !form.dtypes.empty() && std::find(form.dtypes.begin(), form.dtypes.end(), first->dtype) == form.dtypes.end())
    return cat(first_name, " has dtype ", name(first->dtype), ", taken are ", dtype_list(form.dtypes));
  for (const std::string& absent : form.absent)
    if (is_there(node, absent)) return cat(absent, " is given, and the form has no place for it");
  for (const std::string& present : form.present)
    if (!is_there(node, present)) return cat(present, " is not given, and the form needs it");
  for (const std::string& constant : form.constant) {
    std::size_t slot = 0;
    const auto* operand = operand_named(node, constant, &slot);
    if (operand == nullptr || !operand->has_value()) return cat(constant, " is not given, and the form needs it");
    if (slot >= node.operand_is_constant.size() || !node.operand_is_constant[slot])
      return cat(constant, " must be a parameter or a constant");
  }
  for (const NamedAttr& want : form.equals) {
    const Attr* have = find(node.attributes, want.name);
    if (have == nullptr) return cat(want.name, " must be ", to_string(want.value), ", and is not given");
    if (want.name == "axis" ? same_axis(*have, want.value, node) : same_value(*have, want.value)) continue;
    return cat(want.name, " must be ", to_string(want.value), ", and is ", to_string(*have));
  }
  return {};
}

Result<Dict> carried_attributes(const CarrierForm& form, const Target& target, const tenon_node& node) {
  if (form.all_attributes) {
    Dict dict = carrier_attributes(*node.schema, node);
    if (form.kind == Kind::CustomCall && config_of(form, target) == "discardable")
      for (NamedAttr& item : dict)
        if (auto* list = std::get_if<IntsAttr>(&item.value)) list->style = ListStyle::Bracket;
    return dict;
  }
  Dict dict;
  for (const CarrierAttr& rule : form.attributes) {
    const Attr* value = rule.from.empty() ? (rule.value ? &*rule.value : nullptr) : find(node.attributes, rule.from);
    if (value == nullptr) continue;  // neither given nor defaulted: the carrier's own default counts
    if (rule.omit && same_value(*value, *rule.omit)) continue;
    TENON_ASSIGN(Attr converted, convert(rule.from.empty() ? rule.to : rule.from, *value, rule));
    dict.push_back({rule.to, std::move(converted)});
  }
  sort_by_name(dict);
  return dict;
}

stablehlo::Op carrier_op(const CarrierForm& form, const Target& target, Dict attributes, const std::string& decomposition) {
  stablehlo::Op op;
  if (form.kind == Kind::Composite) {
    op.code = stablehlo::OpCode::Composite;
    op.attributes = {{"name", form.name},
                     {"composite_attributes", DictAttr{std::move(attributes)}},
                     {"decomposition", SymbolAttr{decomposition}},
                     {"version", IntAttr{form.version, DType::I32}}};
    return op;
  }
  op.code = stablehlo::OpCode::CustomCall;
  const std::string_view config = config_of(form, target);
  const std::int64_t api_version = form.api_version          ? *form.api_version
                                   : config == target.config ? target.api_version
                                                             : default_api_version(config);
  Attr backend_config = std::string();
  if (config == "dictionary") {
    backend_config = DictAttr{std::move(attributes)};
  } else if (config == "string") {
    JsonWriter json;
    write_json(json, DictAttr{std::move(attributes)});
    backend_config = json.take();
  } else if (config == "mhlo") {
    op.discardable = {{"mhlo.backend_config", DictAttr{std::move(attributes)}}};
  } else {
    op.discardable = std::move(attributes);
  }
  op.attributes = {{"call_target_name", form.name},
                   {"api_version", IntAttr{api_version, DType::I32}},
                   {"backend_config", std::move(backend_config)},
                   {"has_side_effect", false}};
  return op;
}

}  // namespace tenon
