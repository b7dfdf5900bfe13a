// StableHLO's rules for a whole module, in our words: names, scopes, types, regions, calls, composites against their decompositions.
#pragma once

#include "core/stablehlo/module.h"

namespace tenon::stablehlo {

// The first broken rule, with function, operation and graph node in the message. A module that passes is text that XLA, IREE and
// StableHLO's tools accept (as far as they know its operations). External constants pass: print() is what refuses them.
Status verify(const Module& module);

// One operation against the table: counts, attributes, type rule, declared result types.
Status verify_op(const Module& module, const Func& func, const Op& op);

}  // namespace tenon::stablehlo
