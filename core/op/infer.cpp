// Result types: a stock rule or the plugin's infer, then the schema's checks on what came back.
#include <algorithm>

#include "core/op/call.h"

namespace tenon {
namespace {

Result<TensorType> infer_broadcast(const tenon_node& node) {
  TensorType type{node.operands.front()->dtype, {}};
  for (const auto& operand : node.operands) {
    if (!operand) continue;
    if (operand->dims.size() > type.dims.size()) type.dims.insert(type.dims.begin(), operand->dims.size() - type.dims.size(), 1);
    for (std::size_t d = 0; d < operand->dims.size(); ++d) {
      std::int64_t& have = type.dims[type.dims.size() - operand->dims.size() + d];
      const std::int64_t size = operand->dims[d];
      if (have == 1 || (have == kDynamic && size != 1))
        have = size;
      else if (size != 1 && !compatible(size, have))
        return fail(Code::InvalidArgument, "[", node.schema->name, "] shapes ", dims_text(node.operands.front()->dims), " and ",
                    dims_text(operand->dims), " do not broadcast");
    }
  }
  return type;
}

Result<TensorType> infer_reduce(const tenon_node& node) {
  const TensorType& input = *node.operands.front();
  const std::vector<std::int64_t>& axes = get_ints(node.attributes, "axes");
  std::vector<bool> reduced(input.dims.size(), axes.empty() && get_string(node.attributes, "empty_axes", "all") != "none");
  for (std::int64_t axis : axes) {
    Result<std::int64_t> resolved = resolve_axis(axis, input.rank(), "axes");
    if (!resolved.ok()) {
      Error error = resolved.take_error();
      error.message = cat("[", node.schema->name, "] ", error.message);
      return std::move(error).operand("axes");
    }
    if (reduced[static_cast<std::size_t>(*resolved)])
      return fail(Code::InvalidArgument, "[", node.schema->name, "] axes names axis ", *resolved, " twice").operand("axes");
    reduced[static_cast<std::size_t>(*resolved)] = true;
  }
  TensorType type{input.dtype, {}};
  const bool keep = get_bool(node.attributes, "keepdims");
  for (std::size_t i = 0; i < input.dims.size(); ++i) {
    if (!reduced[i])
      type.dims.push_back(input.dims[i]);
    else if (keep)
      type.dims.push_back(1);
  }
  return type;
}

Status stock(tenon_node& node) {
  if (node.operands.empty() || !node.operands.front())
    return fail(Code::Internal, "[", node.schema->name, "] a stock infer rule needs a first operand");
  TensorType type;
  switch (node.schema->infer) {
    case StockInfer::None:
      return fail(Code::PluginRejected, "[", node.schema->name, "] has neither a stock rule nor infer");
    case StockInfer::Same:
      type = *node.operands.front();
      break;
    case StockInfer::Broadcast: {
      TENON_ASSIGN(type, infer_broadcast(node));
      break;
    }
    case StockInfer::Compare: {
      TENON_ASSIGN(type, infer_broadcast(node));
      type.dtype = DType::I1;
      break;
    }
    case StockInfer::Reduce: {
      TENON_ASSIGN(type, infer_reduce(node));
      break;
    }
  }
  node.results.front() = std::move(type);
  return {};
}

// What a plugin claims about its results must fit its own manifest: a violation is the plugin's fault, not the user's.
Status check_results(const OpDef& op, const tenon_node& node) {
  const auto reject = [&](const ResultSchema& result, std::string_view what) {
    return fail(Code::PluginRejected, "[", op.schema.name, "] infer of plugin ", op.provider->plugin_name(), ": result ", result.name, " ",
                what)
        .plugin(op.provider->plugin_name())
        .advise("report it to the plugin's author: its infer and its manifest disagree");
  };
  for (std::size_t i = 0; i < op.schema.results.size(); ++i) {
    const ResultSchema& result = op.schema.results[i];
    const std::optional<TensorType>& type = node.results[i];
    const bool expected = result.when.empty() || is_given(node, result.when);
    if (expected != type.has_value()) return reject(result, expected ? "was not set" : cat("exists only with ", result.when));
    if (!type) continue;
    if (Status status = check_type(*type); !status.ok()) return reject(result, status.error().message);
    std::size_t like = 0;
    if (!result.like.empty() && op.schema.operand(result.like, &like) != nullptr && node.operands[like] &&
        node.operands[like]->dtype != type->dtype)
      return reject(result, cat("has dtype ", name(type->dtype), ", not that of ", result.like));
    if (!result.dtypes.empty() && std::find(result.dtypes.begin(), result.dtypes.end(), type->dtype) == result.dtypes.end())
      return reject(result, cat("has dtype ", name(type->dtype), ", which its manifest does not list"));
  }
  return {};
}

}  // namespace

bool is_given(const tenon_node& node, const std::string& when) {
  std::size_t slot = 0;
  if (node.schema->operand(when, &slot) != nullptr) return slot < node.operands.size() && node.operands[slot].has_value();
  const Attr* attr = find(node.attributes, when);
  if (attr == nullptr) return false;
  if (const auto* flag = std::get_if<bool>(attr)) return *flag;
  if (const auto* list = std::get_if<IntsAttr>(attr)) return !list->values.empty();
  return true;
}

Status infer(const OpDef& op, tenon_node& node, const Environment& environment) {
  node.results.assign(op.schema.results.size(), std::nullopt);
  // A stock rule opens no library, and a plugin may refine it: its infer, if there is one, is what counts.
  if (op.schema.infer != StockInfer::None) {
    TENON_TRY(stock(node));
  } else {
    TENON_ASSIGN(const tenon_operator* table, op.table());
    if (table->infer == nullptr) return stock(node);
    tenon_call frame;
    frame.inferred = &node.results;
    TENON_TRY(invoke(*op.provider, environment, cat("[", op.schema.name, "] infer"), frame,
                     [&](tenon_call* call) { return table->infer(call, table, &node); }));
  }
  return check_results(op, node);
}

}  // namespace tenon
