// Operators that only move data, as lists of boxes: what a plan knows of them, before addresses and strides are known. An operator says
// which (pieces(node)) and names Moves<pieces>::kList as its kernels.
#pragma once

#include <vector>

#include "plugins/shape/move/box.h"
#include "plugins/shape/sizes.h"
#include "tenon_simd_levels.h"

namespace tenon::shape {

// One dimension of a box: with each step the source goes on by `from_step` elements of its dimension `from` (and of `from_too`), the target
// by `to_step` of its dimension `to`. -1: not at all.
struct Axis {
  std::int64_t size = 1;
  std::int64_t from = -1, from_step = 1;
  std::int64_t to = -1, to_step = 1;
  std::int64_t from_too = -1;
};

constexpr int kFill = -1;  // as a source: the value of the moves

struct Piece {
  int from = 0, to = 0;  // operand and result
  std::vector<Axis> axes;
  Dims from_start, to_start;  // per dimension of operand and result; empty: 0
  bool flat = false;          // the same elements in row-major order on both sides; no axes
  // Operands from here on say where the box starts, one scalar per dimension, clamped so that it lies inside.
  int from_starts = -1, to_starts = -1;
  bool unless_same = false;  // nothing to do where operand and result are the same memory
};

struct MoveList {
  std::vector<Piece> pieces;  // no two write the same place, but one with unless_same and one that follows it
  unsigned char fill[8] = {};
  std::uint64_t may_alias = 0;
};

// The whole result, each dimension from the operand's dimension of the same number.
Piece whole_of(int from, const Type& from_type, int to);
// A value of the dtype, as the lowering writes it; declines what it cannot.
void set_fill(const Node& node, tenon_dtype dtype, double value, MoveList& moves);

void plan_moves(const Node& node, const tenon_kernel& kernel, tenon_kernel_plan& out, MoveList moves);
std::int32_t run_moves(tenon_call* call, const tenon_kernel* self, const void* state, const tenon_tensor_view* operands,
                       std::size_t operand_count, const tenon_tensor_view* results, std::size_t result_count, void* workspace);
void destroy_moves(void* state);

#define TENON_MOVE_LEVEL(space, level) \
  namespace space {                    \
  extern const MoveTable move_table;   \
  }
TENON_SIMD_FOR_EACH_LEVEL(TENON_MOVE_LEVEL)
#undef TENON_MOVE_LEVEL

// The kernels of an operator that moves these pieces.
template <MoveList (*kPieces)(const Node&)>
struct Moves {
  static void supports(const Node& node, const tenon_kernel&) { (void)kPieces(node); }  // declines a value that it cannot write
  static void plan(const Node& node, const tenon_kernel& kernel, tenon_kernel_plan& out) { plan_moves(node, kernel, out, kPieces(node)); }
#define TENON_MOVE_KERNEL(space, level)                                                    \
  static constexpr tenon_kernel kernel_##space = Kernel("move", level, &space::move_table) \
                                                     .strided()                            \
                                                     .template supports<supports>()        \
                                                     .template plan<plan>()                \
                                                     .run(run_moves)                       \
                                                     .template destroy<destroy_moves>();
  TENON_SIMD_FOR_EACH_LEVEL(TENON_MOVE_KERNEL)
#undef TENON_MOVE_KERNEL
#define TENON_MOVE_ENTRY(space, level) &kernel_##space,
  static constexpr const tenon_kernel* kList[] = {TENON_SIMD_FOR_EACH_LEVEL(TENON_MOVE_ENTRY)};
#undef TENON_MOVE_ENTRY
};

}  // namespace tenon::shape
