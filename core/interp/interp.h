// The reference interpreter: one small, obviously right function per StableHLO primitive. It is the oracle of every kernel, and what
// runs where no kernel does.
//
// Numerics: +, -, *, / and dot in the element type's own rounding after each operation, as the text says (16-bit and 8-bit floats compute
// in double and round once per operation; dot_general and reduce accumulate in the result's element type, in order); transcendental
// functions in double, rounded once. maximum and minimum let NaN through and order -0 below +0. Start indices are clamped. A reduction of
// nothing is its init value.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/stablehlo/module.h"
#include "core/type/tensor.h"

namespace tenon::interp {

// Memory that an operation needs while it runs (values of regions, index tables, packed operands). It grows to what was needed once and
// is then reused: a second run of the same operation on the same types with the same scratch allocates nothing, whatever the operation
// (also with regions, calls and composites; a loop that runs longer needs no more). Not shared between threads.
class Scratch {
 public:
  Scratch() = default;
  Scratch(Scratch&&) noexcept = default;
  Scratch& operator=(Scratch&&) noexcept = default;
  std::byte* take(std::size_t bytes);  // aligned to 64; valid until the mark is released
  std::size_t mark() const;
  void release(std::size_t mark);

 private:
  struct Block {
    std::unique_ptr<std::byte[]> memory;
    std::size_t size;
  };
  std::vector<Block> blocks_;
  std::size_t block_ = 0, offset_ = 0;
};

struct Captured {
  stablehlo::ValueId id;
  TensorView view;
};

// Runs one operation of a verified module. All types static. operands in order; captured: the outer values that its regions use
// (stablehlo::captures); results: where to write, any strides, overlapping neither operands nor captured values. Data may be unaligned.
// Composites and calls run their function's body. Errors: an external constant (the executor supplies those), a custom call, a shape
// operand that contradicts the static type. Many threads may run operations of one module, each with its own scratch.
Status run_op(const stablehlo::Module& module, const stablehlo::Func& func, const stablehlo::Op& op, std::span<const TensorView> operands,
              std::span<const Captured> captured, std::span<const TensorView> results, Scratch& scratch);

// An error now if run_op could never run this operation (custom_call, a global, dynamic types; also inside its regions and callees), so
// that planning finds it. External constants pass.
Status check_runnable(const stablehlo::Module& module, const stablehlo::Func& func, const stablehlo::Op& op);

// Runs a whole function on fresh memory; inputs must have exactly the function's types. `parameters` gives the value of an External
// constant, a view that stays valid until run returns.
using Parameters = std::function<Result<TensorView>(const std::string& name, const TensorType& type)>;
Result<std::vector<Tensor>> run(const stablehlo::Module& module, std::string_view function, std::span<const TensorView> inputs,
                                const Parameters& parameters = {});

}  // namespace tenon::interp
