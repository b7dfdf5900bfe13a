// One item of a manifest's `ops`: an operator's schema, or kernels for another plugin's operator.
#include <algorithm>
#include <cmath>

#include "core/op/add_node.h"
#include "core/op/schema_yaml.h"
#include "core/plugin/manifest.h"

namespace tenon::manifest_internal {
namespace {

using yaml::Node;
using yaml::Reader;

// As written, for listings: "float", "[i32, i64]".
std::string type_text(const Node& node) {
  if (node.is_scalar()) return node.scalar;
  std::string text = "[";
  for (const Node& item : node.items) text += (text.size() > 1 ? ", " : "") + item.scalar;
  return text + "]";
}

// A schema's number may stand in quotes ("0") or not.
Status read_bound(const Context& context, Reader& reader, std::string_view key, std::optional<double>& out) {
  const Node* node = reader.optional(key);
  if (node == nullptr || node->is_null()) return {};
  TENON_ASSIGN(out, yaml::as_f64(context.document, *node, key));
  return {};
}

Status read_shape(const Context& context, const Node& node, OperandSchema& operand) {
  if (node.is_scalar() && node.scalar == "broadcast") {
    operand.broadcast = true;
    return {};
  }
  if (node.kind != yaml::Kind::Sequence || node.items.empty() || node.items.size() > TENON_MAX_RANK)
    return context.error(node, cat("operand ", operand.name, ": shape must be broadcast or a list such as [B, S, D]"))
        .advise("without shape, any shape is taken");
  for (const Node& item : node.items) {
    TENON_ASSIGN(std::string symbol, yaml::as_string(context.document, item, "a size in shape"));
    const bool number = parse_i64(symbol).value_or(-1) >= 0;
    if (!number && symbol != "..." && !is_identifier(symbol))
      return context.error(item, cat("operand ", operand.name, ": a size is a name, a number or ..., got \"", symbol, "\""));
    if (symbol == "..." && !operand.shape.empty())
      return context.error(item, cat("operand ", operand.name, ": ... stands for leading dimensions, so it comes first"));
    operand.shape.push_back(std::move(symbol));
  }
  return {};
}

Result<OperandSchema> read_operand(const Context& context, const Node& node) {
  TENON_ASSIGN(Reader reader, Reader::open(context.document, node, "operand"));
  OperandSchema operand;
  TENON_ASSIGN(operand.name, reader.string("name"));
  if (!is_identifier(operand.name))
    return context.error(node, cat("an operand's name is letters, digits and underscores, got \"", operand.name, "\""));
  TENON_ASSIGN(operand.like, reader.string_or("like", ""));
  const Node* type = reader.optional("type");
  if ((type != nullptr) == !operand.like.empty())
    return context.error(node, cat("operand ", operand.name, " needs either type or like"))
        .advise("write type: float, or like: OPERAND for the same dtype");
  if (type != nullptr) {
    TENON_ASSIGN(operand.dtypes, read_dtypes(context.document, *type, cat("operand ", operand.name, ": type")));
    operand.type_text = type_text(*type);
  }
  TENON_ASSIGN(operand.optional, reader.boolean_or("optional", false));
  TENON_ASSIGN(operand.variadic, reader.boolean_or("variadic", false));
  if (operand.optional && operand.variadic)
    return context.error(node, cat("operand ", operand.name, " cannot be optional and variadic"))
        .advise("a variadic operand is one or more");
  if (const Node* shape = reader.optional("shape")) TENON_TRY(read_shape(context, *shape, operand));
  if (const Node* values = reader.optional("values")) {
    TENON_ASSIGN(Reader rule, Reader::open(context.document, *values, cat("operand ", operand.name, ": values")));
    TENON_ASSIGN(operand.index_of, rule.string("index_of"));
    TENON_ASSIGN(operand.index_axis, rule.string_or("axis", ""));
    TENON_ASSIGN(operand.coordinates, rule.boolean_or("coordinates", false));
    TENON_TRY(context.finish(rule));
  }
  TENON_TRY(context.finish(reader));
  return operand;
}

Status read_operands(const Context& context, const Node& node, OpSchema& op) {
  if (node.kind != yaml::Kind::Sequence || node.items.size() > 64) return context.error(node, "operands must be a list of at most 64");
  const std::size_t before = context.problem_count();
  for (const Node& item : node.items) {
    Result<OperandSchema> read = read_operand(context, item);
    if (!read.ok()) {
      TENON_TRY(context.keep(read.take_error()));
      continue;
    }
    OperandSchema operand = *std::move(read);
    if (op.operand(operand.name) != nullptr)
      return context.error(item, cat("[", op.name, "] operand ", operand.name, " stands here twice"));
    if (!op.operands.empty() && op.operands.back().variadic)
      return context.error(item, cat("[", op.name, "] operand ", operand.name, " follows a variadic one, which must be the last"));
    if (!operand.like.empty()) {
      const OperandSchema* other = op.operand(operand.like);
      if (other == nullptr && context.problem_count() > before) continue;  // perhaps the one that could not be read
      if (other == nullptr)
        return context.error(item,
                             cat("[", op.name, "] operand ", operand.name, " is like ", operand.like, ", which is no operand before it"));
      operand.dtypes = other->dtypes;
      operand.type_text = other->type_text;
    }
    op.operands.push_back(std::move(operand));
  }
  return {};
}

std::optional<AttrType> attr_type(std::string_view word) {
  for (const AttrType type :
       {AttrType::Bool, AttrType::Int, AttrType::F64, AttrType::String, AttrType::DType, AttrType::Ints, AttrType::Floats})
    if (name(type) == word) return type;
  return std::nullopt;
}

Status check_bounds(const Context& context, const Node& node, const AttrSchema& attr) {
  const bool bounded = attr.min || attr.max || attr.above || attr.below;
  const bool numeric =
      attr.type == AttrType::Int || attr.type == AttrType::F64 || attr.type == AttrType::Ints || attr.type == AttrType::Floats;
  if (bounded && !numeric)
    return context.error(node, cat("attribute ", attr.name, " is ", name(attr.type), ": min, max, above and below are for numbers"));
  if ((attr.min && attr.above) || (attr.max && attr.below))
    return context.error(node, cat("attribute ", attr.name, " has two bounds on one side"))
        .advise("min includes the bound, above does not: keep one");
  const double low = attr.min ? *attr.min : attr.above.value_or(-HUGE_VAL);
  const double high = attr.max ? *attr.max : attr.below.value_or(HUGE_VAL);
  if (!(low < high) && !(attr.min && attr.max && low == high))
    return context.error(node, cat("attribute ", attr.name, ": no number is within its bounds"));
  return {};
}

Result<AttrSchema> read_attribute(const Context& context, const Node::Entry& entry) {
  AttrSchema attr;
  attr.name = entry.key;
  if (!is_identifier(attr.name))
    return context.error(entry.value, cat("an attribute's name is letters, digits and underscores, got \"", attr.name, "\""));
  TENON_ASSIGN(Reader reader, Reader::open(context.document, entry.value, cat("attribute ", attr.name)));
  TENON_ASSIGN(std::string type, reader.string("type"));
  const auto known = attr_type(type);
  if (!known)
    return context.error(entry.value, cat("attribute ", attr.name, ": unknown type \"", type, "\""))
        .advise("use bool, int, f64, string, dtype, ints or floats");
  attr.type = *known;
  TENON_ASSIGN(attr.aliases, reader.strings_or_empty("aliases"));
  for (const std::string& alias : attr.aliases)
    if (!is_identifier(alias)) return context.error(entry.value, cat("attribute ", attr.name, ": alias \"", alias, "\" is not a name"));
  TENON_TRY(read_bound(context, reader, "min", attr.min));
  TENON_TRY(read_bound(context, reader, "max", attr.max));
  TENON_TRY(read_bound(context, reader, "above", attr.above));
  TENON_TRY(read_bound(context, reader, "below", attr.below));
  TENON_TRY(check_bounds(context, entry.value, attr));
  TENON_ASSIGN(attr.one_of, reader.strings_or_empty("one_of"));
  if (!attr.one_of.empty() && attr.type != AttrType::String && attr.type != AttrType::DType)
    return context.error(entry.value, cat("attribute ", attr.name, " is ", name(attr.type), ": one_of is for string and dtype"));
  for (const std::string& word : attr.one_of)
    if (attr.type == AttrType::DType && !dtype_from_name(word))
      return context.error(entry.value, cat("attribute ", attr.name, ": unknown dtype ", word)).advise(cat("use one of: ", dtype_names()));
  TENON_ASSIGN(attr.excludes, reader.strings_or_empty("excludes"));
  // `default: ~` says that it may be absent; so does `optional: true`.
  const Node* fallback = reader.optional("default");
  TENON_ASSIGN(attr.optional, reader.boolean_or("optional", false));
  if (fallback != nullptr && fallback->is_null()) attr.optional = true;
  if (fallback != nullptr && !fallback->is_null()) {
    if (attr.optional) return context.error(*fallback, cat("attribute ", attr.name, " cannot be optional and have a default"));
    TENON_ASSIGN(attr.fallback, read_value_of(context.document, *fallback, attr));
  }
  TENON_TRY(context.finish(reader));
  return attr;
}

Status read_attributes(const Context& context, const Node& node, OpSchema& op) {
  if (node.kind != yaml::Kind::Mapping || node.entries.size() > 256)
    return context.error(node, "attributes must be a mapping of name to {type: ..}").advise("write attributes: {epsilon: {type: f64}}");
  const std::size_t before = context.problem_count();
  for (const Node::Entry& entry : node.entries) {
    Result<AttrSchema> read = read_attribute(context, entry);
    if (!read.ok()) {
      TENON_TRY(context.keep(read.take_error()));
      continue;
    }
    AttrSchema attr = *std::move(read);
    if (op.operand(attr.name) != nullptr)
      return context.error(entry.value, cat("[", op.name, "] ", attr.name, " is an operand and an attribute"));
    op.attributes.push_back(std::move(attr));
  }
  if (context.problem_count() > before) return {};  // what follows is about names, of which some are missing
  for (const AttrSchema& attr : op.attributes) {
    const Node& place = *node.find(attr.name);
    for (const std::string& alias : attr.aliases)
      if (const AttrSchema* other = op.attribute_or_alias(alias); other != &attr)
        return context.error(place, cat("[", op.name, "] alias ", alias, " of attribute ", attr.name, " is taken by ", other->name));
    for (const std::string& other : attr.excludes)
      if (op.attribute(other) == nullptr || other == attr.name)
        return context.error(place, cat("[", op.name, "] attribute ", attr.name, " excludes ", other, ", which is no other attribute"));
  }
  return {};
}

Status read_results(const Context& context, const Node& node, OpSchema& op) {
  if (node.kind != yaml::Kind::Sequence || node.items.empty() || node.items.size() > 64)
    return context.error(node, "results must be a list of 1 to 64");
  for (const Node& item : node.items) {
    TENON_ASSIGN(Reader reader, Reader::open(context.document, item, "result"));
    ResultSchema result;
    TENON_ASSIGN(result.name, reader.string("name"));
    if (!is_identifier(result.name))
      return context.error(item, cat("a result's name is letters, digits and underscores, got \"", result.name, "\""));
    for (const ResultSchema& other : op.results)
      if (other.name == result.name) return context.error(item, cat("[", op.name, "] result ", result.name, " stands here twice"));
    TENON_ASSIGN(result.like, reader.string_or("like", ""));
    const Node* type = reader.optional("type");
    if ((type != nullptr) == !result.like.empty())
      return context.error(item, cat("[", op.name, "] result ", result.name, " needs either type or like"))
          .advise("write like: OPERAND for the same dtype, or type: i64");
    if (type != nullptr) {
      TENON_ASSIGN(result.dtypes, read_dtypes(context.document, *type, cat("result ", result.name, ": type")));
    } else if (op.operand(result.like) == nullptr) {
      return context.error(item, cat("[", op.name, "] result ", result.name, " is like ", result.like, ", which is no operand"));
    }
    TENON_ASSIGN(result.when, reader.string_or("when", ""));
    if (!result.when.empty() && op.operand(result.when) == nullptr && op.attribute(result.when) == nullptr)
      return context.error(
          item, cat("[", op.name, "] result ", result.name, " depends on ", result.when, ", which is neither operand nor attribute"));
    TENON_ASSIGN(result.variadic, reader.boolean_or("variadic", false));
    if (result.variadic && !result.when.empty())
      return context.error(item, cat("[", op.name, "] result ", result.name, " cannot be variadic and depend on ", result.when))
          .advise("a variadic result is one or more");
    if (op.variadic_result())
      return context.error(item, cat("[", op.name, "] result ", result.name, " follows a variadic one, which must be the last"));
    TENON_TRY(context.finish(reader));
    op.results.push_back(std::move(result));
  }
  return {};
}

Status read_kernels(const Context& context, const Node& node, OpSchema& op) {
  if (node.kind != yaml::Kind::Sequence || node.items.size() > 256) return context.error(node, "kernels must be a list of at most 256");
  for (const Node& item : node.items) {
    TENON_ASSIGN(Reader reader, Reader::open(context.document, item, "kernel"));
    KernelSchema kernel;
    TENON_ASSIGN(kernel.name, reader.string("name"));
    if (!is_identifier(kernel.name))
      return context.error(item, cat("a kernel's name is letters, digits and underscores, got \"", kernel.name, "\""));
    for (const KernelSchema& other : op.kernels)
      if (other.name == kernel.name) return context.error(item, cat("[", op.name, "] kernel ", kernel.name, " stands here twice"));
    if (const Node* dtypes = reader.optional("dtypes")) {
      TENON_ASSIGN(kernel.dtypes, read_dtypes(context.document, *dtypes, cat("kernel ", kernel.name, ": dtypes")));
    }
    TENON_TRY(context.finish(reader));
    op.kernels.push_back(std::move(kernel));
  }
  return {};
}

Status read_infer(const Context& context, const Node& node, OpSchema& op) {
  TENON_ASSIGN(std::string word, yaml::as_string(context.document, node, "infer"));
  constexpr std::pair<std::string_view, StockInfer> kRules[] = {
      {"same", StockInfer::Same}, {"broadcast", StockInfer::Broadcast}, {"compare", StockInfer::Compare}, {"reduce", StockInfer::Reduce}};
  for (const auto& [text, rule] : kRules)
    if (text == word) op.infer = rule;
  if (op.infer == StockInfer::None)
    return context.error(node, cat("[", op.name, "] unknown rule \"", word, "\" for infer"))
        .advise("use same, broadcast, compare or reduce, or leave it out and write infer() in the plugin");
  if (op.operands.empty() || op.operands.front().optional || op.results.size() != 1 || op.variadic_result())
    return context.error(node, cat("[", op.name, "] infer: ", word, " needs a required first operand and exactly one result"));
  if (op.infer == StockInfer::Reduce) {
    const AttrSchema* axes = op.attribute("axes");
    const AttrSchema* keepdims = op.attribute("keepdims");
    if (axes == nullptr || axes->type != AttrType::Ints || keepdims == nullptr || keepdims->type != AttrType::Bool)
      return context.error(node, cat("[", op.name, "] infer: reduce needs the attributes axes (ints) and keepdims (bool)"));
  }
  return {};
}

Status read_numerics(const Context& context, const Node& node, OpSchema& op) {
  TENON_ASSIGN(Reader reader, Reader::open(context.document, node, "numerics"));
  TENON_ASSIGN(op.numerics.determinism, reader.string_or("determinism", "none"));
  const std::string& word = op.numerics.determinism;
  if (word != "bitwise" && word != "run-to-run" && word != "none")
    return context.error(node, cat("[", op.name, "] determinism must be bitwise, run-to-run or none, got \"", word, "\""));
  TENON_TRY(read_bound(context, reader, "max_ulp", op.numerics.max_ulp));
  TENON_TRY(read_bound(context, reader, "max_ulp_16", op.numerics.max_ulp_16));
  for (const auto& ulp : {op.numerics.max_ulp, op.numerics.max_ulp_16})
    if (ulp && !(*ulp >= 0 && *ulp <= 1e9))
      return context.error(node, cat("[", op.name, "] max_ulp must be a number from 0 on, got ", *ulp));
  TENON_TRY(read_bound(context, reader, "max_error", op.numerics.max_error));
  TENON_ASSIGN(op.numerics.scale, reader.string_or("scale", ""));
  if (op.numerics.max_error && !(*op.numerics.max_error > 0 && *op.numerics.max_error < 1))
    return context.error(node, cat("[", op.name, "] max_error must be a number above 0 and below 1, got ", *op.numerics.max_error));
  if (op.numerics.max_error.has_value() != !op.numerics.scale.empty())
    return context.error(node, cat("[", op.name, "] max_error and scale belong together"))
        .advise("scale is magnitudes, result or the name of an operand");
  const bool own = op.kernels_for.empty();  // else the operands are another plugin's
  if (const std::string& scale = op.numerics.scale;
      own && !scale.empty() && scale != "magnitudes" && scale != "result" && op.operand(scale) == nullptr)
    return context.error(node, cat("[", op.name, "] scale \"", scale, "\" is no operand"))
        .advise("use magnitudes, result or the name of an operand");
  TENON_ASSIGN(op.numerics.reference, reader.string_or("reference", ""));
  if (const std::string& reference = op.numerics.reference; !reference.empty() && !dtype_from_name(reference))
    return context.error(node, cat("[", op.name, "] reference must be a dtype such as f64, got \"", reference, "\""));
  return context.finish(reader);
}

// `values: {index_of: data, axis: axis}`, which may name operands and attributes that stand later.
Status check_index_rules(const Context& context, const Node& item, const OpSchema& op) {
  for (const OperandSchema& operand : op.operands) {
    if (operand.index_of.empty()) continue;
    if (op.operand(operand.index_of) == nullptr || operand.index_of == operand.name)
      return context.error(
          item, cat("[", op.name, "] operand ", operand.name, " holds indices of ", operand.index_of, ", which is no other operand"));
    const AttrSchema* axis = operand.index_axis.empty() ? nullptr : op.attribute(operand.index_axis);
    if (!operand.index_axis.empty() && (axis == nullptr || axis->type != AttrType::Int))
      return context.error(item, cat("[", op.name, "] operand ", operand.name, ": ", operand.index_axis, " is no int attribute"));
  }
  return {};
}

// Kernels for an operator that another plugin defines: nothing of its schema is repeated.
Status read_kernels_for(const Context& context, Reader& reader, const Node& node, OpSchema& op) {
  TENON_ASSIGN(Reader target, Reader::open(context.document, node, "kernels_for"));
  TENON_ASSIGN(op.kernels_for, target.string("op"));
  TENON_ASSIGN(const std::int64_t version, target.integer("version"));
  TENON_TRY(context.finish(target));
  const std::size_t dot = op.kernels_for.rfind('.');
  if (dot == std::string::npos || !is_namespace(op.kernels_for.substr(0, dot)) || !is_operator_name(op.kernels_for.substr(dot + 1)))
    return context.error(node, cat("kernels_for: op is a name with its namespace, got \"", op.kernels_for, "\""))
        .advise("write kernels_for: {op: tenon.my_operator, version: 1}");
  if (version < 1 || version > 1000000) return context.error(node, cat("kernels_for: version must be from 1 on, got ", version));
  op.version = static_cast<std::uint32_t>(version);
  op.op_namespace = op.kernels_for.substr(0, dot);
  op.name = op.kernels_for.substr(dot + 1);
  TENON_ASSIGN(const Node* kernels, reader.required("kernels"));
  TENON_TRY(read_kernels(context, *kernels, op));
  if (op.kernels.empty()) return context.error(*kernels, cat("kernels_for ", op.kernels_for, " lists no kernel"));
  if (const Node* numerics = reader.optional("numerics")) TENON_TRY(read_numerics(context, *numerics, op));
  return context.finish(reader);
}

}  // namespace

Result<OpSchema> read_op(const Context& context, const Node& item, const std::string& op_namespace) {
  TENON_ASSIGN(Reader reader, Reader::open(context.document, item, "operator"));
  OpSchema op;
  op.line = item.line;
  const std::size_t before = context.problem_count();
  TENON_ASSIGN(op.summary, reader.string_or("summary", ""));
  if (const Node* kernels_for = reader.optional("kernels_for")) {
    TENON_TRY(read_kernels_for(context, reader, *kernels_for, op));
    return op;
  }
  TENON_ASSIGN(op.name, reader.string("name"));
  if (!is_operator_name(op.name))
    return context.error(item, cat("an operator's name is small letters, digits and underscores, got \"", op.name, "\""))
        .advise("write it as my_operator; other spellings may be aliases");
  op.op_namespace = op_namespace;
  TENON_ASSIGN(const std::int64_t version, reader.integer_or("version", 1));
  if (version < 1 || version > 1000000) return context.error(item, cat("[", op.name, "] version must be from 1 on, got ", version));
  op.version = static_cast<std::uint32_t>(version);
  TENON_ASSIGN(op.aliases, reader.strings_or_empty("aliases"));
  for (const std::string& alias : op.aliases)
    if (!is_identifier(alias)) return context.error(item, cat("[", op.name, "] alias \"", alias, "\" is not a name"));
  if (const Node* operands = reader.optional("operands")) TENON_TRY(context.keep(read_operands(context, *operands, op)));
  if (const Node* attributes = reader.optional("attributes")) TENON_TRY(context.keep(read_attributes(context, *attributes, op)));
  // Results, kernels and the rest speak of operands and attributes.
  if (context.problem_count() > before) return op;
  TENON_ASSIGN(const Node* results, reader.required("results"));
  TENON_TRY(context.keep(read_results(context, *results, op)));
  TENON_TRY(check_index_rules(context, item, op));
  if (const Node* dtypes = reader.optional("dtypes")) {
    if (op.operands.empty()) return context.error(*dtypes, cat("[", op.name, "] dtypes are those of the first operand, and there is none"));
    TENON_ASSIGN(op.dtypes, read_dtypes(context.document, *dtypes, "dtypes"));
    const std::vector<DType>& allowed = op.operands.front().dtypes;
    for (DType dtype : op.dtypes)
      if (std::find(allowed.begin(), allowed.end(), dtype) == allowed.end())
        return context.error(
            *dtypes, cat("[", op.name, "] dtypes has ", name(dtype), ", which the type of ", op.operands.front().name, " excludes"));
  }
  if (const Node* kernels = reader.optional("kernels")) TENON_TRY(context.keep(read_kernels(context, *kernels, op)));
  if (const Node* infer = reader.optional("infer")) TENON_TRY(context.keep(read_infer(context, *infer, op)));
  if (const Node* numerics = reader.optional("numerics")) TENON_TRY(context.keep(read_numerics(context, *numerics, op)));
  if (const Node* targets = reader.optional("targets")) {
    if (targets->kind != yaml::Kind::Mapping || targets->entries.size() > 64)
      return context.error(*targets, cat("[", op.name, "] targets must be a mapping of target to form"));
    for (const Node::Entry& entry : targets->entries) {
      Result<CarrierForm> form = read_carrier(context, entry, op);
      if (form.ok())
        op.targets.push_back(*std::move(form));
      else
        TENON_TRY(context.keep(form.take_error()));
    }
  }
  TENON_TRY(context.finish(reader));
  return op;
}

}  // namespace tenon::manifest_internal
