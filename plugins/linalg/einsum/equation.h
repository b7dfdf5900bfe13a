// The equation of einsum, in the labels of a contraction.
#pragma once

#include "plugins/linalg/contraction/contraction.h"

namespace tenon::linalg {

// The labels of a letter are its code, those of "..." are counted from the right. An operand's labels may hold one twice: its diagonal.
// Throws on what is not an equation of two operands of these ranks.
Product parse_equation(const plugin::Node& node, std::string_view equation, std::int64_t a_rank, std::int64_t b_rank);

}  // namespace tenon::linalg
