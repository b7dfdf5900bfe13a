// Target profiles: the parser, and where they are found.
#include <algorithm>

#include "core/base/files.h"
#include "core/target/builtin_profiles.h"
#include "core/op/carrier_yaml.h"
#include "core/target/target.h"

namespace tenon {
namespace {

using Kind = CarrierForm::Kind;
using yaml::error_at;
using yaml::Reader;

Result<Kind> read_kind(const yaml::Document& document, const yaml::Node& node, const std::string& text, bool with_inline) {
  if (text == "composite") return Kind::Composite;
  if (text == "custom_call") return Kind::CustomCall;
  if (text == "inline" && with_inline) return Kind::Inline;
  return error_at(document, node, cat("unknown form \"", text, "\""))
      .advise(cat("use ", with_inline ? "inline, " : "", "composite or custom_call"));
}

Status read_custom_call(const yaml::Document& document, const yaml::Node& node, Target& target) {
  TENON_ASSIGN(Reader reader, Reader::open(document, node, "custom_call"));
  TENON_ASSIGN(target.config, reader.string_or("config", target.config));
  if (!is_config(target.config))
    return error_at(document, *node.find("config"),
                    cat("config must be dictionary, string, mhlo or discardable, got \"", target.config, "\""));
  TENON_ASSIGN(target.api_version, reader.integer_or("api_version", default_api_version(target.config)));
  if (!api_version_fits(target.config, target.api_version))
    return error_at(document, *node.find("api_version"),
                    cat("api_version ", target.api_version, " and config: ", target.config, " do not go together"))
        .advise("a dictionary goes with api_version 4, everything else with 1");
  return reader.finish();
}

Status read_parameters(const yaml::Document& document, const yaml::Node& node, Target& target) {
  TENON_ASSIGN(Reader reader, Reader::open(document, node, "parameters"));
  TENON_ASSIGN(const std::string style, reader.string("style"));
  if (style == "arguments")
    target.parameters = ParameterStyle::Arguments;
  else if (style == "constants")
    target.parameters = ParameterStyle::Constants;
  else if (style == "globals")
    target.parameters = ParameterStyle::Globals;
  else
    return error_at(document, *node.find("style"), cat("parameters: unknown style \"", style, "\""))
        .advise("use arguments, constants or globals");
  if (const yaml::Node* scope = reader.optional("scope")) {
    if (target.parameters != ParameterStyle::Globals)
      return error_at(document, *scope, "parameters: scope is for style: globals").advise("remove it");
    TENON_ASSIGN(target.scope, yaml::as_string(document, *scope, "scope"));
  }
  return reader.finish();
}

Status read_rows(const yaml::Document& document, const yaml::Node& node, Target& target) {
  if (node.kind != yaml::Kind::Mapping) return error_at(document, node, "operators is a mapping from operator to form");
  for (const yaml::Node::Entry& entry : node.entries) {
    TENON_ASSIGN(CarrierForm form, parse_carrier_form(document, entry.value, target.name));
    if (form.kind != Kind::Inline && std::find(target.carriers.begin(), target.carriers.end(), form.kind) == target.carriers.end())
      return error_at(
                 document, entry.value,
                 cat("operator ", entry.key, ": the target does not take a ", form.kind == Kind::Composite ? "composite" : "custom_call"))
          .advise("list it in carriers if the consumer does");
    target.operators.emplace_back(entry.key, std::move(form));
  }
  return {};
}

}  // namespace

Result<Target> parse_target(std::string text, std::string file) {
  Target target;
  target.yaml = text;
  target.origin = file;
  TENON_ASSIGN(const yaml::Document document, yaml::parse(std::move(text), std::move(file), yaml::kManifestLimits));
  TENON_ASSIGN(Reader reader, Reader::open(document, document.root, "the target profile"));
  TENON_ASSIGN(const std::int64_t schema, reader.integer("schema"));
  if (schema != 1)
    return error_at(document, *document.root.find("schema"), cat("schema ", schema, " is not known"), Code::Incompatible)
        .advise("this library reads schema: 1");
  TENON_ASSIGN(target.name, reader.string("name"));
  if (target.name.empty()) return error_at(document, *document.root.find("name"), "a target needs a name");
  TENON_ASSIGN(target.summary, reader.string_or("summary", ""));
  TENON_ASSIGN(target.forms, reader.string_or("forms", target.name));
  TENON_ASSIGN(const std::vector<std::string> carriers, reader.strings_or_empty("carriers"));
  for (const std::string& carrier : carriers) {
    TENON_ASSIGN(const Kind kind, read_kind(document, *document.root.find("carriers"), carrier, false));
    target.carriers.push_back(kind);
  }
  if (const yaml::Node* node = reader.optional("default")) {
    TENON_ASSIGN(const std::string kind, yaml::as_string(document, *node, "default"));
    TENON_ASSIGN(target.default_form, read_kind(document, *node, kind, true));
    if (target.default_form != Kind::Inline &&
        std::find(target.carriers.begin(), target.carriers.end(), target.default_form) == target.carriers.end())
      return error_at(document, *node, cat("default: ", kind, " is not listed in carriers")).advise(cat("write carriers: [", kind, "]"));
  }
  if (const yaml::Node* node = reader.optional("custom_call")) TENON_TRY(read_custom_call(document, *node, target));
  if (const yaml::Node* node = reader.optional("parameters")) TENON_TRY(read_parameters(document, *node, target));
  TENON_ASSIGN(target.executable, reader.boolean_or("executable", true));
  TENON_ASSIGN(target.comments, reader.strings_or_empty("comments"));
  if (const yaml::Node* node = reader.optional("operators")) TENON_TRY(read_rows(document, *node, target));
  TENON_TRY(reader.finish());
  return target;
}

std::vector<std::string> builtin_target_names() {
  std::vector<std::string> names;
  for (const BuiltinProfile& profile : builtin_profiles()) names.emplace_back(profile.name);
  std::sort(names.begin(), names.end());
  return names;
}

Result<Target> find_target(const std::string& name_or_file) {
  for (const BuiltinProfile& profile : builtin_profiles()) {
    if (profile.name != name_or_file) continue;
    TENON_ASSIGN(Target target, parse_target(std::string(profile.text), cat(profile.name, ".yaml")));
    target.origin = "built in";
    return target;
  }
  if (name_or_file.ends_with(".yaml")) {
    TENON_ASSIGN(std::string text, read_text_file(name_or_file, yaml::kManifestLimits.bytes));
    return parse_target(std::move(text), name_or_file);
  }
  const std::vector<std::string> names = builtin_target_names();
  const std::string nearest = nearest_name(name_or_file, names);
  return fail(Code::NotFound, "unknown target ", name_or_file)
      .advise(nearest.empty() ? cat("use one of: ", join(names, ", "), ", or a profile of your own, FILE.yaml")
                              : cat("did you mean ", nearest, "?"));
}

}  // namespace tenon
