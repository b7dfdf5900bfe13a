#include "core/lower/lowering_builder.h"

#include <map>

#include "core/op/add_node.h"

namespace tenon {

using stablehlo::Func;
using stablehlo::Module;
using stablehlo::OpCode;

LoweringBuilder::LoweringBuilder(Module& module, std::size_t func_index, const OpDef& op, const tenon_node& node, Lowering& lowering,
                                 const Registry& registry, const Environment& environment)
    : module_(module),
      builder_(module, func_index),
      op_(op),
      node_(node),
      lowering_(lowering),
      registry_(registry),
      environment_(environment) {
  std::size_t next = 0;
  for (const auto& operand : node.operands) operands_.push_back(operand ? builder_.arguments()[next++] : TENON_HLO_NONE);
}

Result<tenon_hlo_value> LoweringBuilder::operand(std::size_t index) {
  if (index >= operands_.size())
    return fail(Code::OutOfRange, "[", op_.schema.name, "] lower asks for operand ", index, " of ", operands_.size());
  return operands_[index];
}

Result<const TensorType*> LoweringBuilder::type(tenon_hlo_value value) {
  if (!builder_.valid(value)) return fail(Code::InvalidArgument, "[", op_.schema.name, "] value ", value, " is not defined here");
  types_lent_.push_back(std::make_unique<TensorType>(builder_.type(value)));  // a copy: the function's table of types may move
  return static_cast<const TensorType*>(types_lent_.back().get());
}

Result<std::vector<tenon_hlo_value>> LoweringBuilder::op(std::string_view name, std::span<const tenon_hlo_value> operands, Dict attributes,
                                                         std::span<const TensorType> result_types) {
  const stablehlo::OpInfo* info = stablehlo::find_op(name);
  if (info == nullptr)
    return fail(Code::InvalidArgument, "[", op_.schema.name, "] lower: unknown StableHLO operation ", name)
        .advise("names are those of the StableHLO specification: add, broadcast_in_dim, ..");
  switch (info->code) {
    case OpCode::Return:
      return fail(Code::InvalidArgument, "[", op_.schema.name, "] lower: use build_return or build_region_end");
    case OpCode::Composite:
    case OpCode::Call:
    case OpCode::CustomCall:
    case OpCode::GlobalLoad:
      return fail(Code::InvalidArgument, "[", op_.schema.name, "] lower: ", name, " is not for plugins; use build_operator")
          .advise("a lowering is the operator's meaning, and is made of StableHLO's primitives and other operators");
    default:
      break;
  }
  return builder_.op(info->code, operands, std::move(attributes), result_types);
}

Result<tenon_hlo_value> LoweringBuilder::constant(const TensorType& type, std::span<const std::byte> bytes) {
  return builder_.constant(type, bytes);
}

Result<std::vector<tenon_hlo_value>> LoweringBuilder::region_begin(std::span<const TensorType> arguments) {
  return builder_.begin_region(arguments);
}

Status LoweringBuilder::region_end(std::span<const tenon_hlo_value> results) {
  Result<std::vector<tenon_hlo_value>> returned = builder_.op(OpCode::Return, results);
  if (!returned.ok()) return returned.take_error();
  return builder_.end_region();
}

Dict composite_attributes(const OpDef& op, const tenon_node& node, const std::string& decomposition) {
  return {{"name", op.schema.full_name()},
          {"composite_attributes", DictAttr{carrier_attributes(op.schema, node)}},
          {"decomposition", SymbolAttr{decomposition}},
          {"version", IntAttr{static_cast<std::int64_t>(op.schema.version), DType::I32}}};
}

Result<std::vector<tenon_hlo_value>> LoweringBuilder::use_operator(std::string_view name, std::span<const tenon_hlo_value> operands,
                                                                   const Dict& attributes, bool carrier) {
  TENON_ASSIGN(const OpDef* used, registry_.require(name, op_.schema.op_namespace));
  std::vector<OperandType> types;
  std::vector<tenon_hlo_value> present;
  for (tenon_hlo_value value : operands) {
    if (value == TENON_HLO_NONE) {
      types.emplace_back();
      continue;
    }
    if (!builder_.valid(value)) return fail(Code::InvalidArgument, "[", op_.schema.name, "] value ", value, " is not defined here");
    types.push_back({builder_.type(value), false});
    present.push_back(value);
  }
  TENON_ASSIGN(tenon_node node, check_node(*used, {}, types, attributes, environment_));
  TENON_ASSIGN(std::string function, lowering_.decomposition(*used, node));
  std::vector<TensorType> results;
  for (const auto& result : node.results)
    if (result) results.push_back(*result);
  Dict discardable;
  if (carrier) discardable.push_back({"tenon.carrier", true});
  return builder_.op(OpCode::Composite, present, composite_attributes(*used, node, function), results, std::move(discardable));
}

Status LoweringBuilder::finish(std::span<const tenon_hlo_value> results) {
  std::vector<std::pair<std::string, TensorType>> expected;
  for (std::size_t i = 0; i < node_.results.size(); ++i)
    if (node_.results[i]) expected.emplace_back(op_.schema.results[i].name, *node_.results[i]);
  if (results.size() != expected.size())
    return fail(Code::PluginRejected, "[", op_.schema.name, "] lower returns ", results.size(), " results, infer gave ", expected.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!builder_.valid(results[i]))
      return fail(Code::InvalidArgument, "[", op_.schema.name, "] value ", results[i], " is not defined here");
    if (builder_.type(results[i]) != expected[i].second)
      return fail(Code::PluginRejected, "[", op_.schema.name, "] lower returns ", to_string(builder_.type(results[i])), " for ",
                  expected[i].first, ", infer gave ", to_string(expected[i].second));
  }
  return builder_.finish(results);
}

Result<std::string> lower_into_function(Module& module, const OpDef& op, const tenon_node& node, std::string function,
                                        std::string_view target, Lowering& lowering, const Registry& registry,
                                        const Environment& environment) {
  TENON_ASSIGN(const tenon_operator* table, op.table());
  const bool as_carrier = !target.empty();
  if (as_carrier ? table->lower_as == nullptr : table->lower == nullptr)
    return fail(Code::Unimplemented, "[", op.schema.name, "] has no ", as_carrier ? "lower_as" : "lower")
        .plugin(op.provider->plugin_name());
  const std::size_t index = module.funcs.size();
  Func func;
  func.name = std::move(function);
  func.is_private = true;
  for (const auto& operand : node.operands)
    if (operand) func.body.arguments.push_back(func.new_value(*operand));
  const std::string name = func.name;
  module.funcs.push_back(std::move(func));

  LoweringBuilder builder(module, index, op, node, lowering, registry, environment);
  tenon_call frame;
  Status done =
      invoke(*op.provider, environment, cat("[", op.schema.name, "] ", as_carrier ? "lower_as" : "lower"), frame, [&](tenon_call* call) {
        return as_carrier ? table->lower_as(call, table, &node, target.data(), target.size(), &builder)
                          : table->lower(call, table, &node, &builder);
      });
  if (done.ok() && !builder.finished)
    done = fail(Code::PluginRejected, "[", op.schema.name, "] lower ended without build_return").plugin(op.provider->plugin_name());
  if (!done.ok()) {
    module.funcs.resize(index);  // and whatever nested functions followed
    Error error = done.take_error();
    if (error.where.node.empty()) error.where.node = node.name;
    return error;
  }
  return name;
}

}  // namespace tenon
