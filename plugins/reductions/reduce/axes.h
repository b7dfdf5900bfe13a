// What all reductions share: which dimensions they run over.
#pragma once

#include "tenon/plugin.hpp"

namespace tenon::reductions {

// The reduced dimensions, counted from the front, ascending, each once. Attributes: axes, empty_axes. Throws on what does not fit.
plugin::Dims reduced_axes(const plugin::Node& node, const plugin::Type& input);

// The result: reduced dimensions vanish, or with keepdims have size 1.
plugin::Type reduced_type(const plugin::Node& node, const plugin::Type& input, const plugin::Dims& axes);

}  // namespace tenon::reductions
