// Where a plugin's lowering writes: tenon_builder over the module's builder. Internal to core/lower.
#pragma once

#include <unordered_map>

#include "core/lower/lower.h"
#include "core/stablehlo/builder.h"

namespace tenon {

// Writes one function of a module: arguments are the present operands of `node`. Lives for one callback.
class LoweringBuilder final : public tenon_builder {
 public:
  // carrier: in lower_as, where one operator use may (and must) be the carrier.
  LoweringBuilder(Lowering& lowering, std::size_t function, const OpDef& op, const tenon_node& node, bool carrier);

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

  int carriers() const { return carriers_; }

 private:
  Error complain(Error error) const;
  Status check(std::span<const tenon_hlo_value> values, std::string_view what) const;

  Lowering& lowering_;
  stablehlo::Builder hlo_;
  const OpDef& op_;
  const tenon_node& node_;
  const bool may_carry_;
  int carriers_ = 0;
  std::unordered_map<tenon_hlo_value, TensorType> types_;  // what type() handed out: addresses stay while the callback runs
};

// A constant of `bytes`: all of them, or those of one element, which is then everywhere.
Result<stablehlo::ValueId> constant_of(stablehlo::Builder& builder, const TensorType& type, std::span<const std::byte> bytes);

}  // namespace tenon
