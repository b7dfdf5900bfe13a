// What a plugin's lowering writes through: one function of the module, checked call by call.
#pragma once

#include "core/lower/lower.h"
#include "core/stablehlo/builder.h"

namespace tenon {

class LoweringBuilder final : public tenon_builder {
 public:
  // Appends to module.funcs[func_index], whose arguments are the present operands of `node` in order.
  LoweringBuilder(stablehlo::Module& module, std::size_t func_index, const OpDef& op, const tenon_node& node, Lowering& lowering,
                  const Registry& registry, const Environment& environment);

  Result<tenon_hlo_value> operand(std::size_t index) override;
  Result<const TensorType*> type(tenon_hlo_value value) override;
  Result<std::vector<tenon_hlo_value>> op(std::string_view name, std::span<const tenon_hlo_value> operands, Dict attributes,
                                          std::span<const TensorType> result_types) override;
  Result<tenon_hlo_value> constant(const TensorType& type, std::span<const std::byte> bytes) override;
  Result<std::vector<tenon_hlo_value>> region_begin(std::span<const TensorType> arguments) override;
  Status region_end(std::span<const tenon_hlo_value> results) override;
  Result<std::vector<tenon_hlo_value>> use_operator(std::string_view name, std::span<const tenon_hlo_value> operands,
                                                    const Dict& attributes, bool carrier) override;
  Status finish(std::span<const tenon_hlo_value> results) override;

 private:
  stablehlo::Module& module_;
  stablehlo::Builder builder_;
  const OpDef& op_;
  const tenon_node& node_;
  Lowering& lowering_;
  const Registry& registry_;
  const Environment& environment_;
  std::vector<tenon_hlo_value> operands_;                // by schema position; TENON_HLO_NONE for absent ones
  std::vector<std::unique_ptr<TensorType>> types_lent_;  // what type() lent, until the callback returns
};

// The composite operation that carries one use of an operator: attributes of the operation itself.
Dict composite_attributes(const OpDef& op, const tenon_node& node, const std::string& decomposition);

// Runs lower (or lower_as, for a target) into a new private function of the module; its name.
Result<std::string> lower_into_function(stablehlo::Module& module, const OpDef& op, const tenon_node& node, std::string function,
                                        std::string_view target, Lowering& lowering, const Registry& registry,
                                        const Environment& environment);

}  // namespace tenon
