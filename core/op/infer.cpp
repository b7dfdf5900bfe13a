// Result types: a stock rule or the plugin's infer, then the schema's checks on what came back.
#include <algorithm>

#include "core/op/call.h"
#include "core/op/shapes.h"

namespace tenon {
namespace {

// ---- stock rules: the shape of every result ----

Result<Dims> broadcast_shape(const tenon_node& node) {
  Dims dims;
  const TensorType* first = nullptr;
  for (const std::optional<TensorType>& operand : node.operands) {
    if (!operand) continue;
    std::optional<Dims> joined = broadcast_dims(dims, operand->dims);
    if (!joined)
      return fail(Code::InvalidArgument, "[", node.schema->name, "] the shapes ", dims_text(first->dims), " and ", dims_text(operand->dims),
                  " do not broadcast")
          .advise("sizes must be equal or 1, counted from the last dimension");
    dims = *std::move(joined);
    if (first == nullptr) first = &*operand;
  }
  return dims;
}

// `axes` (a list, absent for all) or `axis` (one); what an empty list means, `empty_axes` says.
Result<std::vector<bool>> reduced_axes(const tenon_node& node, std::size_t rank) {
  const Attr* axes = find(node.attributes, "axes");
  const Attr* axis = find(node.attributes, "axis");
  std::vector<std::int64_t> list;
  std::string_view attribute = "axes";
  if (axes != nullptr && std::holds_alternative<IntsAttr>(*axes)) {
    list = std::get<IntsAttr>(*axes).values;
    if (list.empty() && get_string(node.attributes, "empty_axes", "all") == "none") return std::vector<bool>(rank, false);
  } else if (axis != nullptr && std::holds_alternative<IntAttr>(*axis)) {
    list = {std::get<IntAttr>(*axis).value};
    attribute = "axis";
  }
  std::vector<bool> reduced(rank, list.empty());
  for (const std::int64_t item : list) {
    Result<std::int64_t> resolved = resolve_axis(item, static_cast<std::int64_t>(rank));
    if (!resolved.ok()) {
      Error error = resolved.error();
      error.code = Code::OutOfRange;
      error.raw_code = TENON_OUT_OF_RANGE;
      error.message = cat("[", node.schema->name, "] ", error.message);
      error.where.operand = attribute;
      return error;
    }
    const auto at = static_cast<std::size_t>(*resolved);
    if (reduced[at])
      return fail(Code::InvalidArgument, "[", node.schema->name, "] axes names axis ", *resolved, " twice")
          .operand(std::string(attribute))
          .advise("give every axis once; -1 is the last one");
    reduced[at] = true;
  }
  return reduced;
}

Result<Dims> reduced_shape(const tenon_node& node) {
  const Dims& input = node.operands.front()->dims;
  TENON_ASSIGN(const std::vector<bool> reduced, reduced_axes(node, input.size()));
  const bool keep = get_bool(node.attributes, "keepdims");
  Dims dims;
  for (std::size_t i = 0; i < input.size(); ++i) {
    if (!reduced[i]) dims.push_back(input[i]);
    if (reduced[i] && keep) dims.push_back(1);
  }
  return dims;
}

Result<Dims> stock_shape(const tenon_node& node) {
  switch (node.schema->infer) {
    case StockInfer::Broadcast:
    case StockInfer::Compare:
      return broadcast_shape(node);
    case StockInfer::Reduce:
      return reduced_shape(node);
    case StockInfer::Same:
    case StockInfer::None:
      break;
  }
  return Result<Dims>(node.operands.front()->dims);
}

const TensorType* type_of(const tenon_node& node, std::string_view operand) {
  std::size_t index = 0;
  if (node.schema->operand(operand, &index) == nullptr || index >= node.operands.size() || !node.operands[index]) return nullptr;
  return &*node.operands[index];
}

// The dtype that the schema fixes for a result, else operand 0's.
DType stock_dtype(const tenon_node& node, const ResultSchema& result) {
  if (const TensorType* like = result.like.empty() ? nullptr : type_of(node, result.like)) return like->dtype;
  if (result.dtypes.size() == 1) return result.dtypes.front();
  if (node.schema->infer == StockInfer::Compare) return DType::I1;
  return node.operands.front()->dtype;
}

Status infer_stock(tenon_node& node, std::vector<std::optional<TensorType>>& results) {
  if (node.operands.empty() || !node.operands.front())
    return fail(Code::ManifestInvalid, "[", node.schema->name, "] a stock infer rule needs operand 0, which this operator may leave out");
  TENON_ASSIGN(const Dims dims, stock_shape(node));
  for (std::size_t i = 0; i < results.size(); ++i) {
    const ResultSchema& result = node.schema->results[i];
    if (result.when.empty() || is_given(node, result.when)) results[i] = TensorType{stock_dtype(node, result), dims};
  }
  return {};
}

// ---- what came back ----

// What a plugin claims about its results must fit its own manifest: a violation is the plugin's fault, not the user's.
Status check_results(const OpDef& op, const tenon_node& node, const std::vector<std::optional<TensorType>>& results) {
  for (std::size_t i = 0; i < results.size(); ++i) {
    const ResultSchema& result = op.schema.result_at(i);
    const auto reject = [&](std::string_view what) {
      const std::string& plugin = op.provider->plugin_name();
      return fail(Code::PluginRejected, "[", op.schema.name, "] infer of plugin ", plugin, ": result ", op.schema.result_name(i), " ", what)
          .operand(op.schema.result_name(i))
          .plugin(plugin)
          .advise("report it to the plugin's author: its infer and its manifest disagree");
    };
    const bool expected = result.when.empty() || is_given(node, result.when);
    if (expected && !results[i]) return reject("was not set");
    if (!expected && results[i]) return reject(cat("was set, but exists only with ", result.when));
    if (!results[i]) continue;
    const TensorType& type = *results[i];
    if (const Status checked = check_type(type); !checked.ok()) return reject(cat("has a type that cannot be: ", checked.error().message));
    const TensorType* like = result.like.empty() ? nullptr : type_of(node, result.like);
    if (like != nullptr && like->dtype != type.dtype)
      return reject(cat("has dtype ", name(type.dtype), ", expected ", name(like->dtype), " like operand ", result.like));
    if (!result.dtypes.empty() && std::find(result.dtypes.begin(), result.dtypes.end(), type.dtype) == result.dtypes.end())
      return reject(cat("has dtype ", name(type.dtype), ", which the manifest does not list"));
  }
  return {};
}

}  // namespace

bool is_given(const tenon_node& node, const std::string& when) {
  if (node.schema->operand(when) != nullptr) return type_of(node, when) != nullptr;
  const Attr* attr = find(node.attributes, when);
  if (attr == nullptr) return false;
  if (const auto* flag = std::get_if<bool>(attr)) return *flag;
  if (const auto* list = std::get_if<IntsAttr>(attr)) return !list->values.empty();
  if (const auto* list = std::get_if<FloatsAttr>(attr)) return !list->values.empty();
  if (const auto* text = std::get_if<std::string>(attr)) return !text->empty();
  return true;
}

Status infer(const OpDef& op, tenon_node& node, const Environment& environment) {
  std::vector<std::optional<TensorType>> results(op.schema.results.size());
  node.results.clear();
  if (op.schema.infer != StockInfer::None) {
    TENON_TRY(infer_stock(node, results));  // opens no library
  } else {
    TENON_ASSIGN(const tenon_operator* table, op.table());
    if (table->infer == nullptr)
      return fail(Code::PluginRejected, "[", op.schema.name, "] plugin ", op.provider->plugin_name(),
                  " has no infer, and its manifest names no stock rule")
          .plugin(op.provider->plugin_name())
          .advise("report it to the plugin's author");
    tenon_call frame;
    frame.inferred = &results;
    frame.variadic_result = op.schema.variadic_result();
    TENON_TRY(invoke(*op.provider, environment, cat("[", op.schema.name, "] infer"), frame,
                     [&](tenon_call* call) { return table->infer(call, table, &node); }));
  }
  TENON_TRY(check_results(op, node, results));
  node.results = std::move(results);
  return {};
}

}  // namespace tenon
