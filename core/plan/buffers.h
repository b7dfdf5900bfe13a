// Buffer assignment by liveness.
#pragma once

#include "core/plan/plan.h"

namespace tenon {

// Gives every workspace value and every kernel's workspace an offset in one arena; values that are not alive at the same time share
// memory. A step's results never share with its operands (the interpreter and kernels may assume so).
void assign_buffers(Plan& plan);

}  // namespace tenon
