// How one use of an operator is written as a composite, and read back.
#include <algorithm>

#include "core/lower/lower.h"
#include "core/op/add_node.h"

namespace tenon {
namespace {

bool has_optional(const OpSchema& schema) {
  return std::any_of(schema.operands.begin(), schema.operands.end(), [](const OperandSchema& operand) { return operand.optional; });
}

// The schema's entry for operand number `slot`; a variadic last one stands for all that follow.
const OperandSchema& operand_at(const OpSchema& schema, std::size_t slot) {
  return schema.operands[std::min(slot, schema.operands.size() - 1)];
}

Error bad(const OpSchema& schema, std::string what) { return fail(Code::InvalidArgument, "[", schema.name, "] composite: ", what); }

// Which operands are there, from their names in the schema's order.
Status place_operands(const OpSchema& schema, const std::vector<std::string>& names, const stablehlo::Func& func, const stablehlo::Op& op,
                      tenon_node& node) {
  std::size_t next = 0;
  for (std::size_t slot = 0; slot < schema.operands.size(); ++slot) {
    const OperandSchema& operand = schema.operands[slot];
    std::size_t count = 0;
    while (next < names.size() && names[next] == operand.name && (operand.variadic || count == 0)) {
      node.operands.emplace_back(func.type(op.operands[next]));
      ++next;
      ++count;
    }
    if (count > 0) continue;
    if (!operand.optional) return bad(schema, cat("operand ", operand.name, " is missing"));
    node.operands.emplace_back();
  }
  if (next < names.size()) return bad(schema, cat("operand \"", names[next], "\" is none of the operator's, or out of order"));
  return {};
}

// Attributes that only repeat the default count as not given, so that they exclude nothing.
Result<Dict> read_attributes(const OpSchema& schema, const Dict& written) {
  Dict given;
  for (const NamedAttr& item : written) {
    const AttrSchema* attr = schema.attribute(item.name);
    Attr value = item.value;
    if (attr != nullptr && attr->type == AttrType::DType)
      if (const auto* text = std::get_if<std::string>(&value))
        if (const auto dtype = dtype_from_name(*text)) value = *dtype;
    if (attr != nullptr && attr->fallback && *attr->fallback == value) continue;
    given.push_back({item.name, std::move(value)});
  }
  return resolve_attributes(schema, given);
}

}  // namespace

Dict carrier_attributes(const OpSchema& schema, const tenon_node& node) {
  Dict dict;
  for (const NamedAttr& item : node.attributes) {
    Attr value = item.value;
    if (const auto* dtype = std::get_if<DType>(&value)) value = std::string(name(*dtype));
    if (auto* list = std::get_if<IntsAttr>(&value)) list->style = ListStyle::Dense;
    dict.push_back({item.name, std::move(value)});
  }
  if (has_optional(schema)) {
    std::vector<std::string> names;
    for (std::size_t slot = 0; slot < node.operands.size(); ++slot)
      if (node.operands[slot]) names.push_back(operand_at(schema, slot).name);
    dict.push_back({"operands", join(names, ",")});
  }
  sort_by_name(dict);
  return dict;
}

Dict composite_op_attributes(const OpSchema& schema, const tenon_node& node, const std::string& decomposition) {
  return {{"name", schema.full_name()},
          {"composite_attributes", DictAttr{carrier_attributes(schema, node)}},
          {"decomposition", SymbolAttr{decomposition}},
          {"version", IntAttr{schema.version, DType::I32}}};
}

Result<CompositeInfo> read_composite(const stablehlo::Module&, const stablehlo::Func& func, const stablehlo::Op& op,
                                     const Registry& registry) {
  const std::string_view name = get_string(op.attributes, "name");
  const OpDef* def = op.code == stablehlo::OpCode::Composite ? registry.find(name) : nullptr;
  // Only the exact name: a foreign "Tenon.OP" is not ours.
  if (def == nullptr || def->schema.full_name() != name) return fail(Code::NotFound, "composite \"", name, "\" is no operator");
  const OpSchema& schema = def->schema;
  CompositeInfo out;
  out.op = def;
  out.node.schema = &schema;
  if (op.location != nullptr) out.node.name = *op.location;

  Dict attributes;
  if (const Attr* dict = find(op.attributes, "composite_attributes")) attributes = std::get<DictAttr>(*dict).items;
  std::vector<std::string> names;
  if (has_optional(schema)) {
    const auto listed = std::find_if(attributes.begin(), attributes.end(), [](const NamedAttr& item) { return item.name == "operands"; });
    const auto* text = listed == attributes.end() ? nullptr : std::get_if<std::string>(&listed->value);
    if (text == nullptr) return bad(schema, "attribute operands, which says which ones are there, is missing");
    if (!text->empty()) names = split(*text, ',');
    attributes.erase(listed);
  } else {
    for (std::size_t i = 0; i < op.operands.size() && !schema.operands.empty(); ++i) names.push_back(operand_at(schema, i).name);
  }
  if (names.size() != op.operands.size()) return bad(schema, cat(op.operands.size(), " operands, ", names.size(), " names for them"));
  TENON_TRY(place_operands(schema, names, func, op, out.node));
  TENON_ASSIGN(out.node.attributes, read_attributes(schema, attributes));

  std::size_t next = 0;
  for (const ResultSchema& result : schema.results) {
    const bool there = result.when.empty() || is_given(out.node, result.when);
    if (there && next >= op.results.size()) return bad(schema, cat("result ", result.name, " is missing"));
    out.node.results.push_back(there ? std::optional<TensorType>(func.type(op.results[next++])) : std::nullopt);
    while (result.variadic && next < op.results.size()) out.node.results.emplace_back(func.type(op.results[next++]));
  }
  if (next != op.results.size()) return bad(schema, cat(op.results.size(), " results, the operator has ", next));
  return out;
}

}  // namespace tenon
