// What a consumer accepts: a YAML profile (configs/targets, compiled in, or a user's file) and the pass that applies it to a module.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/lower/lower.h"
#include "core/params/archive.h"

namespace tenon {

enum class ParameterStyle { Arguments, Constants, Globals };

// A profile. Its keys are described in configs/schema/target.schema.json.
struct Target {
  std::string name;
  std::string summary;
  std::string origin;                                          // "built in", or the file
  CarrierForm::Kind default_form = CarrierForm::Kind::Inline;  // for operators without a form of their own here
  std::vector<CarrierForm::Kind> carriers;                     // forms that the consumer takes besides inline
  std::string forms;                                           // the key looked up under an operator's `targets`; default: name
  std::int64_t api_version = 4;                                // custom_call
  std::string config = "dictionary";                           // dictionary | string | mhlo | discardable
  ParameterStyle parameters = ParameterStyle::Arguments;
  std::string scope = "model";  // Globals
  bool tensor_reshape = false;  // dynamic_reshape is written as MLIR's tensor.reshape
  bool executable = true;       // false: a comment in the text says that no compiler executes it
  std::vector<std::string> comments;
  std::vector<std::pair<std::string, CarrierForm>> operators;  // the user's own rows, by operator name; before an operator's own form
  std::string yaml;                                            // the profile's text, as `tenon targets NAME` prints it
};

// Errors carry file:line:column.
Result<Target> parse_target(std::string text, std::string file);
std::vector<std::string> builtin_target_names();  // sorted
// A built-in name, or a path that ends in .yaml.
Result<Target> find_target(const std::string& name_or_file);

// What became of one operator, for explain and for `tenon targets`. An operator inside an inlined one is listed only if it is not
// inlined itself, or if it was meant not to be.
struct CarrierDecision {
  std::string node;    // graph node; empty for nested ones
  std::string op;      // full name
  std::string form;    // "inline", "composite NAME", "custom_call NAME"
  std::string reason;  // why not the target's preferred form; empty if it is
};

struct ApplyOptions {
  const ParamArchive* params = nullptr;  // Constants: required when there are parameters
};
struct Applied {
  stablehlo::Module module;  // verified; printable
  std::vector<CarrierDecision> decisions;
};

// The module for this consumer; `module` is lower_graph's result and stays as it is.
//
// The form of each operator is the profile's own row, else the operator's form under `targets`, else the profile's default. If its
// conditions do not hold, or the operator's lower_as declines, the profile's default form is taken and the decision says why. What is
// inlined is walked in turn, so an operator inside it may be carried; inside a carrier's decomposition everything is inlined.
Result<Applied> apply_target(const stablehlo::Module& module, const Target& target, const Registry& registry,
                             const Environment& environment, const ApplyOptions& options);

// The form that an operator takes at a target by its schema and the profile alone, before any node is seen: for listings.
std::string describe_form(const OpSchema& schema, const Target& target);

}  // namespace tenon
