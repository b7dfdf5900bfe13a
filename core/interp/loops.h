// Elementwise operations as loops over one run of elements. A loop is found once per operation (or once per region, see region.h) and
// then called per run, so nothing is decided per element. Internal to this folder.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/stablehlo/module.h"

namespace tenon::interp {

// Steps are bytes. `out` may be in[0] (fold loops use that), never another input.
struct LoopArgs {
  std::array<const std::byte*, 3> in{};
  std::array<std::ptrdiff_t, 3> in_step{};
  std::byte* out = nullptr;
  std::ptrdiff_t out_step = 0;
  std::int64_t n = 0;
  std::array<int, 2> parameter{};  // reduce_precision: exponent_bits, mantissa_bits
};
using Loop = void (*)(const LoopArgs&);

// Each returns null where the operation is not defined for the dtype.
Loop unary_loop(stablehlo::OpCode code, DType dtype);   // result: the operand's dtype; is_finite: i1
Loop binary_loop(stablehlo::OpCode code, DType dtype);  // both operands and the result
Loop convert_loop(DType from, DType to);
Loop reduce_precision_loop(DType dtype);
Loop bitcast_loop(DType from, DType to);  // equal bit widths only
Loop compare_loop(std::string_view direction, bool total_order, DType dtype);
Loop select_loop(DType dtype);  // in: predicate, on true, on false
Loop clamp_loop(DType dtype);   // in: min, operand, max

// out[i] = f(out[i], in[0][i]) in place; an out_step of 0 accumulates in order. For add, multiply, maximum, minimum, and, or, xor.
Loop fold_loop(stablehlo::OpCode code, DType dtype);

// The loop of an elementwise operation with its parameters; loop is null if `op` is not elementwise (or a bitcast that changes shape).
struct Elementwise {
  Loop loop = nullptr;
  std::array<int, 2> parameter{};
};
Elementwise find_elementwise(const stablehlo::Func& func, const stablehlo::Op& op);

}  // namespace tenon::interp
