#include "core/op/add_node.h"

#include <algorithm>
#include <unordered_map>

namespace tenon {
namespace {

std::string dtype_list(const std::vector<DType>& dtypes) {
  std::string text;
  for (DType dtype : dtypes) text += cat(text.empty() ? "" : " ", name(dtype));
  return text;
}

// Schema operand number `slot`, with the variadic last one standing for all that follow.
const OperandSchema& slot_schema(const OpSchema& schema, std::size_t slot) {
  return schema.operands[std::min(slot, schema.operands.size() - 1)];
}

bool has_variadic(const OpSchema& schema) { return !schema.operands.empty() && schema.operands.back().variadic; }

Status check_count(const OpSchema& schema, std::size_t given) {
  const std::size_t known = schema.operands.size();
  if (given > known && !has_variadic(schema)) {
    std::vector<std::string> names;
    for (const OperandSchema& operand : schema.operands) names.push_back(operand.name);
    return fail(Code::InvalidArgument, "[", schema.name, "] takes at most ", known, known == 1 ? " operand (" : " operands (",
                join(names, ", "), "), got ", given);
  }
  return {};
}

Status check_dtype(const OpSchema& schema, const OperandSchema& operand, const TensorType& type,
                   const std::unordered_map<std::string, DType>& dtypes) {
  const auto complain = [&](std::string_view expected) {
    return fail(Code::InvalidArgument, "[", schema.name, "] operand ", operand.name, " has dtype ", name(type.dtype), ", expected ",
                expected)
        .operand(operand.name)
        .advise("put a cast before it, or store the tensor in that dtype");
  };
  if (!operand.dtypes.empty() && std::find(operand.dtypes.begin(), operand.dtypes.end(), type.dtype) == operand.dtypes.end()) {
    // Beside the listed dtypes, the dtype of another operand may be allowed too ("the input's dtype or f32").
    const auto like = dtypes.find(operand.like);
    if (like == dtypes.end() || like->second != type.dtype)
      return complain(like == dtypes.end()
                          ? cat("one of ", dtype_list(operand.dtypes))
                          : cat("that of ", operand.like, " (", name(like->second), ") or one of ", dtype_list(operand.dtypes)));
    return {};
  }
  if (!operand.like.empty() && operand.dtypes.empty()) {
    const auto like = dtypes.find(operand.like);
    if (like != dtypes.end() && like->second != type.dtype) return complain(cat(name(like->second), ", as ", operand.like));
  }
  return {};
}

// Equal symbols are equal sizes; "..." takes any leading dimensions.
Status check_shape(const OpSchema& schema, const OperandSchema& operand, const TensorType& type,
                   std::unordered_map<std::string, std::pair<std::int64_t, std::string>>& sizes) {
  if (operand.shape.empty()) return {};
  const bool open = operand.shape.front() == "...";
  const std::size_t fixed = operand.shape.size() - (open ? 1 : 0);
  const std::size_t rank = type.dims.size();
  const auto pattern = [&] { return cat("[", join(operand.shape, ", "), "]"); };
  if (open ? rank < fixed : rank != fixed)
    return fail(Code::InvalidArgument, "[", schema.name, "] operand ", operand.name, " must have shape ", pattern(), ", got ",
                dims_text(type.dims))
        .operand(operand.name);
  for (std::size_t i = 0; i < fixed; ++i) {
    const std::string& symbol = operand.shape[operand.shape.size() - fixed + i];
    const std::int64_t size = type.dims[rank - fixed + i];
    if (const auto number = parse_i64(symbol)) {
      if (!compatible(*number, size))
        return fail(Code::InvalidArgument, "[", schema.name, "] operand ", operand.name, " must have shape ", pattern(), ", got ",
                    dims_text(type.dims))
            .operand(operand.name);
      continue;
    }
    const auto [it, added] = sizes.emplace(symbol, std::make_pair(size, operand.name));
    if (added) continue;
    if (!compatible(it->second.first, size))
      return fail(Code::InvalidArgument, "[", schema.name, "] operand ", operand.name, " must have shape ", pattern(), " with ", symbol,
                  " = ", it->second.first, " as in ", it->second.second, ", got ", dims_text(type.dims))
          .operand(operand.name);
    if (it->second.first == kDynamic) it->second.first = size;
  }
  return {};
}

// Operands that broadcast together: right-aligned sizes are equal or 1.
Status check_broadcast(const OpSchema& schema, const std::vector<std::optional<TensorType>>& operands) {
  Dims joined;
  std::string first;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const OperandSchema& operand = slot_schema(schema, i);
    if (!operand.broadcast || !operands[i]) continue;
    const Dims& dims = operands[i]->dims;
    if (dims.size() > joined.size()) joined.insert(joined.begin(), dims.size() - joined.size(), 1);
    for (std::size_t d = 0; d < dims.size(); ++d) {
      std::int64_t& have = joined[joined.size() - dims.size() + d];
      if (have == 1 || have == kDynamic) {
        if (dims[d] != 1) have = dims[d];
      } else if (dims[d] != 1 && !compatible(dims[d], have)) {
        return fail(Code::InvalidArgument, "[", schema.name, "] operand ", operand.name, " of shape ", dims_text(dims),
                    " does not broadcast with ", first)
            .operand(operand.name);
      }
    }
    if (first.empty()) first = cat(operand.name, " of shape ", dims_text(dims));
  }
  return {};
}

Error at_node(Error error, const std::string& name) {
  if (error.where.node.empty() && !name.empty()) error.where.node = name;
  return error;
}

Result<tenon_node> check_operands(const OpDef& op, std::string name, std::span<const OperandType> operands, const Dict& attributes,
                                  const Environment& environment) {
  const OpSchema& schema = op.schema;
  TENON_TRY(check_count(schema, operands.size()));
  tenon_node node;
  node.schema = &schema;
  node.name = std::move(name);
  const std::size_t count = std::max(operands.size(), schema.operands.size());
  std::unordered_map<std::string, DType> dtypes;
  std::unordered_map<std::string, std::pair<std::int64_t, std::string>> sizes;
  for (std::size_t i = 0; i < count; ++i) {
    const OperandSchema& operand = slot_schema(schema, i);
    const std::optional<TensorType> type = i < operands.size() ? operands[i].type : std::nullopt;
    node.operands.push_back(type);
    node.operand_is_constant.push_back(i < operands.size() && operands[i].is_constant);
    if (!type) {
      if (!operand.optional)
        return fail(Code::InvalidArgument, "[", schema.name, "] operand ", operand.name, " is missing").operand(operand.name);
      continue;
    }
    TENON_TRY(check_dtype(schema, operand, *type, dtypes));
    TENON_TRY(check_shape(schema, operand, *type, sizes));
    dtypes.emplace(operand.name, type->dtype);
  }
  if (!schema.dtypes.empty() && !node.operands.empty() && node.operands.front() &&
      std::find(schema.dtypes.begin(), schema.dtypes.end(), node.operands.front()->dtype) == schema.dtypes.end())
    return fail(Code::InvalidArgument, "[", schema.name, "] does not take dtype ", tenon::name(node.operands.front()->dtype), "; it takes ",
                dtype_list(schema.dtypes))
        .operand(schema.operands.front().name);
  TENON_TRY(check_broadcast(schema, node.operands));
  TENON_ASSIGN(node.attributes, resolve_attributes(schema, attributes));
  TENON_TRY(infer(op, node, environment));
  return node;
}

// Operands by name into the schema's order.
Result<std::vector<GraphValueId>> order_operands(const OpSchema& schema, const NodeRequest& request) {
  if (request.named_operands.empty()) return request.operands;
  if (!request.operands.empty()) return fail(Code::InvalidArgument, "[", schema.name, "] operands are given by position and by name");
  std::vector<GraphValueId> ordered(schema.operands.size(), kAbsent);
  std::vector<bool> given(schema.operands.size(), false);
  for (const auto& [name, value] : request.named_operands) {
    std::size_t slot = 0;
    if (schema.operand(name, &slot) == nullptr) {
      std::vector<std::string> names;
      for (const OperandSchema& operand : schema.operands) names.push_back(operand.name);
      const std::string nearest = nearest_name(name, names);
      return fail(Code::InvalidArgument, "[", schema.name, "] has no operand ", name)
          .operand(name)
          .advise(nearest.empty() ? cat("its operands are ", join(names, ", ")) : cat("did you mean ", nearest, "?"));
    }
    if (given[slot]) {
      if (!schema.operands[slot].variadic)
        return fail(Code::InvalidArgument, "[", schema.name, "] operand ", name, " is given twice").operand(name);
      ordered.push_back(value);
      continue;
    }
    given[slot] = true;
    ordered[slot] = value;
  }
  while (!ordered.empty() && ordered.back() == kAbsent) ordered.pop_back();
  return ordered;
}

Result<std::uint32_t> add(Graph& graph, const Registry& registry, const Environment& environment, const NodeRequest& request) {
  TENON_ASSIGN(const OpDef* op, registry.require(request.op));
  TENON_ASSIGN(std::vector<GraphValueId> operands, order_operands(op->schema, request));
  std::vector<OperandType> types;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (operands[i] == kAbsent) {
      types.emplace_back();
      continue;
    }
    if (!graph.has_value(operands[i])) {
      const std::string slot = op->schema.operands.empty() ? cat(i) : slot_schema(op->schema, i).name;
      return fail(Code::NotFound, "[", op->schema.name, "] operand ", slot, ": the graph has no value number ", operands[i]).operand(slot);
    }
    const GraphValue& value = graph.value(operands[i]);
    types.push_back({value.type, value.source == GraphValue::Source::Param || value.source == GraphValue::Source::Constant});
  }
  TENON_ASSIGN(tenon_node checked, check_operands(*op, request.name, types, request.attributes, environment));
  operands.resize(checked.operands.size(), kAbsent);
  Node node{request.name, op->schema.full_name(), std::move(operands), std::move(checked.attributes), {}};
  return graph.add_node(std::move(node), checked.results);
}

}  // namespace

Result<tenon_node> check_node(const OpDef& op, std::string name, std::span<const OperandType> operands, const Dict& attributes,
                              const Environment& environment) {
  Result<tenon_node> node = check_operands(op, name, operands, attributes, environment);
  if (!node.ok()) return at_node(node.take_error(), name);
  return node;
}

Result<std::uint32_t> add_node(Graph& graph, const Registry& registry, const Environment& environment, const NodeRequest& request) {
  Result<std::uint32_t> index = add(graph, registry, environment, request);
  if (!index.ok()) return at_node(index.take_error(), request.name);
  return index;
}

Result<GraphValueId> resolve_value(const Graph& graph, const Registry& registry, std::string_view text) {
  if (const GraphValueId id = graph.find(text); id != kAbsent) return id;
  const std::size_t colon = text.find(':');
  const std::string_view base = text.substr(0, colon);
  const GraphValueId first = graph.find(base);
  if (first == kAbsent) {
    if (graph.name_taken(base)) return fail(Code::NotFound, "node \"", base, "\" has no results");
    return fail(Code::NotFound, "unknown value \"", text, "\"")
        .operand(std::string(text))
        .advise("it names no input, parameter, constant or node");
  }
  const GraphValue& value = graph.value(first);
  if (colon != std::string_view::npos && value.source == GraphValue::Source::Node) {
    const Node& node = graph.nodes()[value.index];
    const OpDef* op = registry.find(node.op);
    const std::string_view result = text.substr(colon + 1);
    std::vector<std::string> names;
    for (std::size_t i = 0; op != nullptr && i < op->schema.results.size(); ++i) {
      names.push_back(op->schema.results[i].name);
      if (op->schema.results[i].name != result) continue;
      if (i < node.results.size() && node.results[i] != kAbsent) return node.results[i];
      return fail(Code::NotFound, "node \"", base, "\" has no result ", result, ": it is optional and absent here").node(std::string(base));
    }
    return fail(Code::NotFound, "node \"", base, "\" has no result ", result)
        .node(std::string(base))
        .advise(cat("its results are ", join(names, ", "), ", or 0 and up"));
  }
  return fail(Code::NotFound, "\"", base, "\" is one value, it has no result ",
              colon == std::string_view::npos ? "" : text.substr(colon + 1));
}

}  // namespace tenon
