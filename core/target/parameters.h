// What becomes of parameters at a target. Internal to core/target; both work on @main after the operators have their forms.
#pragma once

#include "core/target/target.h"

namespace tenon {

// One external constant per parameter name, whatever the number of uses. With style: arguments they become arguments of @main after the
// inputs, in order, with {tenon.param = "name"}, used or not.
void hoist_parameters(stablehlo::Func& main, ParameterStyle style);
// Equal tables, such as the angles that many nodes turn by, become one constant: the first.
void share_constants(stablehlo::Func& main);

// The external constants that are left: values from the archive, or util.global and its load, in place.
Status place_parameters(stablehlo::Func& main, stablehlo::Module& out, const Target& target, const ParamArchive* params);

}  // namespace tenon
