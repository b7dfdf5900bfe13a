#include "core/op/schema.h"

#include <algorithm>

namespace tenon {
namespace {

// Aliases that hold for every operator that has the attribute.
constexpr std::pair<std::string_view, std::string_view> kAliases[] = {
    {"dim", "axis"}, {"dims", "axes"}, {"eps", "epsilon"}, {"keepdim", "keepdims"}, {"perm", "permutation"}};

}  // namespace

std::string_view name(AttrType type) {
  switch (type) {
    case AttrType::Bool:
      return "bool";
    case AttrType::Int:
      return "int";
    case AttrType::F64:
      return "f64";
    case AttrType::String:
      return "string";
    case AttrType::DType:
      return "dtype";
    case AttrType::Ints:
      return "ints";
    case AttrType::Floats:
      return "floats";
  }
  return "?";
}

std::string OpSchema::result_name(std::size_t index) const {
  const ResultSchema& result = result_at(index);
  return result.variadic ? cat(result.name, "_", index + 1 - results.size()) : result.name;
}

const OperandSchema* OpSchema::operand(std::string_view operand_name, std::size_t* index) const {
  for (std::size_t i = 0; i < operands.size(); ++i)
    if (operands[i].name == operand_name) {
      if (index != nullptr) *index = i;
      return &operands[i];
    }
  return nullptr;
}

const AttrSchema* OpSchema::attribute(std::string_view canonical) const {
  for (const AttrSchema& attr : attributes)
    if (attr.name == canonical) return &attr;
  return nullptr;
}

const AttrSchema* OpSchema::attribute_or_alias(std::string_view given) const {
  if (const AttrSchema* attr = attribute(given)) return attr;
  for (const AttrSchema& attr : attributes)
    if (std::find(attr.aliases.begin(), attr.aliases.end(), given) != attr.aliases.end()) return &attr;
  // Through the schema's own aliases too: where `axis` is written for `axes`, `dim` is.
  for (const auto& [alias, canonical] : kAliases)
    if (alias == given) return attribute_or_alias(canonical);
  return nullptr;
}

const CarrierForm* OpSchema::target(std::string_view target_name) const {
  for (const CarrierForm& form : targets)
    if (form.target == target_name) return &form;
  return nullptr;
}

}  // namespace tenon
