// What an operation sees while it runs. Internal to this folder.
#pragma once

#include "core/interp/interp.h"
#include "core/interp/loops.h"

namespace tenon::interp {

inline constexpr int kMaxDepth = 64;  // calls within calls; modules have no recursion, but an unverified one might

struct Context {
  const stablehlo::Module& module;
  Scratch& scratch;
  const Parameters* parameters = nullptr;  // null: external constants are an error
  int depth = 0;
};

// The values of one function by id; memory of the scratch. Entries are set when their operation has run.
struct Frame {
  const stablehlo::Func& func;
  TensorView* values = nullptr;
};

// One operation to run.
struct Work {
  Context& context;
  const stablehlo::Func& func;
  const stablehlo::Op& op;
  std::span<const TensorView> operands;
  std::span<const TensorView> results;
  Frame* frame = nullptr;  // set if the operation has regions
};

// Gives back what was taken from the scratch in this scope.
class ScratchScope {
 public:
  explicit ScratchScope(Scratch& scratch) : scratch_(scratch), mark_(scratch.mark()) {}
  ~ScratchScope() { scratch_.release(mark_); }
  ScratchScope(const ScratchScope&) = delete;
  ScratchScope& operator=(const ScratchScope&) = delete;

 private:
  Scratch& scratch_;
  std::size_t mark_;
};

// n uninitialised Ts of the scratch, for plain data: assign before reading. (Not constructed one by one: a frame has an entry for every
// value of its function, and most operations touch few.)
template <class T>
T* take(Scratch& scratch, std::size_t n) {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
  return reinterpret_cast<T*>(scratch.take(n * sizeof(T)));
}

Frame make_frame(Context& context, const stablehlo::Func& func);
// Uninitialised compact memory for a value; borrows the type's dims.
TensorView make_value(Context& context, const TensorType& type);

// An error about this operation: "[add] message", with its graph node.
Error op_error(const stablehlo::Op& op, Code code, std::string_view message);

// The dispatch (interp.cpp).
Status run_work(const Work& work);

// Runs the operations of a region (or of a function's body) and copies what it returns to `results`, which must not overlap the
// arguments.
Status run_region(Context& context, Frame& frame, const stablehlo::Region& region, std::span<const TensorView> arguments,
                  std::span<const TensorView> results);
Status run_function(Context& context, const stablehlo::Func& func, std::span<const TensorView> arguments,
                    std::span<const TensorView> results);

// A region on scalars (the body of reduce, scatter, sort), prepared once and run for each element. Regions of elementwise operations
// become a list of loops over one element; others are interpreted. Memory comes from the scratch: use it within one ScratchScope.
class Body {
 public:
  Body(Context& context, Frame& frame, const stablehlo::Region& region);
  std::byte* argument(std::size_t i) const { return arguments_[i].data; }  // write an element of the argument's dtype here
  DType argument_type(std::size_t i) const { return arguments_[i].dtype; }
  Status run();
  const std::byte* result(std::size_t i) const { return results_[i].data; }

 private:
  struct Step {
    Loop loop;
    LoopArgs args;
  };
  bool compile();
  Context& context_;
  Frame& frame_;
  const stablehlo::Region& region_;
  TensorView* arguments_ = nullptr;
  TensorView* results_ = nullptr;
  Step* steps_ = nullptr;  // null: interpret
  std::size_t step_count_ = 0;
};

// The fold loop of a region that is one commutative operation on its two arguments; else null.
Loop find_fold(const stablehlo::Func& func, const stablehlo::Region& region);

}  // namespace tenon::interp
