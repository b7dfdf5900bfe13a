// Which operands of a node hold indices, and into what: from the schema's `values`.
#include "core/plan/index_check.h"

#include "core/lower/lower.h"

namespace tenon {

std::vector<IndexCheck> index_checks(const OpSchema& schema, const tenon_node& node) {
  std::vector<IndexCheck> checks;
  if (get_string(node.attributes, "mode", "error") != "error") return checks;  // the operator gives indices out of range a meaning
  for (std::size_t slot = 0; slot < schema.operands.size() && slot < node.operands.size(); ++slot) {
    const OperandSchema& operand = schema.operands[slot];
    std::size_t target = 0;
    if (operand.index_of.empty() || !node.operands[slot] || schema.operand(operand.index_of, &target) == nullptr) continue;
    if (target >= node.operands.size() || !node.operands[target]) continue;
    const Dims& dims = node.operands[target]->dims;
    const auto rank = static_cast<std::int64_t>(dims.size());
    std::int64_t axis = operand.index_axis.empty() ? 0 : get_int(node.attributes, operand.index_axis);
    if (axis < 0) axis += rank;
    std::int64_t count = 1;
    if (operand.coordinates) count = node.operands[slot]->dims.empty() ? 0 : node.operands[slot]->dims.back();
    if (axis < 0 || count < 0 || axis + count > rank) continue;  // infer has let it pass: what it means, the operator knows
    checks.push_back({slot, operand.name, operand.index_of, axis, Dims(dims.begin() + axis, dims.begin() + axis + count)});
  }
  return checks;
}

}  // namespace tenon
