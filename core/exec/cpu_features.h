// One CPU feature by its name in configs/arch.json.
#pragma once

#include <string_view>

namespace tenon {

// True if this CPU has the feature and the operating system saves the registers that it needs (XGETBV). False for unknown names: nothing
// that needs an unknown feature is ever chosen.
bool cpu_has_feature(std::string_view name);

}  // namespace tenon
