// Which form an operator takes at a target, whether one node of it may, and the carrier's operation. Internal to core/target.
#pragma once

#include "core/target/target.h"

namespace tenon {

struct PreferredForm {
  CarrierForm form;
  bool own = false;  // a profile's row or the operator's own; else the profile's default for everything
};
PreferredForm preferred_form(const OpSchema& schema, const Target& target);
// The operator's full name, all of its attributes.
CarrierForm default_form(const OpSchema& schema, const Target& target);
// "rms_norm", "RMSNorm", "tenon.rms_norm": as Registry::find takes it.
bool row_matches(const OpSchema& schema, std::string_view row);

// The first condition of the form that the node does not meet, as a sentence; empty if it meets all.
std::string unmet_condition(const CarrierForm& form, const tenon_node& node);

// The carrier's attributes, sorted by name, in the types that it asks for. An error is a reason not to use the form: a value that the
// type cannot hold (0.5 as i32, 1e-50 as f32, which would be 0).
Result<Dict> carried_attributes(const CarrierForm& form, const Target& target, const tenon_node& node);

// Code, attributes and discardable attributes of the carrier; operands, results and the decomposition's final name are the caller's.
stablehlo::Op carrier_op(const CarrierForm& form, const Target& target, Dict attributes, const std::string& decomposition);

}  // namespace tenon
