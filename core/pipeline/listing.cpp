// What there is: operators, plugins, targets, the machine. Nothing here opens a library.
#include "core/base/json.h"
#include "core/pipeline/pipeline.h"

namespace tenon {
namespace {

void write_strings(JsonWriter& json, std::string_view key, const std::vector<std::string>& items) {
  json.key(key).begin_array();
  for (const std::string& item : items) json.value(item);
  json.end_array();
}

void write_dtypes(JsonWriter& json, const std::vector<DType>& dtypes) {
  json.key("dtypes").begin_array();
  for (DType dtype : dtypes) json.value(name(dtype));
  json.end_array();
}

void write_value(JsonWriter& json, const Attr& value) {
  if (const auto* flag = std::get_if<bool>(&value))
    json.value(*flag);
  else if (const auto* number = std::get_if<IntAttr>(&value))
    json.value(number->value);
  else if (const auto* real = std::get_if<FloatAttr>(&value))
    json.value(real->value);
  else if (const auto* list = std::get_if<IntsAttr>(&value)) {
    json.begin_array();
    for (std::int64_t item : list->values) json.value(item);
    json.end_array();
  } else if (const auto* text = std::get_if<std::string>(&value))
    json.value(*text);
  else
    json.value(to_string(value));
}

void write_attribute(JsonWriter& json, const AttrSchema& attr) {
  json.begin_object().field("name", attr.name).field("type", name(attr.type));
  json.field("required", !attr.fallback && !attr.optional);
  if (attr.fallback) {
    json.key("default");
    write_value(json, *attr.fallback);
  }
  if (attr.min) json.field("min", *attr.min);
  if (attr.max) json.field("max", *attr.max);
  if (attr.above) json.field("above", *attr.above);
  if (attr.below) json.field("below", *attr.below);
  if (!attr.one_of.empty()) write_strings(json, "one_of", attr.one_of);
  if (!attr.aliases.empty()) write_strings(json, "aliases", attr.aliases);
  if (!attr.excludes.empty()) write_strings(json, "excludes", attr.excludes);
  json.end_object();
}

void write_kernels(JsonWriter& json, const OpDef& op, const Registry& registry) {
  json.key("kernels").begin_array();
  for (const KernelSource& source : registry.kernels_of(op))
    for (const KernelSchema& kernel : source.schema->kernels) {
      json.begin_object().field("name", kernel.name).field("plugin", source.provider->plugin_name());
      write_dtypes(json, kernel.dtypes);
      json.end_object();
    }
  json.end_array();
}

void write_operator(JsonWriter& json, const OpDef& op, const Registry& registry, const std::vector<Target>& targets) {
  const OpSchema& schema = op.schema;
  json.begin_object().field("name", schema.name).field("namespace", schema.op_namespace).field("full_name", schema.full_name());
  json.field("version", static_cast<std::int64_t>(schema.version)).field("summary", schema.summary);
  write_strings(json, "aliases", schema.aliases);
  json.key("operands").begin_array();
  for (const OperandSchema& operand : schema.operands) {
    json.begin_object().field("name", operand.name).field("type", operand.type_text);
    if (!operand.like.empty()) json.field("like", operand.like);
    json.field("optional", operand.optional).field("variadic", operand.variadic);
    write_strings(json, "shape", operand.shape);
    json.end_object();
  }
  json.end_array();
  json.key("results").begin_array();
  for (const ResultSchema& result : schema.results) {
    json.begin_object().field("name", result.name);
    if (!result.like.empty()) json.field("like", result.like);
    if (!result.when.empty()) json.field("when", result.when);
    if (result.variadic) json.field("variadic", true);
    if (!result.dtypes.empty()) write_dtypes(json, result.dtypes);
    json.end_object();
  }
  json.end_array();
  json.key("attributes").begin_array();
  for (const AttrSchema& attr : schema.attributes) write_attribute(json, attr);
  json.end_array();
  write_dtypes(json, !schema.dtypes.empty() || schema.operands.empty() ? schema.dtypes : schema.operands.front().dtypes);
  write_kernels(json, op, registry);
  json.field("plugin", op.provider->plugin_name()).field("origin", op.provider->origin());
  json.key("numerics").begin_object().field("determinism", schema.numerics.determinism);
  if (schema.numerics.max_ulp) json.field("max_ulp", *schema.numerics.max_ulp);
  if (schema.numerics.max_ulp_16) json.field("max_ulp_16", *schema.numerics.max_ulp_16);
  if (schema.numerics.max_error) json.field("max_error", *schema.numerics.max_error).field("scale", schema.numerics.scale);
  json.end_object();
  json.key("targets").begin_array();
  for (const Target& target : targets)
    json.begin_object().field("target", target.name).field("form", describe_form(schema, target)).end_object();
  json.end_array().end_object();
}

std::vector<Target> builtin_targets() {
  std::vector<Target> targets;
  for (const std::string& target_name : builtin_target_names()) {
    Result<Target> target = find_target(target_name);
    if (target.ok()) targets.push_back(*std::move(target));
  }
  return targets;
}

std::string_view parameters_text(ParameterStyle style) {
  switch (style) {
    case ParameterStyle::Arguments:
      return "arguments";
    case ParameterStyle::Constants:
      return "constants";
    case ParameterStyle::Globals:
      return "globals";
  }
  return "?";
}

}  // namespace

Result<std::string> operators_json(Context& context, std::string_view wanted) {
  const Registry& registry = context.registry();
  std::vector<const OpDef*> ops = registry.all();
  if (!wanted.empty()) {
    TENON_ASSIGN(const OpDef* op, registry.require(wanted));
    ops = {op};
  }
  const std::vector<Target> targets = builtin_targets();
  JsonWriter json;
  json.begin_object().field("tenon", TENON_VERSION_TEXT).key("operators").begin_array();
  for (const OpDef* op : ops) write_operator(json, *op, registry, targets);
  json.end_array();
  json.key("shadowed").begin_array();
  for (const ShadowedOp& shadowed : registry.shadowed())
    json.begin_object().field("op", shadowed.full_name).field("plugin", shadowed.plugin).field("by", shadowed.by_plugin).end_object();
  json.end_array().end_object();
  return json.take();
}

std::string targets_json(Context& context) {
  const std::vector<const OpDef*> ops = context.registry().all();
  JsonWriter json;
  json.begin_object().field("tenon", TENON_VERSION_TEXT).key("targets").begin_array();
  for (const Target& target : builtin_targets()) {
    json.begin_object().field("name", target.name).field("summary", target.summary);
    json.field("parameters", parameters_text(target.parameters)).field("executable", target.executable);
    json.field("default", target.default_form == CarrierForm::Kind::Inline      ? "inline"
                          : target.default_form == CarrierForm::Kind::Composite ? "composite"
                                                                                : "custom_call");
    json.key("operators").begin_array();
    for (const OpDef* op : ops)
      json.begin_object().field("op", op->schema.full_name()).field("form", describe_form(op->schema, target)).end_object();
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return json.take();
}

std::string machine_json(Context& context) {
  const Machine& machine = context.environment().machine;
  JsonWriter json;
  json.begin_object().field("tenon", TENON_VERSION_TEXT).field("level", machine.level);
  write_strings(json, "levels", machine.levels);
  json.field("threads", static_cast<std::int64_t>(machine.threads));
  json.field("l1d_bytes", machine.l1d_bytes).field("l2_bytes", machine.l2_bytes).field("l3_bytes", machine.l3_bytes);
  json.key("features").begin_array();
  const std::vector<std::string>& names = feature_names();
  for (std::size_t i = 0; i < names.size(); ++i)
    if (machine.features[i / 64] >> (i % 64) & 1) json.value(names[i]);
  json.end_array().end_object();
  return json.take();
}

}  // namespace tenon
