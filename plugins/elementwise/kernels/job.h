// What kernel.cpp hands to the tables of the *.simd.cpp files. Plain types only.
//
// A *chunk* is a run of outputs that lie side by side; each operand lies side by side too, or is one element for all of them. The walk in
// kernel.cpp makes chunks of tensors in any layout. A chunk function takes whole chunks of elements in memory. For f32, f16 and bf16 it is
// the driver's, which hands blocks of f32 to a block function: one per function, whatever the dtype. Frequent functions have one for f16
// and one for bf16 too, which saves the way through the first-level cache.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tenon/plugin.h"

namespace tenon::elementwise {

constexpr int kMostOperands = 3;

// The functions that kernels know. What operators make of them, with attributes for operands, is in kernel.h. Those before kFunctions are
// in arithmetic.simd.cpp and have loops for integers and f64 too (plain.simd.cpp).
enum class Fn : uint8_t {
  Add,
  Subtract,
  Multiply,
  Divide,
  Maximum,
  Minimum,
  And,
  Or,
  Xor,
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  Select,
  Clamp,
  Abs,
  Negate,
  Sign,
  Square,
  Cube,
  Not,
  Identity,
  Relu,
  Reciprocal,
  Sqrt,
  Rsqrt,
  Floor,
  Ceil,
  Round,
  IsFinite,
  IsNan,
  IsInf,
  LeakyRelu,
  HardSigmoid,
  HardSwish,
  Softsign,
  Cast,
  kFunctions,
  Exp = kFunctions,
  Expm1,
  Log,
  Log1p,
  Sigmoid,
  Tanh,
  Erf,
  Swish,
  Silu,
  Gelu,
  GeluTanh,
  SiluMul,
  GeluMul,
  GeluTanhMul,
  Softplus,
  Mish,
  Elu,
  Selu,
  Softcap,
  Sin,
  Cos,
  kLibrary,  // from here on: the C library's function, one element after the other
  Tan = kLibrary,
  Asin,
  Acos,
  Atan,
  Sinh,
  Cosh,
  Asinh,
  Acosh,
  Atanh,
  Cbrt,
  Power,
  Remainder,
  Mod,
  Atan2,
  kCount,
};

// Whole units: `units` times 2 * kLanes elements, from each operand `step` bytes apart: a unit, or 0 for one unit of equal elements. All
// are of one type. No alignment, but of `out` to a vector where it is streamed. `out` may be an operand. Of predicates it is the integers 0
// and 1 in the place of f32.
struct Block {
  char* out;
  const char* in[kMostOperands];
  size_t step[kMostOperands];
  size_t units;
  bool stream;
};
using BlockFn = void (*)(const Block&);

struct Chunk {
  char* out;
  const char* in[kMostOperands];
  bool one[kMostOperands];  // one element for all
  size_t count;
  bool stream;  // past the caches
};
struct Job;
using ChunkFn = void (*)(const Job&, const Chunk&);

struct Job {
  ChunkFn chunk;
  BlockFn block;   // for the driver: of f32
  BlockFn direct;  // of `out`, where all operands are that too; null: by way of f32
  int operands;
  tenon_dtype in[kMostOperands];
  tenon_dtype out;
  bool in_order;  // elements of a block must be in the tensors' order: out is another dtype
  void (*widen)(tenon_dtype dtype, const char* from, float* to, size_t count);  // the driver's, for casts
};

// One per level and file. A null stands for what it does not have.
struct BlockTable {
  BlockFn f32[static_cast<int>(Fn::kCount)];
  BlockFn f16[static_cast<int>(Fn::kCount)];  // of what is worth the code
  BlockFn bf16[static_cast<int>(Fn::kCount)];
};
struct DriverTable {
  ChunkFn chunk;  // by job.block
  // f16 and bf16 to f32, in order; writes whole units, of at most 512 elements
  void (*widen)(tenon_dtype dtype, const char* from, float* to, size_t count);
};
struct PlainTable {
  ChunkFn (*find)(Fn fn, tenon_dtype dtype);
};
struct CastTable {
  ChunkFn (*find)(tenon_dtype from, tenon_dtype to);
};
struct Level {
  const BlockTable* arithmetic;
  const BlockTable* functions;
  const DriverTable* driver;
  const PlainTable* plain;
  const CastTable* cast;
};

}  // namespace tenon::elementwise
