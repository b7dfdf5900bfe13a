// The operations that a module can hold. Names, attributes, text and type rules stand in the table (op_table.h), nowhere else.
#pragma once

#include <cstdint>

namespace tenon::stablehlo {

// A paragraph per group reads better than a line per operation.
// clang-format off
enum class OpCode : std::uint8_t {
  // Elementwise, unary
  Abs, Cbrt, Ceil, Convert, Cosine, Exponential, ExponentialMinusOne, Floor, IsFinite, Log, LogPlusOne, Logistic, Negate, Not,
  PopulationCount, CountLeadingZeros, RoundNearestAfz, RoundNearestEven, Rsqrt, Sign, Sine, Sqrt, Tan, Tanh, BitcastConvert,
  ReducePrecision, OptimizationBarrier,
  // Elementwise, binary and ternary
  Add, And, Atan2, Divide, Maximum, Minimum, Multiply, Or, Power, Remainder, ShiftLeft, ShiftRightArithmetic, ShiftRightLogical,
  Subtract, Xor, Compare, Select, Clamp,
  // Constants and shape
  Constant, Iota, BroadcastInDim, Concatenate, DynamicSlice, DynamicUpdateSlice, Gather, Pad, Reshape, Reverse, Scatter, Slice,
  Transpose,
  // Contractions, windows, order
  Convolution, DotGeneral, Reduce, ReduceWindow, Sort,
  // Control flow and calls
  Call, Case, Composite, CustomCall, If, While, Return,
  // Dynamic shapes
  DynamicBroadcastInDim, DynamicIota, DynamicReshape, GetDimensionSize, SetDimensionSize,
  // Target iree only: util.global.load for its parameters; tensor.reshape for dynamic_reshape, which it does not take
  GlobalLoad, TensorReshape,
  Count
};
// clang-format on

}  // namespace tenon::stablehlo
