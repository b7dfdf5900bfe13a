// Between an operator's use and the composite that carries it.
#include <algorithm>

#include "core/lower/lower.h"
#include "core/op/add_node.h"

namespace tenon {

using stablehlo::Func;
using stablehlo::Module;
using stablehlo::Op;

Dict carrier_attributes(const OpSchema& schema, const tenon_node& node) {
  Dict attributes;
  for (const NamedAttr& attr : node.attributes) {
    Attr value = attr.value;
    if (const auto* dtype = std::get_if<DType>(&value)) value = std::string(name(*dtype));
    attributes.push_back({attr.name, std::move(value)});
  }
  const bool optional = std::any_of(schema.operands.begin(), schema.operands.end(), [](const OperandSchema& o) { return o.optional; });
  if (optional) {
    std::string present;
    for (std::size_t i = 0; i < node.operands.size(); ++i)
      if (node.operands[i]) present += cat(present.empty() ? "" : ",", schema.operands[std::min(i, schema.operands.size() - 1)].name);
    attributes.push_back({"operands", std::move(present)});
  }
  sort_by_name(attributes);
  return attributes;
}

Result<CompositeInfo> read_composite(const Module&, const Func& func, const Op& op, const Registry& registry) {
  const std::string_view composite = get_string(op.attributes, "name");
  const std::size_t dot = composite.rfind('.');
  const OpDef* def = dot == std::string_view::npos ? nullptr : registry.find(composite);
  if (def == nullptr) return fail(Code::NotFound, "composite ", composite, " is no operator of a plugin");
  CompositeInfo info;
  info.op = def;
  tenon_node& node = info.node;
  node.schema = &def->schema;
  if (op.location != nullptr) node.name = *op.location;

  Dict given;
  std::optional<std::string> present;
  if (const Attr* attributes = find(op.attributes, "composite_attributes"))
    for (const NamedAttr& attr : std::get<DictAttr>(*attributes).items) {
      if (attr.name == "operands" && def->schema.attribute("operands") == nullptr)
        present = std::get<std::string>(attr.value);
      else
        given.push_back(attr);
    }
  TENON_ASSIGN(node.attributes, resolve_attributes(def->schema, given));

  std::vector<std::string> names;
  if (present && !present->empty()) names = split(*present, ',');
  std::size_t next = 0;
  for (const OperandSchema& operand : def->schema.operands) {
    const bool here = present ? next < op.operands.size() && next < names.size() && names[next] == operand.name : next < op.operands.size();
    if (!here) {
      node.operands.emplace_back();
      continue;
    }
    node.operands.emplace_back(func.type(op.operands[next++]));
    while (operand.variadic && next < op.operands.size()) node.operands.emplace_back(func.type(op.operands[next++]));
  }
  if (next != op.operands.size())
    return fail(Code::InvalidArgument, "composite ", composite, " has ", op.operands.size(), " operands, its operator takes ", next);

  std::size_t result = 0;
  for (const ResultSchema& schema : def->schema.results) {
    if (result < op.results.size() && (schema.when.empty() || is_given(node, schema.when)))
      node.results.emplace_back(func.type(op.results[result++]));
    else
      node.results.emplace_back();
  }
  return info;
}

}  // namespace tenon
