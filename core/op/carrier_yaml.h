// How a consumer knows an operator, read from YAML: a row of a profile's `operators`, in the same form as an entry of a manifest's
// `targets`.
//
//   composite: NAME | custom_call: NAME | inline: true
//   version: 1                                     # composite
//   attributes: {TO: {from: OURS | value: FIXED, type: f32, list: dense | array | bracket}}     # left out: all of ours
//   api_version: 4                                 # custom_call; config: dictionary | string | mhlo | discardable
//   when: {rank: 2 | [2, 4], dtypes: [..], absent: [..], present: [..], constant: [..], equals: {axis: -1}}
#pragma once

#include <functional>

#include "core/op/schema.h"
#include "core/yaml/document.h"

namespace tenon {

// What a reader knows beside the text.
struct CarrierReading {
  const OpSchema* schema = nullptr;  // the operator's: names are checked where they stand, `equals` read in the attributes' types
  std::function<Status(yaml::Reader&)> finish;  // in place of Reader::finish, which refuses unknown keys
};

// target: what the form is for, in messages and as CarrierForm::target. Without a schema, names are checked later: check_carrier_form.
Result<CarrierForm> parse_carrier_form(const yaml::Document& document, const yaml::Node& node, std::string target,
                                       const CarrierReading& reading = {});

// Every operand and attribute that the form names is one of the operator's, by its canonical name.
Status check_carrier_form(const OpSchema& schema, const CarrierForm& form);

// "inline", "composite NAME", "custom_call NAME".
std::string form_text(const CarrierForm& form);

// custom_call: which api_version goes with a configuration when none is given, and whether the two agree.
std::int64_t default_api_version(std::string_view config);
bool api_version_fits(std::string_view config, std::int64_t api_version);
bool is_config(std::string_view config);

}  // namespace tenon
