// Operands against the schema: how many, which dtypes, which shapes. Then attributes and inference.
#include <algorithm>

#include "core/op/add_node.h"
#include "core/op/shapes.h"

namespace tenon {
namespace {

bool is_variadic(const OpSchema& schema) { return !schema.operands.empty() && schema.operands.back().variadic; }

// The schema of operand number `index`; the variadic last one stands for all that follow.
const OperandSchema& schema_of(const OpSchema& schema, std::size_t index) {
  return schema.operands[std::min(index, schema.operands.size() - 1)];
}

// "scale", or "inputs[2]" for a part of a variadic operand.
std::string label(const OpSchema& schema, std::size_t index) {
  const OperandSchema& operand = schema_of(schema, index);
  return operand.variadic ? cat(operand.name, "[", index + 1 - schema.operands.size(), "]") : operand.name;
}

std::string operand_names(const OpSchema& schema) {
  std::vector<std::string> names;
  for (const OperandSchema& operand : schema.operands)
    names.push_back(cat(operand.name, operand.optional ? "?" : "", operand.variadic ? "..." : ""));
  return join(names, ", ");
}

// "f16, bf16 or f32"
std::string one_of(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) text += cat(i == 0 ? "" : i + 1 == names.size() ? " or " : ", ", names[i]);
  return text;
}

Status check_count(const OpSchema& schema, std::span<const OperandType> operands) {
  const std::size_t known = schema.operands.size();
  if (operands.size() > known && !is_variadic(schema))
    return fail(Code::InvalidArgument, "[", schema.name, "] takes at most ", known, known == 1 ? " operand" : " operands", ", got ",
                operands.size())
        .advise(known == 0 ? std::string("it has no operands") : cat("its operands are ", operand_names(schema)));
  for (std::size_t i = 0; i < std::max(known, operands.size()); ++i) {
    if (i < operands.size() && operands[i].type) continue;
    // Of several parts of a variadic operand none may be absent, optional or not: there would be no telling which.
    if (schema_of(schema, i).optional && i < known && !(schema_of(schema, i).variadic && operands.size() > known)) continue;
    return fail(Code::InvalidArgument, "[", schema.name, "] operand ", label(schema, i), " is missing")
        .operand(schema_of(schema, i).name)
        .advise(cat("its operands are ", operand_names(schema)));
  }
  return {};
}

// The type that an operand's `like` refers to, or null if that operand is absent.
const TensorType* like_type(const OpSchema& schema, const OperandSchema& operand, std::span<const std::optional<TensorType>> types) {
  std::size_t index = 0;
  if (operand.like.empty() || schema.operand(operand.like, &index) == nullptr || index >= types.size() || !types[index]) return nullptr;
  return &*types[index];
}

Status check_dtype(const OpSchema& schema, std::size_t index, std::span<const std::optional<TensorType>> types) {
  const OperandSchema& operand = schema_of(schema, index);
  const DType dtype = types[index]->dtype;
  // What the operator as a whole takes says more than the type of its first operand.
  const std::vector<DType>& listed = index == 0 && !schema.dtypes.empty() ? schema.dtypes : operand.dtypes;
  const TensorType* like = like_type(schema, operand, types);
  std::vector<std::string> expected;
  if (like != nullptr && like->dtype != dtype) expected.push_back(cat(name(like->dtype), " like operand ", operand.like));
  if (expected.empty() && !listed.empty() && std::find(listed.begin(), listed.end(), dtype) == listed.end())
    for (const DType allowed : listed) expected.emplace_back(name(allowed));
  if (expected.empty()) return {};
  return fail(Code::InvalidArgument, "[", schema.name, "] operand ", label(schema, index), " has dtype ", name(dtype), ", expected ",
              one_of(expected))
      .operand(operand.name)
      .advise("give it in that dtype, or put a cast before it");
}

// Operands that broadcast together, by NumPy's rule.
Status check_broadcast(const OpSchema& schema, std::span<const std::optional<TensorType>> types) {
  Dims joined;
  std::string before;
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (!types[i] || !schema_of(schema, i).broadcast) continue;
    std::optional<Dims> next = broadcast_dims(joined, types[i]->dims);
    const std::string here = cat(label(schema, i), " ", dims_text(types[i]->dims));
    if (!next)
      return fail(Code::InvalidArgument, "[", schema.name, "] operands ", before, " and ", here, " do not broadcast")
          .operand(schema_of(schema, i).name)
          .advise("sizes must be equal or 1, counted from the last dimension");
    joined = *std::move(next);
    before += cat(before.empty() ? "" : ", ", here);
  }
  return {};
}

Result<tenon_node> checked_node(const OpDef& op, std::string name, std::span<const OperandType> operands, const Dict& attributes,
                                const Environment& environment) {
  const OpSchema& schema = op.schema;
  TENON_TRY(check_count(schema, operands));
  tenon_node node;
  node.schema = &schema;
  node.name = std::move(name);
  const std::size_t count = std::max(operands.size(), schema.operands.size());
  for (std::size_t i = 0; i < count; ++i) {
    node.operands.push_back(i < operands.size() ? operands[i].type : std::nullopt);
    node.operand_is_constant.push_back(i < operands.size() && operands[i].type && operands[i].is_constant);
  }
  ShapeSymbols symbols;
  for (std::size_t i = 0; i < count; ++i) {
    if (!node.operands[i]) continue;
    if (Status valid = check_type(*node.operands[i]); !valid.ok()) {
      Error error = valid.take_error();
      error.message = cat("[", schema.name, "] operand ", label(schema, i), ": ", error.message);
      return std::move(error).operand(schema_of(schema, i).name);
    }
    TENON_TRY(check_dtype(schema, i, node.operands));
    TENON_TRY(symbols.check(schema, schema_of(schema, i).shape, label(schema, i), node.operands[i]->dims));
  }
  TENON_TRY(check_broadcast(schema, node.operands));
  TENON_ASSIGN(node.attributes, resolve_attributes(schema, attributes));
  TENON_TRY(infer(op, node, environment));
  return node;
}

}  // namespace

Result<tenon_node> check_node(const OpDef& op, std::string name, std::span<const OperandType> operands, const Dict& attributes,
                              const Environment& environment) {
  Result<tenon_node> node = checked_node(op, name, operands, attributes, environment);
  if (node.ok() || !node.error().where.node.empty()) return node;
  return Error(node.error()).node(std::move(name));
}

}  // namespace tenon
