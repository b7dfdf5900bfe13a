#include "core/lower/lowering_builder.h"

#include <algorithm>

#include "core/op/add_node.h"
#include "core/type/convert.h"

namespace tenon {

using stablehlo::OpCode;
using stablehlo::ValueId;
static_assert(stablehlo::kNoValue == TENON_HLO_NONE, "an absent operand is spelled the same on both sides");

LoweringBuilder::LoweringBuilder(Lowering& lowering, std::size_t function, const OpDef& op, const tenon_node& node, bool carrier)
    : lowering_(lowering), hlo_(lowering.module_, function), op_(op), node_(node), may_carry_(carrier) {}

// The operator in front, as in all of its errors.
Error LoweringBuilder::complain(Error error) const {
  const std::string prefix = cat("[", op_.schema.name, "] ");
  if (!error.message.starts_with(prefix)) error.message = cat(prefix, error.message);
  return error;
}

Status LoweringBuilder::check(std::span<const tenon_hlo_value> values, std::string_view what) const {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!hlo_.valid(values[i]))
      return complain(fail(Code::InvalidArgument, what, ": value ", i,
                           values[i] == TENON_HLO_NONE ? " is an absent operand" : " is none of this builder's"));
  }
  return {};
}

Result<tenon_hlo_value> LoweringBuilder::operand(std::size_t index) {
  if (index >= node_.operands.size())
    return complain(fail(Code::OutOfRange, "lower asks for operand ", index, ", there are ", node_.operands.size()));
  if (!node_.operands[index]) return TENON_HLO_NONE;
  const auto before = node_.operands.begin();
  const auto present =
      std::count_if(before, before + static_cast<std::ptrdiff_t>(index), [](const auto& type) { return type.has_value(); });
  return hlo_.arguments()[static_cast<std::size_t>(present)];
}

Result<const TensorType*> LoweringBuilder::type(tenon_hlo_value value) {
  TENON_TRY(check(std::span(&value, 1), "build_type"));
  const auto [it, added] = types_.try_emplace(value);
  if (added) it->second = hlo_.type(value);
  return &it->second;
}

Result<std::vector<tenon_hlo_value>> LoweringBuilder::op(std::string_view name, std::span<const tenon_hlo_value> operands, Dict attributes,
                                                         std::span<const TensorType> result_types) {
  const stablehlo::OpInfo* info = stablehlo::find_op(name);
  if (info == nullptr) {
    std::vector<std::string> known;
    for (const stablehlo::OpInfo& row : stablehlo::all_ops()) known.emplace_back(row.name.substr(row.name.find('.') + 1));
    const std::string nearest = nearest_name(name, known);
    return complain(fail(Code::NotFound, "there is no StableHLO operation ", name))
        .advise(nearest.empty() ? "operations have StableHLO's names" : cat("did you mean ", nearest, "?"));
  }
  // What has a call of its own, and what has no meaning in a decomposition: that must be runnable everywhere.
  switch (info->code) {
    case OpCode::Constant:
      return complain(fail(Code::InvalidArgument, "build_op does not take ", info->name)).advise("use build_constant");
    case OpCode::Return:
      return complain(fail(Code::InvalidArgument, "build_op does not take ", info->name)).advise("use build_return or build_region_end");
    case OpCode::Composite:
    case OpCode::Call:
    case OpCode::CustomCall:
    case OpCode::GlobalLoad:
    case OpCode::TensorReshape:
      return complain(fail(Code::InvalidArgument, "build_op does not take ", info->name))
          .advise("use build_operator for other operators; their form outside is the target's");
    default:
      break;
  }
  TENON_TRY(check(operands, info->name));
  Result<std::vector<ValueId>> values = hlo_.op(info->code, operands, std::move(attributes), result_types);
  if (!values.ok()) return complain(values.take_error());
  return values;
}

Result<ValueId> constant_of(stablehlo::Builder& builder, const TensorType& type, std::span<const std::byte> bytes) {
  TENON_ASSIGN(const std::int64_t elements, checked_elements(type));
  if (elements == 1 || bytes.size() != storage_size(type.dtype)) return builder.constant(type, bytes);
  if (is_float(type.dtype)) return builder.splat(type, load_f64(type.dtype, bytes.data()));
  const std::int64_t value = load_i64(type.dtype, bytes.data());
  if (value >= 0 || is_signed(type.dtype)) return builder.splat_i64(type, value);
  // A ui64 beyond 2^63 - 1 has no spelling as i64.
  TENON_ASSIGN(const ValueId scalar, builder.constant({type.dtype, {}}, bytes));
  return builder.broadcast(scalar, type.dims, {});
}

Result<tenon_hlo_value> LoweringBuilder::constant(const TensorType& type, std::span<const std::byte> bytes) {
  Result<ValueId> value = constant_of(hlo_, type, bytes);
  if (!value.ok()) return complain(value.take_error());
  return value;
}

Result<std::vector<tenon_hlo_value>> LoweringBuilder::region_begin(std::span<const TensorType> arguments) {
  Result<std::vector<ValueId>> values = hlo_.begin_region(arguments);
  if (!values.ok()) return complain(values.take_error());
  return values;
}

Status LoweringBuilder::region_end(std::span<const tenon_hlo_value> results) {
  TENON_TRY(check(results, "build_region_end"));
  Result<std::vector<ValueId>> returned = hlo_.op(OpCode::Return, results);
  if (!returned.ok()) return complain(returned.take_error());
  if (Status status = hlo_.end_region(); !status.ok()) return complain(status.take_error());
  return {};
}

Result<std::vector<tenon_hlo_value>> LoweringBuilder::use_operator(std::string_view name, std::span<const tenon_hlo_value> operands,
                                                                   const Dict& attributes, bool carrier) {
  if (carrier && !may_carry_) return complain(fail(Code::FailedPrecondition, "carrier = 1 is for lower_as only"));
  if (carrier && carriers_ > 0) return complain(fail(Code::FailedPrecondition, "lower_as writes one carrier, this is the second"));
  Result<const OpDef*> found = lowering_.registry_.require(name, op_.schema.op_namespace);
  if (!found.ok()) return complain(found.take_error());
  std::vector<OperandType> types;
  std::vector<ValueId> present;
  for (const tenon_hlo_value value : operands) {
    OperandType& type = types.emplace_back();
    if (value == TENON_HLO_NONE) continue;
    TENON_TRY(check(std::span(&value, 1), name));
    type.type = hlo_.type(value);
    present.push_back(value);
  }
  Result<tenon_node> node = check_node(**found, node_.name, types, attributes, lowering_.environment_);
  if (!node.ok()) return complain(node.take_error());
  Result<std::string> body = lowering_.decomposition(**found, *node);
  if (!body.ok()) return complain(body.take_error());

  Dict mark;
  if (carrier) {
    mark.push_back({std::string(kCarrierMark), true});
    ++carriers_;
  }
  Result<std::vector<ValueId>> values =
      hlo_.op(OpCode::Composite, present, composite_op_attributes((*found)->schema, *node, *body), {}, std::move(mark));
  if (!values.ok()) return complain(values.take_error());
  // In the schema's order, with a hole for each result that this node does not have.
  std::vector<tenon_hlo_value> results;
  std::size_t next = 0;
  for (const auto& result : node->results) results.push_back(result ? (*values)[next++] : TENON_HLO_NONE);
  return results;
}

Status LoweringBuilder::finish(std::span<const tenon_hlo_value> results) {
  TENON_TRY(check(results, "build_return"));
  std::vector<const TensorType*> expected;
  for (const auto& type : node_.results)
    if (type) expected.push_back(&*type);
  if (results.size() != expected.size())
    return complain(fail(Code::InvalidArgument, "build_return gives ", results.size(), " results, the node has ", expected.size()));
  for (std::size_t i = 0; i < results.size(); ++i) {
    const TensorType type = hlo_.type(results[i]);
    if (type != *expected[i])
      return complain(
          fail(Code::InvalidArgument, "build_return: result ", i, " is ", to_string(type), ", infer said ", to_string(*expected[i])));
  }
  if (Status status = hlo_.finish(results); !status.ok()) return complain(status.take_error());
  return {};
}

}  // namespace tenon
